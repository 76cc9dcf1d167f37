//! How connections of JSON-RPC clients live and end: limits, garbage, a client that goes, a shutdown. What
//! one client does costs its own connection at most.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::time::Duration;

use rpc_runtime::Server;
use rpc_runtime::jsonrpc::code;
use rpc_tests::{JsonRpcPeer, LIMIT, TestServer, within};
use serde_json::{Value, json};

/// What ends a connection is answered with one error and the end.
async fn ends_with_an_error(mut peer: JsonRpcPeer) -> Value {
    let answer = peer.answer().await;
    assert_eq!(answer["id"], Value::Null, "{answer}");
    assert_eq!(peer.rest().await, "");
    answer["error"].clone()
}

#[tokio::test]
async fn a_text_whose_end_nobody_can_tell_ends_the_connection_and_one_that_is_only_wrong_does_not()
{
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut bystander = JsonRpcPeer::connect(server.socket_addr()).await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        for text in [&b"{\"a\" 1}"[..], b"{,}", b"[1 2]", b"{\"\xff\":1}"] {
            peer.send(text).await;
            assert_eq!(peer.answer().await["error"]["code"], code::PARSE_ERROR);
        }
        peer.call("Probe.Echo", "{}").await;
        for garbage in ["ping\n", "{} ping", "[}", "{\"a\n", "]"] {
            let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
            peer.send(r#"{"jsonrpc":"2.0","method":"Probe.Echo","id":1}"#)
                .await;
            assert_eq!(peer.answer().await["id"], 1);
            peer.send(garbage).await;
            if garbage.starts_with("{}") {
                assert_eq!(peer.answer().await["error"]["code"], code::INVALID_REQUEST);
            }
            assert_eq!(ends_with_an_error(peer).await["code"], code::PARSE_ERROR);
        }
        bystander.call("Probe.Echo", "{}").await;
    })
    .await;
}

#[tokio::test]
async fn calls_that_run_are_answered_when_garbage_comes_behind_them() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        peer.request("Probe.Hold", "{}", "1").await;
        server.probe.until_running(1).await;
        peer.send("garbage").await;
        assert_eq!(peer.answer().await["error"]["code"], code::PARSE_ERROR);
        server.probe.release_all();
        assert_eq!(peer.answer().await["id"], 1);
        assert_eq!(peer.rest().await, "");
    })
    .await;
}

#[tokio::test]
async fn endless_json_ends_at_max_message_size() {
    within(LIMIT, async {
        let configure = |server: Server| server.max_message_size(10_000);
        let server = TestServer::start_with(configure).await;
        for beginning in ["{\"a\":\"", "[1,", "{\"a\":[{\"b\":"] {
            let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
            peer.send(beginning).await;
            peer.send("1,".repeat(5_000)).await;
            let error = ends_with_an_error(peer).await;
            assert_eq!(error["data"]["status"], "RESOURCE_EXHAUSTED");
            let message = error["message"].as_str().unwrap();
            assert!(
                message.contains("max_message_size of 10000 bytes"),
                "{message}"
            );
        }
        // Whoever does not stop is not read for ever.
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        while peer.try_send("[1,".repeat(5_000)).await {}
        let mut bystander = JsonRpcPeer::connect(server.socket_addr()).await;
        bystander.call("Probe.Echo", "{}").await;
    })
    .await;
}

#[tokio::test]
async fn deep_nesting_costs_the_connection_and_no_stack() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        for bracket in ["[", "{\"a\":", "[{\"a\":"] {
            let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
            peer.send(bracket.repeat(150)).await;
            let error = ends_with_an_error(peer).await;
            assert_eq!(error["code"], code::PARSE_ERROR);
            assert!(
                error["message"].as_str().unwrap().contains("128"),
                "{error}"
            );
        }
        // As deep as may be, and deeper than messages are: an answer, and no more.
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        let params = ["{\"a\":".repeat(126), "1".to_owned(), "}".repeat(126)].concat();
        let answer = peer.call("Probe.Echo", &params).await;
        assert!(answer["error"].is_object(), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn a_request_that_does_not_go_on_ends_the_connection_after_frame_timeout() {
    within(LIMIT, async {
        let timeout = Duration::from_millis(50);
        let server = TestServer::start_with(|server: Server| server.frame_timeout(timeout)).await;
        let mut slow = JsonRpcPeer::connect(server.socket_addr()).await;
        slow.send("{\"jsonrpc\":").await;
        let mut slower = JsonRpcPeer::connect(server.socket_addr()).await;
        slower.call("Probe.Echo", "{}").await;
        slower.send("  \n{").await;
        for peer in [slow, slower] {
            let error = ends_with_an_error(peer).await;
            assert_eq!(error["code"], code::PARSE_ERROR);
            assert!(
                error["message"].as_str().unwrap().contains("frame_timeout"),
                "{error}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_connection_ends_when_it_was_idle_for_long_and_white_space_is_no_request() {
    within(LIMIT, async {
        let idle = Duration::from_millis(50);
        let configure = |server: Server| {
            server
                .idle_timeout(idle)
                .frame_timeout(Duration::from_millis(1))
        };
        let server = TestServer::start_with(configure).await;
        let mut busy = JsonRpcPeer::connect(server.socket_addr()).await;
        busy.request("Probe.Hold", "{}", "1").await;
        server.probe.until_running(1).await;
        let mut unused = JsonRpcPeer::connect(server.socket_addr()).await;
        unused.call("Probe.Echo", "{}").await;
        unused.send("\r\n \t").await;
        assert_eq!(unused.rest().await, "", "nothing is wrong with it");
        server.probe.release_all();
        assert_eq!(busy.answer().await["id"], 1);
        assert_eq!(busy.rest().await, "");
    })
    .await;
}

#[tokio::test]
async fn a_client_that_sends_no_more_is_answered() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        peer.request("Probe.Hold", "{}", "1").await;
        peer.end().await;
        server.probe.until_running(1).await;
        server.settle().await;
        server.probe.release_all();
        assert_eq!(peer.answer().await["id"], 1);
        assert_eq!(peer.rest().await, "");
        let answer = JsonRpcPeer::once(server.socket_addr(), "{\"jsonrpc\"").await;
        assert!(
            answer.contains("-32700"),
            "what ends too early is told so: {answer}"
        );
        assert_eq!(JsonRpcPeer::once(server.socket_addr(), " \n").await, "");
    })
    .await;
}

#[tokio::test]
async fn accepted_calls_are_answered_when_the_server_shuts_down() {
    within(LIMIT, async {
        let mut server = TestServer::start().await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        let idle = JsonRpcPeer::connect(server.socket_addr()).await;
        let mut halfway = JsonRpcPeer::connect(server.socket_addr()).await;
        halfway.send("{\"jsonrpc\":").await;
        for id in 1..=5 {
            peer.request("Probe.Hold", "{}", &id.to_string()).await;
        }
        let hold = |id| json!({"jsonrpc": "2.0", "method": "Probe.Hold", "id": id});
        peer.send(json!([hold(6), hold(7)]).to_string()).await;
        server.probe.until_running(7).await;
        server.settle().await;
        server.begin_shutdown();
        for without_calls in [idle, halfway] {
            assert_eq!(without_calls.rest().await, "");
        }
        assert_eq!(server.probe.counts().running(), 7);
        server.probe.release_all();
        let (mut alone, mut batches) = (0, 0);
        for _ in 0..6 {
            match peer.answer().await {
                Value::Array(answers) => batches += answers.len(),
                _ => alone += 1,
            }
        }
        assert_eq!((alone, batches), (5, 2));
        assert_eq!(peer.rest().await, "");
        assert_eq!(server.shut_down().await.finished, 7);
    })
    .await;
}

#[tokio::test]
async fn a_call_that_outlives_the_grace_period_is_cancelled() {
    within(LIMIT, async {
        let grace = Duration::from_millis(50);
        let server = TestServer::start_with(|server: Server| server.shutdown_grace(grace)).await;
        let probe = server.probe.clone();
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        peer.request("Probe.Hold", "{}", "1").await;
        probe.until_running(1).await;
        server.shut_down().await;
        assert_eq!(probe.until_running(0).await.dropped, 1);
        assert_eq!(peer.rest().await, "");
    })
    .await;
}

#[tokio::test]
async fn no_more_calls_run_at_a_time_than_max_concurrent_streams() {
    within(LIMIT, async {
        let configure = |server: Server| server.max_concurrent_streams(2);
        let server = TestServer::start_with(configure).await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        for id in 1..=4 {
            peer.request("Probe.Hold", "{}", &id.to_string()).await;
        }
        server.probe.until_running(2).await;
        server.settle().await;
        assert_eq!(server.probe.counts().started, 2);
        server.probe.release_all();
        for _ in 1..=4 {
            peer.answer().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_not_read_from_until_it_does() {
    /// Far more than the sockets and the server's limit hold together.
    const TOO_MUCH: usize = 64 * 1024 * 1024;
    /// Round trips of others in which the server takes nothing.
    const STUCK: usize = 20;

    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        let request =
            r#"{"jsonrpc":"2.0","method":"Probe.Produce","params":{"bytes":4096},"id":1}"#;
        let batch = request.repeat(64);
        let (mut sent, mut stuck) = (0, 0);
        while stuck < STUCK {
            // On from where the last one was cut.
            match peer.send_now(&batch.as_bytes()[sent % request.len()..]) {
                0 => stuck += 1,
                count => {
                    sent += count;
                    stuck = 0;
                }
            }
            server.settle().await;
            let replied = server.probe.counts().started * 4096;
            assert!(replied < TOO_MUCH, "{replied} bytes were made of {sent}");
        }
        let begun = server.probe.counts().started;
        while server.probe.counts().started == begun {
            let line = peer.line().await.unwrap();
            assert!(line.ends_with("\"id\":1}") && line.len() > 4096);
        }
    })
    .await;
}

#[tokio::test]
async fn twenty_thousand_requests_at_once_are_all_answered() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        let requests: String = (0..20_000)
            .map(|id| format!(r#"{{"jsonrpc":"2.0","method":"Probe.Echo","id":{id}}}"#))
            .collect();
        let mut answered = vec![false; 20_000];
        peer.send(requests).await;
        for _ in 0..20_000 {
            let answer = peer.answer().await;
            let id = answer["id"].as_u64().unwrap();
            assert!(
                !std::mem::replace(&mut answered[id as usize], true),
                "{answer}"
            );
            assert!(answer["result"].is_object(), "{answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn white_space_without_end_is_no_json_rpc() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        peer.send(" ".repeat(64)).await;
        assert_eq!(peer.rest().await, "");
    })
    .await;
}
