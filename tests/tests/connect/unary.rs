//! Calls with one request and one reply.

use prost::Message;
use rpc_runtime::Protocol;
use rpc_runtime::json::JsonOptions;
use rpc_tests::probe::Payload;

use crate::harness::{Client, start, start_with};

const ECHO: &str = "/probe.Probe/Echo";
const INSPECT: &str = "/probe.Probe/Inspect";
const JSON: &str = "application/json";

#[tokio::test]
async fn json_is_answered_with_json() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let answer = client.post(ECHO, JSON, br#"{"data": "aGk="}"#).await;
    assert_eq!((answer.status, answer.text()), (200, r#"{"data":"aGk="}"#));
    assert_eq!(answer.header("content-type"), Some(JSON));
    // As often as one likes, on the same connection, and in any notation.
    for content_type in ["application/json; charset=utf-8", "Application/JSON"] {
        let answer = client.post(ECHO, content_type, b"{}").await;
        assert_eq!((answer.status, answer.text()), (200, "{}"));
    }
}

#[tokio::test]
async fn protobuf_is_answered_with_protobuf() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let message = Payload {
        data: vec![1, 2].into(),
    };
    let body = message.encode_to_vec();
    let answer = client.post(ECHO, "application/proto", &body).await;
    assert_eq!((answer.status, &answer.body), (200, &body));
    assert_eq!(answer.header("content-type"), Some("application/proto"));
}

#[tokio::test]
async fn headers_are_metadata_both_ways() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let headers = [
        "content-type: application/json",
        "x-tenant: blue",
        "x-trace-bin: AQI",
        "connect-protocol-version: 1",
    ];
    let answer = client.call(&format!("POST {ECHO}"), &headers, b"{}").await;
    assert_eq!(answer.header("x-tenant"), Some("blue"));
    assert_eq!(answer.header("x-trace-bin"), Some("AQI"));
    assert_eq!(answer.header("connect-protocol-version"), None);
    let answer = client
        .call(&format!("POST {INSPECT}"), &headers, b"{}")
        .await;
    let text = answer.text();
    assert!(text.contains(r#""x-tenant":"blue""#), "{text}");
    assert!(text.contains(r#""method":"probe.Probe/Inspect""#), "{text}");
    assert!(!text.contains("connect-"), "{text}");
}

#[tokio::test]
async fn a_timeout_is_the_calls_deadline() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let headers = [
        "content-type: application/json",
        "connect-timeout-ms: 60000",
    ];
    let answer = client
        .call(&format!("POST {INSPECT}"), &headers, b"{}")
        .await;
    let remaining = answer.text().split("\"remainingUs\":\"").nth(1).unwrap();
    let remaining: u64 = remaining.split('"').next().unwrap().parse().unwrap();
    assert!(
        remaining <= 60_000_000 && remaining > 30_000_000,
        "{remaining}"
    );

    let headers = ["content-type: application/json", "connect-timeout-ms: 1"];
    let answer = client.call("POST /probe.Probe/Hold", &headers, b"{}").await;
    assert_eq!(answer.status, 504);
    let error = r#"{"code":"deadline_exceeded","message":"the deadline passed"#;
    assert!(answer.text().starts_with(error), "{}", answer.text());
}

#[tokio::test]
async fn a_call_without_a_timeout_has_the_servers() {
    let server =
        start_with(|server| server.default_timeout(std::time::Duration::from_millis(1))).await;
    let mut client = Client::connect(&server).await;
    let answer = client.post("/probe.Probe/Hold", JSON, b"{}").await;
    assert_eq!(answer.status, 504);
    assert!(
        answer.text().contains("(default_timeout)"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn a_client_that_leaves_cancels_its_call() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let headers = ["content-type: application/json"];
    client.send("POST /probe.Probe/Hold", &headers, b"{}").await;
    server.probe.until_running(1).await;
    drop(client);
    let counts = server.probe.until_running(0).await;
    assert_eq!(counts.dropped, 1);
}

#[tokio::test]
async fn services_have_their_other_names_too() {
    let server = start_with(|server| server.service_as("alias", rpc_tests::TestProbe::new())).await;
    let mut client = Client::connect(&server).await;
    assert_eq!(client.post("/alias/Echo", JSON, b"{}").await.status, 200);
}

#[tokio::test]
async fn the_server_says_how_messages_are_json() {
    let options = JsonOptions::new()
        .ignore_unknown_fields(true)
        .emit_defaults(true);
    let server = start_with(|server| server.json(options)).await;
    let mut client = Client::connect(&server).await;
    let answer = client.post(ECHO, JSON, br#"{"unknown": 1}"#).await;
    assert_eq!((answer.status, answer.text()), (200, r#"{"data":""}"#));
}

#[tokio::test]
async fn a_server_without_the_protocol_does_not_know_its_content_types() {
    let server = start_with(|server| server.without(Protocol::Http)).await;
    let mut client = Client::connect(&server).await;
    assert_eq!(client.post(ECHO, JSON, b"{}").await.status, 415);
}

#[tokio::test]
async fn large_messages_come_back_whole() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let json = format!(r#"{{"data":"{}"}}"#, "abcd".repeat(500_000));
    let answer = client.post(ECHO, JSON, json.as_bytes()).await;
    assert!(answer.status == 200 && answer.text() == json);
}
