//! Streams of replies as lines and as server-sent events.

use std::sync::atomic::Ordering;

use rpc_runtime::Code;
use rpc_tests::{LIMIT, TestServer, TestStreams, within};

use crate::harness::{Client, start};

const COUNT: &str = "POST /streams.Streams/Count";
const JSON: &str = "content-type: application/json";

#[tokio::test]
async fn json_is_answered_with_a_line_for_each_reply() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    for accept in [
        "accept: application/x-ndjson",
        "accept: */*",
        "accept: text/event-stream, application/x-ndjson",
        "accept: text/event-stream;q=0",
        "accept: text/event-stream; q=0.0, */*",
    ] {
        let answer = client.call(COUNT, &[JSON, accept], br#"{"upTo": 2}"#).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
        assert_eq!(answer.header("counts"), Some("from one"));
        assert_eq!(answer.text(), "{\"value\":\"1\"}\n{\"value\":\"2\"}\n");
    }
}

#[tokio::test]
async fn an_error_is_the_last_line() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let request = format!(r#"{{"upTo": 1, "code": {}}}"#, Code::Aborted.value());
    let answer = client.call(COUNT, &[JSON], request.as_bytes()).await;
    assert_eq!(
        answer.text(),
        "{\"value\":\"1\"}\n{\"error\":{\"code\":\"aborted\",\"message\":\"counted far enough\"}}\n"
    );
}

#[tokio::test]
async fn who_accepts_events_gets_events_with_an_end() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let accept = "accept: text/event-stream";
    let answer = client.call(COUNT, &[JSON, accept], br#"{"upTo": 2}"#).await;
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert_eq!(
        answer.text(),
        "data: {\"value\":\"1\"}\n\ndata: {\"value\":\"2\"}\n\nevent: end\ndata: {}\n\n"
    );
    let no_lines = "accept: text/event-stream;q=0.5, application/x-ndjson;q=0";
    let answer = client.call(COUNT, &[JSON, no_lines], b"{}").await;
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let request = format!(r#"{{"code": {}}}"#, Code::Aborted.value());
    let answer = client
        .call(COUNT, &[JSON, accept], request.as_bytes())
        .await;
    assert_eq!(
        answer.text(),
        "event: error\ndata: {\"code\":\"aborted\",\"message\":\"counted far enough\"}\n\n"
    );
}

#[tokio::test]
async fn an_error_before_the_stream_has_an_http_status() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    for accept in ["accept: application/x-ndjson", "accept: text/event-stream"] {
        let answer = client
            .call(COUNT, &[JSON, accept], br#"{"upTo": -1}"#)
            .await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn a_client_that_leaves_cancels_its_stream() {
    let service = TestStreams::default();
    let alive = service.alive.clone();
    let server = TestServer::start_with(|server| server.service(service)).await;
    let mut client = Client::connect(&server).await;
    client
        .send(COUNT, &[JSON], br#"{"upTo": 1, "hangs": true}"#)
        .await;
    client.head().await;
    assert_eq!(client.chunk().await.unwrap(), b"{\"value\":\"1\"}\n");
    drop(client);
    let gone = async {
        while alive.load(Ordering::SeqCst) > 0 {
            server.settle().await;
        }
    };
    within(LIMIT, gone).await;
}
