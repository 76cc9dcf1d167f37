//! Handlers and callers are told which messages arrived compressed.
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::io::Write;

use flate2::write::GzEncoder;
use rpc_runtime::{Channel, Code, Compression};
use rpc_tests::grpc::testing::{
    BoolValue, Payload, ResponseParameters, SimpleRequest, StreamingInputCallRequest,
    StreamingOutputCallRequest, TestServiceAsyncClientProxy,
};
use rpc_tests::{Http1Client, InteropService, LIMIT, TestServer, within};

const LENGTH: usize = 10_000;

fn payload() -> Option<Payload> {
    Some(Payload {
        body: vec![0; LENGTH].into(),
        ..Payload::default()
    })
}

fn expected(value: bool) -> Option<BoolValue> {
    Some(BoolValue { value })
}

async fn start() -> TestServer {
    let server = TestServer::start_with(|server| {
        let server = server.service(InteropService);
        server.compression([Compression::Gzip])
    });
    server.await
}

async fn client(server: &TestServer) -> TestServiceAsyncClientProxy {
    let channel = Channel::builder(server.address()).compression([Compression::Gzip]);
    TestServiceAsyncClientProxy::with(channel.connect().await.unwrap())
}

#[tokio::test]
async fn the_request_of_a_call() {
    within(LIMIT, async {
        let server = start().await;
        let client = client(&server).await;
        let request = SimpleRequest {
            payload: payload(),
            expect_compressed: expected(true),
            ..SimpleRequest::default()
        };
        client.unary_call(request.clone()).await.unwrap();
        let plain = client.unary_call(request).compression(None).await;
        assert_eq!(plain.unwrap_err().code(), Code::InvalidArgument);
    })
    .await;
}

#[tokio::test]
async fn each_request_of_a_stream() {
    within(LIMIT, async {
        let server = start().await;
        let client = client(&server).await;
        let request = |length: usize, value| StreamingInputCallRequest {
            payload: Some(Payload {
                body: vec![0; length].into(),
                ..Payload::default()
            }),
            expect_compressed: expected(value),
        };
        // What is small is sent as it is.
        let mixed = [
            request(LENGTH, true),
            request(1, false),
            request(LENGTH, true),
        ];
        let reply = client.streaming_input_call(tokio_stream::iter(mixed)).await;
        assert_eq!(
            reply.unwrap().aggregated_payload_size,
            2 * LENGTH as i32 + 1
        );
        let wrong = [request(LENGTH, true), request(1, true)];
        let status = client.streaming_input_call(tokio_stream::iter(wrong)).await;
        assert_eq!(status.unwrap_err().code(), Code::InvalidArgument);
    })
    .await;
}

#[tokio::test]
async fn each_reply_of_a_stream() {
    within(LIMIT, async {
        let server = start().await;
        let client = client(&server).await;
        let wanted = [true, false, true];
        let request = StreamingOutputCallRequest {
            response_parameters: wanted
                .map(|value| ResponseParameters {
                    size: LENGTH as i32,
                    compressed: expected(value),
                    ..ResponseParameters::default()
                })
                .into(),
            ..StreamingOutputCallRequest::default()
        };
        let mut replies = client.streaming_output_call(request).await.unwrap();
        for wanted in wanted {
            replies.message().await.unwrap().unwrap();
            assert_eq!(replies.was_compressed(), wanted);
        }
    })
    .await;
}

#[tokio::test]
async fn the_body_of_a_request_over_http() {
    within(LIMIT, async {
        let server = start().await;
        let mut http = Http1Client::connect(&server).await;
        let post = "POST /grpc.testing.TestService/UnaryCall";
        let json = br#"{"expectCompressed": {"value": true}}"#;
        let plain = http
            .call(post, &["content-type: application/json"], json)
            .await;
        assert_eq!(plain.status, 400, "{}", plain.text());
        let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(json).unwrap();
        let headers = ["content-type: application/json", "content-encoding: gzip"];
        let compressed = http.call(post, &headers, &gzip.finish().unwrap()).await;
        assert_eq!(compressed.status, 200, "{}", compressed.text());
    })
    .await;
}
