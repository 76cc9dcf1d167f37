//! Calls with one request and one reply.

use rpc_runtime::Compression;
use rpc_tests::probe::{Payload, Seen, Size};
use rpc_tests::{Http1Client, envelope};

use crate::harness::{ECHO, call, call_body, request, start, start_with};

fn payload(data: &'static [u8]) -> Payload {
    Payload { data: data.into() }
}

#[tokio::test]
async fn a_call_is_answered_with_the_reply_and_trailers_behind_it() {
    let server = start().await;
    let mut client = Http1Client::connect(&server).await;
    for content_type in [
        "application/grpc-web",
        "application/grpc-web+proto",
        "Application/gRPC-Web; charset=utf-8",
    ] {
        let body = request(&payload(b"hi"));
        let answer = client.post(ECHO, content_type, &body).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some(content_type));
        let expected = b"\0\0\0\0\x04\x0a\x02hi\x80\0\0\0\x10grpc-status: 0\r\n";
        assert_eq!(answer.body, expected);
    }
}

#[tokio::test]
async fn headers_are_metadata_both_ways() {
    let server = start().await;
    let mut client = Http1Client::connect(&server).await;
    let headers = [
        "x-tenant: blue",
        "x-trace-bin: AP8=",
        "x-grpc-web: 1",
        "te: trailers",
    ];
    let reply = call(&mut client, ECHO, &headers, &payload(b"")).await;
    assert_eq!(reply.header("x-tenant"), "blue");
    assert_eq!(reply.header("x-trace-bin"), "AP8");
    assert_eq!(reply.header("te"), "");
    let reply = call(&mut client, "/probe.Probe/Inspect", &headers, &()).await;
    let seen = &reply.messages::<Seen>()[0];
    assert_eq!(seen.metadata["x-tenant"], "blue");
    assert_eq!(seen.remaining_us, 0, "who says nothing waits for ever");
}

#[tokio::test]
async fn large_replies_arrive_whole() {
    let server = start().await;
    let mut client = Http1Client::connect(&server).await;
    let bytes = 3_000_000;
    let reply = call(&mut client, "/probe.Probe/Produce", &[], &Size { bytes }).await;
    assert_eq!(reply.status(), "0");
    assert_eq!(reply.messages::<Payload>()[0].data.len() as u64, bytes);
}

#[tokio::test]
async fn messages_are_compressed_both_ways() {
    let server = start_with(|server| server.compression([Compression::Gzip])).await;
    let mut client = Http1Client::connect(&server).await;
    let accepts = ["grpc-accept-encoding: identity, gzip"];
    let size = Size { bytes: 100_000 };
    let reply = call(&mut client, "/probe.Probe/Produce", &accepts, &size).await;
    assert_eq!(reply.header("grpc-encoding"), "gzip");
    let (flags, compressed) = &reply.envelopes[0];
    assert!(*flags == 1 && compressed.len() < 10_000);

    let body = envelope(1, compressed);
    let sends = ["grpc-encoding: gzip"];
    let reply = call_body(&mut client, ECHO, &sends, &body).await;
    assert_eq!(reply.messages::<Payload>()[0].data.len(), 100_000);
}

#[tokio::test]
async fn an_encoding_that_the_server_does_not_take_is_refused_with_those_it_takes() {
    let server = start_with(|server| server.compression([Compression::Gzip])).await;
    let mut client = Http1Client::connect(&server).await;
    let sends = ["grpc-encoding: zstd"];
    let reply = call(&mut client, ECHO, &sends, &payload(b"")).await;
    assert_eq!(reply.status(), "12");
    assert_eq!(reply.header("grpc-accept-encoding"), "identity,gzip");
    // The connection goes on.
    let reply = call(&mut client, ECHO, &[], &payload(b"")).await;
    assert_eq!(reply.status(), "0");
}
