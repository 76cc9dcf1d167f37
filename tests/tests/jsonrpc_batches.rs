//! Batches of JSON-RPC requests over TCP.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use rpc_runtime::Server;
use rpc_runtime::jsonrpc::code;
use rpc_tests::{JsonRpcPeer, LIMIT, TestServer, within};
use serde_json::{Value, json};

fn request(method: &str, data: &str, id: impl Into<Value>) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": {"data": data}, "id": id.into()})
}

fn notification(method: &str) -> Value {
    json!({"jsonrpc": "2.0", "method": method})
}

/// What the answers to a batch say, by their ids.
fn results(answer: &Value) -> Vec<(String, Value)> {
    let answers = answer.as_array().unwrap().iter();
    let mut results: Vec<_> = answers
        .map(|answer| {
            let code = &answer["error"]["code"];
            let said = if code.is_null() {
                &answer["result"]["data"]
            } else {
                code
            };
            (answer["id"].to_string(), said.clone())
        })
        .collect();
    results.sort_by_key(|(id, _)| id.clone());
    results
}

#[tokio::test]
async fn a_batch_is_answered_once_with_every_answer_that_it_has() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        let batch = json!([
            request("Probe.Echo", "AAAA", 1),
            notification("Probe.Echo"),
            request("Probe.Hold", "AQ==", "two"),
            7,
            request("Probe.None", "", 3),
            request("Probe.Echo", "wrong!", null()),
            {"jsonrpc": "2.0", "method": "Probe.Echo", "id": {}},
        ]);
        peer.send(serde_json::to_string_pretty(&batch).unwrap())
            .await;
        server.probe.until_running(1).await;
        // The batch holds up nobody else.
        let other = peer.call("Probe.Echo", r#"{"data":"BBBB"}"#).await;
        assert_eq!(other["result"]["data"], "BBBB");
        server.probe.release_all();
        let answer = peer.answer().await;
        let expected = [
            ("\"two\"", json!("AQ==")),
            ("1", json!("AAAA")),
            ("3", json!(code::METHOD_NOT_FOUND)),
            ("null", json!(code::INVALID_REQUEST)),
            ("null", json!(code::INVALID_PARAMS)),
            ("null", json!(code::INVALID_REQUEST)),
        ];
        let mut answered = results(&answer);
        let mut expected = expected.map(|(id, said)| (id.to_owned(), said)).to_vec();
        answered.sort_by_key(|pair| format!("{pair:?}"));
        expected.sort_by_key(|pair| format!("{pair:?}"));
        assert_eq!(answered, expected);
    })
    .await;
}

fn null() -> Value {
    Value::Null
}

#[tokio::test]
async fn calls_of_a_batch_run_at_a_time() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        let batch: Vec<_> = (0..100)
            .map(|id| request("Probe.Hold", "AAAA", id))
            .collect();
        peer.send(Value::from(batch).to_string()).await;
        server.probe.until_running(100).await;
        server.probe.release_all();
        let answer = peer.answer().await;
        assert_eq!(answer.as_array().unwrap().len(), 100);
    })
    .await;
}

#[tokio::test]
async fn a_batch_of_notifications_is_not_answered() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        let batch = json!([notification("Probe.Echo"), notification("Probe.None")]);
        peer.send(batch.to_string()).await;
        let answer = peer.call("Probe.Echo", "{}").await;
        assert_eq!(answer["result"], json!({}));
        assert_eq!(server.probe.counts().finished, 2);
    })
    .await;
}

#[tokio::test]
async fn an_empty_batch_and_one_over_the_limit_are_one_error_and_nothing_of_them_runs() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.max_batch_length(3)).await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        let batch = |length| vec![request("Probe.Echo", "AAAA", 1); length];
        peer.send("[ ]").await;
        assert_eq!(peer.answer().await["error"]["code"], code::INVALID_REQUEST);
        peer.send(Value::from(batch(4)).to_string()).await;
        let answer = peer.answer().await;
        assert_eq!(answer["id"], Value::Null);
        let error = &answer["error"];
        assert_eq!(error["data"]["status"], "RESOURCE_EXHAUSTED");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("4 requests") && message.contains("max_batch_length of 3"),
            "{message}"
        );
        assert_eq!(server.probe.counts().started, 0);
        peer.send(Value::from(batch(3)).to_string()).await;
        assert_eq!(peer.answer().await.as_array().unwrap().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn no_more_calls_of_batches_run_at_a_time_than_max_concurrent_streams() {
    within(LIMIT, async {
        let configure = |server: Server| server.max_concurrent_streams(2);
        let server = TestServer::start_with(configure).await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        let batch = |first: u32| -> Vec<_> {
            let ids = first..first + 3;
            ids.map(|id| request("Probe.Hold", &format!("AAA{id}"), id))
                .collect()
        };
        let batches = [batch(1), batch(4)].map(|batch| Value::from(batch).to_string());
        peer.send(batches.concat()).await;
        server.probe.until_running(2).await;
        server.settle().await;
        assert_eq!(server.probe.counts().started, 2);
        server.probe.release_all();
        for first in [1, 4] {
            let answer = peer.answer().await;
            let ids = results(&answer).into_iter().map(|(id, _)| id);
            let expected = first..first + 3;
            assert!(ids.eq(expected.map(|id: u32| id.to_string())), "{answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_reply_that_does_not_fit_beside_those_that_wait_becomes_an_error() {
    within(LIMIT, async {
        let configure = |server: Server| server.max_queued_replies(100_000);
        let server = TestServer::start_with(configure).await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        let produce = |id| json!({"jsonrpc": "2.0", "method": "Probe.Produce", "params": {"bytes": 30_000}, "id": id});
        // In base64 a reply has 40,000 bytes.
        let batch = json!([produce(1), produce(2), produce(3), produce(4)]);
        peer.send(batch.to_string()).await;
        let answer = peer.answer().await;
        let (small, large): (Vec<_>, Vec<_>) = answer.as_array().unwrap().iter().partition(|answer| answer["result"].is_null());
        assert_eq!((small.len(), large.len()), (2, 2));
        for answer in small {
            let error = &answer["error"];
            assert_eq!(error["data"]["status"], "RESOURCE_EXHAUSTED");
            assert!(error["message"].as_str().unwrap().contains("max_queued_replies"), "{answer}");
        }
        let alone = peer.call("Probe.Produce", r#"{"bytes":30000}"#).await;
        assert!(alone["result"].is_object(), "what was held is given back");
    })
    .await;
}
