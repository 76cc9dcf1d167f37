//! Calls that fail, take too long, or are given up.

use rpc_tests::probe::{Failure, Payload};
use rpc_tests::{Http1Client, LIMIT, within};

use crate::harness::{ECHO, FAIL, HOLD, call, call_body, start, start_with};

#[tokio::test]
async fn a_failure_before_any_reply_stands_among_the_headers() {
    let server = start().await;
    let mut client = Http1Client::connect(&server).await;
    let failure = Failure {
        code: 5,
        message: "no user 100 % ü".to_owned(),
        details: vec![0xff].into(),
    };
    let reply = call(&mut client, FAIL, &["x-tenant: blue"], &failure).await;
    assert_eq!(reply.header("grpc-status"), "5");
    assert_eq!(reply.header("grpc-message"), "no user 100 %25 %C3%BC");
    assert_eq!(reply.header("grpc-status-details-bin"), "/w");
    assert_eq!(reply.header("x-tenant"), "blue", "metadata of the status");
    assert_eq!(reply.header("content-length"), "0");
}

#[tokio::test]
async fn what_there_is_not_is_unimplemented_and_the_connection_goes_on() {
    let server = start().await;
    let mut client = Http1Client::connect(&server).await;
    for (path, says) in [
        ("/probe.Probe/Nothing", "has no method"),
        ("/nothing.Nothing/Echo", "has no service"),
        ("/", "is not of the form"),
    ] {
        let reply = call(&mut client, path, &[], &Payload::default()).await;
        assert_eq!(reply.status(), "12", "{path}: {reply:?}");
        assert!(reply.trailer("grpc-message").contains(says), "{reply:?}");
    }
}

#[tokio::test]
async fn a_call_ends_at_its_deadline() {
    let server = start().await;
    let mut client = Http1Client::connect(&server).await;
    let reply = call(
        &mut client,
        HOLD,
        &["grpc-timeout: 50m"],
        &Payload::default(),
    )
    .await;
    assert_eq!(reply.status(), "4", "{reply:?}");
    within(LIMIT, server.probe.until_running(0)).await;
    let reply = call(
        &mut client,
        ECHO,
        &["grpc-timeout: soon"],
        &Payload::default(),
    )
    .await;
    assert_eq!(reply.status(), "13", "{reply:?}");
}

#[tokio::test]
async fn a_client_that_leaves_cancels_its_call() {
    let server = start().await;
    let mut client = Http1Client::connect(&server).await;
    let headers = ["content-type: application/grpc-web"];
    let body = b"\0\0\0\0\0";
    client.send(&format!("POST {HOLD}"), &headers, body).await;
    within(LIMIT, server.probe.until_running(1)).await;
    drop(client);
    within(LIMIT, server.probe.until_running(0)).await;
}

#[tokio::test]
async fn a_request_over_max_message_size_is_refused() {
    let server = start_with(|server| server.max_message_size(1_000)).await;
    let mut client = Http1Client::connect(&server).await;
    let announced = b"\0\0\0\x03\xe9";
    let reply = call_body(&mut client, ECHO, &[], announced).await;
    assert_eq!(reply.status(), "8", "{reply:?}");
    let message = reply.trailer("grpc-message");
    assert!(message.contains("max_message_size of 1000"), "{message}");
}
