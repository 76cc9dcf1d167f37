//! gRPC's interop cases, with our proxies as the client. Their names are those of gRPC's
//! "interop-test-descriptions.md".
//!
//! The server is our own unless `RPC_INTEROP_SERVER` has the target of another one: see scripts/interop.

use std::env;
use std::time::Duration;

use rpc_runtime::{Channel, ChannelBuilder, Code, Compression, Metadata};
use rpc_tests::grpc::testing::{
    BoolValue, EchoStatus, Empty, Payload, ResponseParameters, SimpleRequest,
    StreamingInputCallRequest, StreamingOutputCallRequest, TestServiceAsyncClientProxy,
    UnimplementedServiceAsyncClientProxy,
};
use rpc_tests::{InteropService, LIMIT, TestServer, channel, within};

/// What large requests and replies have.
const LARGE_REQUEST: usize = 271_828;
const LARGE_REPLY: i32 = 314_159;

/// What the streams of the cases send, and get.
const REQUESTS: [usize; 4] = [27_182, 8, 1_828, 45_904];
const REPLIES: [i32; 4] = [31_415, 9, 2_653, 58_979];

/// A text with everything that has to be escaped.
const SPECIAL: &str =
    "\t\ntest with whitespace\r\nand Unicode BMP \u{263a} and non-BMP \u{1f608}\t\n";

const ECHO_INITIAL: &str = "x-grpc-test-echo-initial";
const ECHO_TRAILING: &str = "x-grpc-test-echo-trailing-bin";

struct Interop {
    target: String,
    client: TestServiceAsyncClientProxy,
    _own: Option<TestServer>,
}

impl Interop {
    async fn start() -> Self {
        Self::start_with(|channel| channel).await
    }

    async fn start_with(configure: impl FnOnce(ChannelBuilder) -> ChannelBuilder) -> Self {
        let (target, own) = match env::var("RPC_INTEROP_SERVER") {
            Ok(target) => (target, None),
            Err(_) => {
                let server = TestServer::start_with(|server| {
                    server
                        .service(InteropService)
                        .compression([Compression::Gzip])
                });
                let server = server.await;
                (format!("grpc://{}", server.socket_addr()), Some(server))
            }
        };
        let channel = configure(Channel::builder(&target)).connect().await;
        Interop {
            target,
            client: TestServiceAsyncClientProxy::with(channel.unwrap()),
            _own: own,
        }
    }
}

fn payload(size: usize) -> Option<Payload> {
    Some(Payload {
        body: vec![0; size].into(),
        ..Payload::default()
    })
}

fn large() -> SimpleRequest {
    SimpleRequest {
        response_size: LARGE_REPLY,
        payload: payload(LARGE_REQUEST),
        ..SimpleRequest::default()
    }
}

fn input(size: usize) -> StreamingInputCallRequest {
    StreamingInputCallRequest {
        payload: payload(size),
        ..StreamingInputCallRequest::default()
    }
}

fn asking_for(sizes: &[i32]) -> StreamingOutputCallRequest {
    let parameters = sizes.iter().map(|size| ResponseParameters {
        size: *size,
        ..ResponseParameters::default()
    });
    StreamingOutputCallRequest {
        response_parameters: parameters.collect(),
        ..StreamingOutputCallRequest::default()
    }
}

#[tokio::test]
async fn empty_unary() {
    let interop = Interop::start().await;
    assert_eq!(interop.client.empty_call(Empty {}).await.unwrap(), Empty {});
}

#[tokio::test]
async fn large_unary() {
    let interop = Interop::start().await;
    let reply = interop.client.unary_call(large()).await.unwrap();
    assert!(reply.payload.unwrap().body == vec![0; LARGE_REPLY as usize]);
}

#[tokio::test]
async fn client_streaming() {
    let interop = Interop::start().await;
    let requests = tokio_stream::iter(REQUESTS.map(input));
    let reply = interop.client.streaming_input_call(requests).await.unwrap();
    assert_eq!(reply.aggregated_payload_size, 74_922);
}

#[tokio::test]
async fn server_streaming() {
    let interop = Interop::start().await;
    let call = interop.client.streaming_output_call(asking_for(&REPLIES));
    let mut replies = call.await.unwrap();
    for size in REPLIES {
        let reply = replies.message().await.unwrap().unwrap();
        assert_eq!(reply.payload.unwrap().body.len(), size as usize);
    }
    assert!(replies.message().await.unwrap().is_none());
}

#[tokio::test]
async fn ping_pong() {
    within(LIMIT, async {
        let interop = Interop::start().await;
        let (sender, requests) = channel(1);
        let mut replies = interop.client.full_duplex_call(requests).await.unwrap();
        for (request, reply) in REQUESTS.into_iter().zip(REPLIES) {
            let mut asking = asking_for(&[reply]);
            asking.payload = payload(request);
            sender.send(asking).await.unwrap();
            let got = replies.message().await.unwrap().unwrap();
            assert_eq!(got.payload.unwrap().body.len(), reply as usize);
        }
        drop(sender);
        assert!(replies.message().await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn empty_stream() {
    let interop = Interop::start().await;
    let call = interop.client.full_duplex_call(tokio_stream::empty());
    let mut replies = call.await.unwrap();
    assert!(replies.message().await.unwrap().is_none());
}

#[tokio::test]
async fn client_compressed_unary() {
    let interop = Interop::start_with(|channel| channel.compression([Compression::Gzip])).await;
    for compression in [Some(Compression::Gzip), None] {
        let call = interop.client.unary_call(large()).compression(compression);
        let reply = call.await.unwrap();
        assert_eq!(reply.payload.unwrap().body.len(), LARGE_REPLY as usize);
    }
}

#[tokio::test]
async fn server_compressed_unary() {
    let interop = Interop::start().await;
    for value in [true, false] {
        let mut request = large();
        request.response_compressed = Some(BoolValue { value });
        let call = interop.client.unary_call(request).with_metadata();
        let reply = call.await.unwrap();
        assert_eq!(reply.was_compressed(), value);
        let payload = reply.into_inner().payload.unwrap();
        assert_eq!(payload.body.len(), LARGE_REPLY as usize);
    }
}

#[tokio::test]
async fn client_compressed_streaming() {
    let interop = Interop::start_with(|channel| channel.compression([Compression::Gzip])).await;
    let requests = tokio_stream::iter([27_182, 45_904].map(input));
    let reply = interop.client.streaming_input_call(requests).await.unwrap();
    assert_eq!(reply.aggregated_payload_size, 73_086);
}

#[tokio::test]
async fn server_compressed_streaming() {
    let interop = Interop::start().await;
    let mut request = asking_for(&[31_415, 92_653]);
    request.response_parameters[0].compressed = Some(BoolValue { value: true });
    request.response_parameters[1].compressed = Some(BoolValue { value: false });
    let mut replies = interop.client.streaming_output_call(request).await.unwrap();
    for (size, compressed) in [(31_415, true), (92_653, false)] {
        let reply = replies.message().await.unwrap().unwrap();
        assert_eq!(replies.was_compressed(), compressed);
        assert_eq!(reply.payload.unwrap().body.len(), size);
    }
}

#[tokio::test]
async fn custom_metadata() {
    let interop = Interop::start().await;
    let mut metadata = Metadata::new();
    let initial = "test_initial_metadata_value";
    metadata.insert(ECHO_INITIAL, initial).unwrap();
    let trailing = [0xab, 0xab, 0xab];
    metadata
        .insert_bin(ECHO_TRAILING, trailing.to_vec())
        .unwrap();

    let call = interop
        .client
        .unary_call(large())
        .metadata(metadata.clone());
    let reply = call.with_metadata().await.unwrap();
    assert_eq!(reply.metadata().get(ECHO_INITIAL), Some(initial));
    assert_eq!(reply.metadata().get_bin(ECHO_TRAILING), Some(&trailing[..]));

    let requests = tokio_stream::iter([asking_for(&[LARGE_REPLY])]);
    let call = interop.client.full_duplex_call(requests);
    let mut replies = call.metadata(metadata).await.unwrap();
    let headers = replies.headers().await.unwrap();
    assert_eq!(headers.get(ECHO_INITIAL), Some(initial));
    while replies.message().await.unwrap().is_some() {}
    let trailers = replies.trailers().unwrap();
    assert_eq!(trailers.get_bin(ECHO_TRAILING), Some(&trailing[..]));
}

#[tokio::test]
async fn status_code_and_message() {
    let interop = Interop::start().await;
    let status = Some(EchoStatus {
        code: 2,
        message: "test status message".to_owned(),
    });
    let unary = SimpleRequest {
        response_status: status.clone(),
        ..SimpleRequest::default()
    };
    let unary = interop.client.unary_call(unary).await.unwrap_err();
    let mut duplex = asking_for(&[]);
    duplex.response_status = status;
    let duplex = tokio_stream::iter([duplex]);
    let mut duplex = interop.client.full_duplex_call(duplex).await.unwrap();
    let duplex = duplex.message().await.unwrap_err();
    for status in [unary, duplex] {
        let (code, message) = (status.code(), status.message());
        assert_eq!((code, message), (Code::Unknown, "test status message"));
    }
}

#[tokio::test]
async fn special_status_message() {
    let interop = Interop::start().await;
    let request = SimpleRequest {
        response_status: Some(EchoStatus {
            code: 2,
            message: SPECIAL.to_owned(),
        }),
        ..SimpleRequest::default()
    };
    let status = interop.client.unary_call(request).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Unknown, SPECIAL));
}

#[tokio::test]
async fn unimplemented_method() {
    let interop = Interop::start().await;
    let status = interop.client.unimplemented_method(Empty {}).await;
    assert_eq!(status.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test]
async fn unimplemented_service() {
    let interop = Interop::start().await;
    let client = UnimplementedServiceAsyncClientProxy::connect(&interop.target).await;
    let status = client.unwrap().unimplemented_call(Empty {}).await;
    assert_eq!(status.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test]
async fn cancel_after_begin() {
    let interop = Interop::start().await;
    let (_held, requests) = channel::<StreamingInputCallRequest>(1);
    drop(interop.client.streaming_input_call(requests).start());
    // The connection lives on.
    interop.client.empty_call(Empty {}).await.unwrap();
}

#[tokio::test]
async fn cancel_after_first_response() {
    let interop = Interop::start().await;
    let (sender, requests) = channel(1);
    let mut replies = interop.client.full_duplex_call(requests).await.unwrap();
    sender.send(asking_for(&[31_415])).await.unwrap();
    replies.message().await.unwrap().unwrap();
    drop(replies);
    interop.client.empty_call(Empty {}).await.unwrap();
}

#[tokio::test]
async fn timeout_on_sleeping_server() {
    within(LIMIT, async {
        let interop = Interop::start().await;
        let (sender, requests) = channel(1);
        let call = interop.client.full_duplex_call(requests);
        let mut replies = call.timeout(Duration::from_millis(1)).await.unwrap();
        // It may have ended before.
        let _ = sender.send(asking_for(&[])).await;
        let status = replies.message().await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
    })
    .await;
}
