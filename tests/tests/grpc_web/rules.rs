//! What is said to who breaks a rule.

use rpc_runtime::Protocol;
use rpc_tests::{Http1Client, LIMIT, within};

use crate::harness::{ECHO, WEB, call_body, start, start_with};

#[tokio::test]
async fn malformed_requests_are_errors() {
    let server = start().await;
    for (body, code) in [
        // No message, and two.
        (&b""[..], "12"),
        (b"\0\0\0\0\0\0\0\0\0\0", "12"),
        // Cut off.
        (b"\0\0", "13"),
        (b"\0\0\0\0\x05ab", "13"),
        // Only responses have trailers.
        (b"\x80\0\0\0\0", "13"),
        // Compressed, nobody knows how.
        (b"\x01\0\0\0\x01a", "13"),
        // No protobuf.
        (b"\0\0\0\0\x01\xff", "3"),
    ] {
        let mut client = Http1Client::connect(&server).await;
        let reply = within(LIMIT, call_body(&mut client, ECHO, &[], body)).await;
        assert_eq!(reply.status(), code, "{body:?}: {reply:?}");
    }
}

#[tokio::test]
async fn methods_are_called_with_post() {
    let server = start().await;
    let mut client = Http1Client::connect(&server).await;
    let content_type = format!("content-type: {WEB}");
    for method in ["GET", "PUT"] {
        let answer = client
            .call(&format!("{method} {ECHO}"), &[&content_type], b"")
            .await;
        assert_eq!(answer.status, 405);
        assert_eq!(answer.header("allow"), Some("POST"));
        assert!(answer.text().contains("POST"), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_server_without_grpc_web_answers_none_and_grpc_still() {
    let server = start_with(|server| server.without(Protocol::GrpcWeb)).await;
    let mut client = Http1Client::connect(&server).await;
    let body = b"\0\0\0\0\0";
    let answer = client.post(ECHO, WEB, body).await;
    assert_eq!(answer.status, 415);
    let answer = client.post(ECHO, "application/grpc", body).await;
    assert_eq!(answer.status, 505, "gRPC is told what it takes");

    let server = start_with(|server| server.without(Protocol::Grpc)).await;
    let mut client = Http1Client::connect(&server).await;
    assert_eq!(client.post(ECHO, WEB, body).await.status, 200);
    let answer = client.post(ECHO, "application/grpc", body).await;
    assert_eq!(answer.status, 415);
}

#[tokio::test]
async fn a_client_that_stops_within_a_group_of_characters_is_not_waited_for() {
    let timeout = std::time::Duration::from_millis(50);
    let server = start_with(|server| server.frame_timeout(timeout)).await;
    let mut client = Http1Client::connect(&server).await;
    let headers = [
        "content-type: application/grpc-web-text",
        "transfer-encoding: chunked",
    ];
    let mut sent = rpc_tests::request_head("POST /streams.Streams/Chat", &headers);
    sent.extend(b"1\r\nA\r\n");
    client.send_raw(&sent).await;
    let head = within(LIMIT, client.head()).await;
    assert_eq!(head.status, 200);
    let answered = within(LIMIT, client.chunk()).await.unwrap();
    let text = crate::harness::from_text(&answered);
    assert!(String::from_utf8_lossy(&text).contains("frame_timeout"));
}
