//! gRPC's interop cases, with tonic as the client. Their names are those of gRPC's "interop-test-descriptions.md".

use std::time::Duration;

use prost::Message;
use rpc_runtime::Compression;
use rpc_tests::{InteropService, LIMIT, TestServer, channel, envelopes, within};
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request};

use crate::harness::{RawGrpc, connect};
use crate::protos::testing::test_service_client::TestServiceClient;
use crate::protos::testing::unimplemented_service_client::UnimplementedServiceClient;
use crate::protos::testing::{
    BoolValue, EchoStatus, Empty, Payload, ResponseParameters, SimpleRequest,
    StreamingInputCallRequest, StreamingOutputCallRequest,
};

/// What large requests and replies have.
const LARGE_REQUEST: usize = 271_828;
const LARGE_REPLY: i32 = 314_159;

/// What the streams of the cases send, and get.
const REQUESTS: [usize; 4] = [27_182, 8, 1_828, 45_904];
const REPLIES: [i32; 4] = [31_415, 9, 2_653, 58_979];

/// A text with everything that has to be escaped.
const SPECIAL: &str =
    "\t\ntest with whitespace\r\nand Unicode BMP \u{263a} and non-BMP \u{1f608}\t\n";

struct Interop {
    server: TestServer,
    channel: Channel,
    client: TestServiceClient<Channel>,
}

async fn start() -> Interop {
    let server = TestServer::start_with(|server| {
        server
            .service(InteropService)
            .compression([Compression::Gzip])
    });
    let server = server.await;
    let channel = connect(&server).await;
    Interop {
        client: TestServiceClient::new(channel.clone()),
        channel,
        server,
    }
}

impl Interop {
    /// The flags of the replies of a method, to a client that takes gzip: 1 is "compressed".
    async fn reply_flags(&self, path: &str, request: impl Message) -> Vec<u8> {
        let raw = RawGrpc::connect(&self.server).await;
        let takes_gzip = [("grpc-accept-encoding", "gzip")];
        let reply = raw.call(path, &takes_gzip, &request.encode_to_vec()).await;
        let replies = envelopes(&reply.body);
        replies.into_iter().map(|(flags, _)| flags).collect()
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
    let mut interop = start().await;
    let reply = interop.client.empty_call(Empty {}).await.unwrap();
    assert_eq!(reply.into_inner(), Empty {});
}

#[tokio::test]
async fn large_unary() {
    let mut interop = start().await;
    let reply = interop.client.unary_call(large()).await.unwrap();
    let body = reply.into_inner().payload.unwrap().body;
    assert!(body == vec![0; LARGE_REPLY as usize]);
}

#[tokio::test]
async fn client_streaming() {
    let requests = REQUESTS.map(|size| StreamingInputCallRequest {
        payload: payload(size),
        ..StreamingInputCallRequest::default()
    });
    let requests = tokio_stream::iter(requests);
    let interop = start().await;
    let mut client = interop.client.clone();
    let reply = client.streaming_input_call(requests).await.unwrap();
    assert_eq!(reply.into_inner().aggregated_payload_size, 74_922);
}

#[tokio::test]
async fn server_streaming() {
    let interop = start().await;
    let mut client = interop.client.clone();
    let replies = client.streaming_output_call(asking_for(&REPLIES)).await;
    let mut replies = replies.unwrap().into_inner();
    for size in REPLIES {
        let reply = replies.message().await.unwrap().unwrap();
        assert_eq!(reply.payload.unwrap().body.len(), size as usize);
    }
    assert!(replies.message().await.unwrap().is_none());
}

#[tokio::test]
async fn ping_pong() {
    let interop = start().await;
    let mut client = interop.client.clone();
    let (sender, requests) = channel(1);
    let mut replies = client
        .full_duplex_call(requests)
        .await
        .unwrap()
        .into_inner();
    for (request, reply) in REQUESTS.into_iter().zip(REPLIES) {
        let mut asking = asking_for(&[reply]);
        asking.payload = payload(request);
        sender.send(asking).await.unwrap();
        let got = within(LIMIT, replies.message()).await.unwrap().unwrap();
        assert_eq!(got.payload.unwrap().body.len(), reply as usize);
    }
    drop(sender);
    assert!(replies.message().await.unwrap().is_none());
}

#[tokio::test]
async fn empty_stream() {
    let interop = start().await;
    let mut client = interop.client.clone();
    let replies = client.full_duplex_call(tokio_stream::empty()).await;
    assert!(
        replies
            .unwrap()
            .into_inner()
            .message()
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn half_duplex() {
    let interop = start().await;
    let mut client = interop.client.clone();
    let requests = tokio_stream::iter(REPLIES.map(|size| asking_for(&[size])));
    let replies = client.half_duplex_call(requests).await.unwrap();
    let mut replies = replies.into_inner();
    for size in REPLIES {
        let reply = replies.message().await.unwrap().unwrap();
        assert_eq!(reply.payload.unwrap().body.len(), size as usize);
    }
}

#[tokio::test]
async fn client_compressed_unary() {
    let interop = start().await;
    let mut plain = interop.client.clone();
    let mut compressing = plain.clone().send_compressed(CompressionEncoding::Gzip);
    let request = |value| SimpleRequest {
        expect_compressed: Some(BoolValue { value }),
        ..large()
    };
    let probe = plain.unary_call(request(true)).await.unwrap_err();
    assert_eq!(probe.code(), tonic::Code::InvalidArgument, "{probe}");
    for reply in [
        compressing.unary_call(request(true)).await,
        plain.unary_call(request(false)).await,
    ] {
        let payload = reply.unwrap().into_inner().payload.unwrap();
        assert_eq!(payload.body.len(), LARGE_REPLY as usize);
    }
}

#[tokio::test]
async fn server_compressed_unary() {
    let interop = start().await;
    let mut client = interop
        .client
        .clone()
        .accept_compressed(CompressionEncoding::Gzip);
    for value in [true, false] {
        let mut request = large();
        request.response_compressed = Some(BoolValue { value });
        let path = "/grpc.testing.TestService/UnaryCall";
        let flags = interop.reply_flags(path, request.clone()).await;
        assert_eq!(flags, [u8::from(value)]);
        let reply = client.unary_call(request).await.unwrap().into_inner();
        assert_eq!(reply.payload.unwrap().body.len(), LARGE_REPLY as usize);
    }
}

#[tokio::test]
async fn client_compressed_streaming() {
    let interop = start().await;
    let mut plain = interop.client.clone();
    let mut compressing = plain.clone().send_compressed(CompressionEncoding::Gzip);
    let requests = || {
        let requests = [27_182, 45_904].map(|size| StreamingInputCallRequest {
            payload: payload(size),
            expect_compressed: Some(BoolValue { value: true }),
        });
        tokio_stream::iter(requests)
    };
    let probe = plain.streaming_input_call(requests()).await.unwrap_err();
    assert_eq!(probe.code(), tonic::Code::InvalidArgument, "{probe}");
    let reply = compressing.streaming_input_call(requests()).await.unwrap();
    assert_eq!(reply.into_inner().aggregated_payload_size, 73_086);
}

#[tokio::test]
async fn server_compressed_streaming() {
    let interop = start().await;
    let mut client = interop
        .client
        .clone()
        .accept_compressed(CompressionEncoding::Gzip);
    let mut request = asking_for(&[31_415, 92_653]);
    for (parameter, value) in request.response_parameters.iter_mut().zip([true, false]) {
        parameter.compressed = Some(BoolValue { value });
    }
    let path = "/grpc.testing.TestService/StreamingOutputCall";
    assert_eq!(interop.reply_flags(path, request.clone()).await, [1, 0]);
    let replies = client.streaming_output_call(request).await;
    let mut replies = replies.unwrap().into_inner();
    for size in [31_415, 92_653] {
        let reply = replies.message().await.unwrap().unwrap();
        assert_eq!(reply.payload.unwrap().body.len(), size);
    }
}

#[tokio::test]
async fn custom_metadata() {
    let interop = start().await;
    let mut client = interop.client.clone();
    let value = MetadataValue::from_bytes(&[0xab, 0xab, 0xab]);
    fn with_metadata<T>(
        mut request: Request<T>,
        value: &MetadataValue<tonic::metadata::Binary>,
    ) -> Request<T> {
        let metadata = request.metadata_mut();
        let initial = "test_initial_metadata_value".parse().unwrap();
        metadata.insert("x-grpc-test-echo-initial", initial);
        metadata.insert_bin("x-grpc-test-echo-trailing-bin", value.clone());
        request
    }
    // tonic joins both metadata of a unary call.
    let unary = with_metadata(Request::new(large()), &value);
    let unary = client.unary_call(unary).await.unwrap();
    let metadata = unary.metadata();
    assert_eq!(
        metadata.get("x-grpc-test-echo-initial").unwrap(),
        "test_initial_metadata_value"
    );
    assert_eq!(
        metadata.get_bin("x-grpc-test-echo-trailing-bin").unwrap(),
        value
    );

    let requests = tokio_stream::iter([asking_for(&[LARGE_REPLY])]);
    let duplex = with_metadata(Request::new(requests), &value);
    let duplex = client.full_duplex_call(duplex).await.unwrap();
    let initial = duplex.metadata().get("x-grpc-test-echo-initial").unwrap();
    assert_eq!(initial, "test_initial_metadata_value");
    assert!(
        duplex
            .metadata()
            .get_bin("x-grpc-test-echo-trailing-bin")
            .is_none()
    );
    let mut duplex = duplex.into_inner();
    while duplex.message().await.unwrap().is_some() {}
    let trailers = duplex.trailers().await.unwrap().unwrap();
    assert_eq!(
        trailers.get_bin("x-grpc-test-echo-trailing-bin").unwrap(),
        value
    );
}

#[tokio::test]
async fn status_code_and_message() {
    let interop = start().await;
    let mut client = interop.client.clone();
    let status = Some(EchoStatus {
        code: 2,
        message: "test status message".to_owned(),
    });
    let mut unary = large();
    unary.response_status.clone_from(&status);
    let unary = client.unary_call(unary).await.unwrap_err();
    let mut duplex = asking_for(&[]);
    duplex.response_status = status;
    let duplex = client.full_duplex_call(tokio_stream::iter([duplex])).await;
    let duplex = duplex.unwrap().into_inner().message().await.unwrap_err();
    for status in [unary, duplex] {
        assert_eq!(
            (status.code(), status.message()),
            (Code::Unknown, "test status message")
        );
    }
}

#[tokio::test]
async fn special_status_message() {
    let interop = start().await;
    let mut client = interop.client.clone();
    let request = SimpleRequest {
        response_status: Some(EchoStatus {
            code: 2,
            message: SPECIAL.to_owned(),
        }),
        ..SimpleRequest::default()
    };
    let status = client.unary_call(request).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Unknown, SPECIAL));
}

#[tokio::test]
async fn unimplemented_method() {
    let mut interop = start().await;
    let status = interop.client.unimplemented_method(Empty {}).await;
    assert_eq!(status.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test]
async fn unimplemented_service() {
    let interop = start().await;
    let mut client = UnimplementedServiceClient::new(interop.channel.clone());
    let status = client.unimplemented_call(Empty {}).await;
    assert_eq!(status.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test]
async fn cancel_after_begin() {
    let interop = start().await;
    let (_held, requests) = channel::<StreamingInputCallRequest>(1);
    let mut client = interop.client.clone();
    let call = tokio::spawn(async move { client.streaming_input_call(requests).await });
    tokio::task::yield_now().await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    interop.client.clone().empty_call(Empty {}).await.unwrap();
}

#[tokio::test]
async fn cancel_after_first_response() {
    let mut interop = start().await;
    let (sender, requests) = channel(1);
    let replies = interop.client.full_duplex_call(requests).await;
    let mut replies = replies.unwrap().into_inner();
    sender.send(asking_for(&[31_415])).await.unwrap();
    replies.message().await.unwrap().unwrap();
    drop(replies);
    // The connection lives on.
    interop.client.empty_call(Empty {}).await.unwrap();
}

#[tokio::test]
async fn timeout_on_sleeping_server() {
    let interop = start().await;
    let mut client = interop.client.clone();
    let mut request = asking_for(&[31_415]);
    request.payload = payload(27_182);
    request.response_parameters[0].interval_us = i32::MAX;
    let mut request = Request::new(tokio_stream::iter([request]));
    request.set_timeout(Duration::from_millis(1));
    let call = async {
        let mut replies = client.full_duplex_call(request).await?.into_inner();
        replies.message().await
    };
    let status = within(LIMIT, call).await.unwrap_err();
    // Its own timer tells tonic CANCELLED, the server DEADLINE_EXCEEDED.
    assert!(
        matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled),
        "{status}"
    );
}
