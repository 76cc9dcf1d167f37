//! Handlers and callers are told which messages arrived compressed.
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::io::Write;

use flate2::write::GzEncoder;
use rpc_runtime::middleware::{Body, Next, Request};
use rpc_runtime::{Channel, ChannelBuilder, Code, Compression, Hedge};
use rpc_tests::grpc::testing::{
    BoolValue, Payload, ResponseParameters, SimpleRequest, SimpleResponse,
    StreamingInputCallRequest, StreamingOutputCallRequest, TestServiceAsyncClientProxy,
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

/// The targets whose protocols compress replies.
fn targets(server: &TestServer) -> [String; 2] {
    [server.address(), over("grpc", server)]
}

/// The server as a target of another protocol.
fn over(scheme: &str, server: &TestServer) -> String {
    format!("{scheme}://{}", server.socket_addr())
}

async fn client(server: &TestServer) -> TestServiceAsyncClientProxy {
    let channel = Channel::builder(server.address()).compression([Compression::Gzip]);
    connect(channel).await
}

async fn connect(channel: ChannelBuilder) -> TestServiceAsyncClientProxy {
    TestServiceAsyncClientProxy::with(channel.connect().await.unwrap())
}

/// Asks for a reply that is, or is not, compressed.
fn asking_for(value: bool) -> SimpleRequest {
    SimpleRequest {
        response_size: LENGTH as i32,
        response_compressed: expected(value),
        ..SimpleRequest::default()
    }
}

fn reply() -> SimpleResponse {
    SimpleResponse { payload: payload() }
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
async fn the_reply_of_a_call() {
    within(LIMIT, async {
        let server = start().await;
        for target in targets(&server) {
            let client = connect(Channel::builder(&target)).await;
            for wanted in [true, false] {
                let call = client.unary_call(asking_for(wanted));
                let got = call.with_metadata().await.unwrap();
                assert_eq!(got.was_compressed(), wanted, "{target}");
                assert_eq!(got.into_inner(), reply(), "{target}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_reply_of_a_hedged_call() {
    within(LIMIT, async {
        let server = start().await;
        for target in targets(&server) {
            let client = connect(Channel::builder(&target)).await;
            let call = client.unary_call(asking_for(true));
            let call = call.hedge(Hedge::after(LIMIT)).idempotent(true);
            let got = call.with_metadata().await.unwrap();
            assert!(got.was_compressed(), "{target}");
            assert_eq!(got.into_inner(), reply(), "{target}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_reply_that_an_interceptor_looks_at_or_changes_but_none_that_it_makes() {
    within(LIMIT, async {
        let server = start().await;
        for target in targets(&server) {
            for wanted in [true, false] {
                let channel = Channel::builder(&target);
                let client = connect(channel.intercept(async |request: Request, next: Next| {
                    let response = next.run(request).await?;
                    assert_eq!(response.message::<SimpleResponse>()?, reply());
                    Ok(response.map_body(|body| body.map(Ok)))
                }));
                let call = client.await.unary_call(asking_for(wanted));
                let got = call.with_metadata().await.unwrap();
                assert_eq!(got.was_compressed(), wanted, "{target}");
                assert_eq!(got.into_inner(), reply(), "{target}");
            }
            let channel = Channel::builder(&target);
            let client = connect(channel.intercept(async |request: Request, next: Next| {
                let response = next.run(request).await?;
                Ok(response.map_body(|_| Body::message("")))
            }));
            let call = client.await.unary_call(asking_for(true));
            let got = call.with_metadata().await.unwrap();
            assert!(!got.was_compressed(), "{target}");
        }
    })
    .await;
}

#[tokio::test]
async fn no_reply_over_json_rpc() {
    within(LIMIT, async {
        let server = start().await;
        for scheme in ["jsonrpc", "jsonrpc+http"] {
            let client = connect(Channel::builder(over(scheme, &server))).await;
            let call = client.unary_call(asking_for(true));
            let got = call.with_metadata().await.unwrap();
            assert!(!got.was_compressed());
            assert_eq!(got.into_inner(), reply());
        }
    })
    .await;
}

#[tokio::test]
async fn each_reply_of_a_stream() {
    within(LIMIT, async {
        let server = start().await;
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
        for target in targets(&server) {
            let client = connect(Channel::builder(&target)).await;
            let call = client.streaming_output_call(request.clone());
            let mut replies = call.await.unwrap();
            for wanted in wanted {
                let got = replies.message().await.unwrap().unwrap();
                assert_eq!(replies.was_compressed(), wanted, "{target}");
                assert_eq!(got.payload, payload(), "{target}");
            }
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
