//! Attackers who make much of one request: batches.

use rpc_tests::JsonRpcPeer;
use serde_json::Value;

use crate::harness::{body, http2, post, survives};

const JSON: &str = "application/json";

const HOLD: &str = r#"{"jsonrpc":"2.0","method":"Probe.Hold","id":1}"#;

/// A call whose reply has so many bytes before base64.
fn produce(bytes: usize) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"Probe.Produce","params":{{"bytes":{bytes}}},"id":1}}"#)
}

fn batch(requests: &[&str]) -> String {
    format!("[{}]", requests.join(","))
}

#[tokio::test]
async fn all_batches_of_a_connection_over_http_together_run_as_many_calls_as_it_may_have() {
    survives(
        |server| server.max_concurrent_streams(4),
        async |server| {
            let before = server.probe.counts().running();
            let client = http2(server.socket_addr()).await;
            let batches: Vec<_> = (0..3)
                .map(|_| {
                    let client = client.clone();
                    let request = batch(&[HOLD; 5]);
                    tokio::spawn(async move { body(post(&client, "/", JSON, request).await).await })
                })
                .collect();
            server.probe.until_running(before + 4).await;
            for _ in 0..10 {
                server.settle().await;
            }
            assert_eq!(server.probe.counts().running(), before + 4);
            server.probe.release_all();
            for batch in batches {
                let answers: Value = serde_json::from_slice(&batch.await.unwrap()).unwrap();
                assert_eq!(answers.as_array().unwrap().len(), 5);
            }
        },
    )
    .await;
}

#[tokio::test]
async fn answers_over_http_that_the_client_does_not_read_have_a_limit() {
    survives(
        |server| server.max_queued_replies(1_000_000),
        async |server| {
            let client = http2(server.socket_addr()).await;
            let mut kept = Vec::new();
            for request in [
                produce(600_000),
                produce(600_000),
                batch(&[&produce(600_000)]),
            ] {
                kept.push(post(&client, "/", JSON, request).await);
            }
            let refused = kept.split_off(1);
            for response in refused {
                let answer = String::from_utf8(body(response).await).unwrap();
                assert!(answer.contains("max_queued_replies"), "{answer}");
            }
            // As soon as it is read there is room again.
            assert!(body(kept.remove(0)).await.len() > 800_000);
            let response = post(&client, "/", JSON, batch(&[&produce(600_000)])).await;
            assert!(body(response).await.len() > 800_000);
        },
    )
    .await;
}

#[tokio::test]
async fn no_batch_begins_beside_those_whose_answers_wait_in_large_numbers() {
    const BATCHES: usize = 100;
    survives(
        |server| {
            server
                .max_queued_replies(100_000)
                .max_concurrent_streams(50)
        },
        async |server| {
            let (small, before) = (produce(5_000), server.probe.counts().started);
            let one = batch(&[HOLD, &small, &small, &small, &small]);
            let mut attacker = JsonRpcPeer::connect(server.socket_addr()).await;
            attacker.send(one.repeat(BATCHES)).await;
            for _ in 0..20 {
                server.settle().await;
            }
            let made = server.probe.counts().started - before;
            // As many as run at a time were begun before the first of them had ended.
            assert!(
                made <= 50,
                "{made} calls were begun, though nothing can be answered"
            );
            server.probe.release_all();
            for _ in 0..BATCHES {
                let answers = attacker.answer().await;
                assert_eq!(answers.as_array().unwrap().len(), 5);
            }
        },
    )
    .await;
}
