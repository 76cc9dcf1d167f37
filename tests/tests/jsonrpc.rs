//! JSON-RPC 2.0 over TCP, on the port of the native protocol.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::time::Duration;

use hello::Greeter;
use rpc_runtime::jsonrpc::code;
use rpc_runtime::{Code, Protocol, Server};
use rpc_tests::probe::Payload;
use rpc_tests::{JsonRpcPeer, LIMIT, TestServer, within};
use serde_json::{Value, json};

/// A request, its answer, and the answer of a handler that fails, as a JSON-RPC server of others has them.
fn samples() -> [&'static str; 3] {
    let mut lines = include_str!("../samples/jsonrpc-tcp.txt").lines();
    [(); 3].map(|()| lines.next().unwrap())
}

/// A server that the client of the sample finds the greeter in.
async fn greeting() -> TestServer {
    TestServer::start_with(|server| server.service_as("Lab", Greeter)).await
}

#[tokio::test]
async fn a_real_request_is_answered_byte_for_byte() {
    within(LIMIT, async {
        let server = greeting().await;
        let [request, response, _] = samples();
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        for end in ["\n", "\r\n", ""] {
            peer.send([request, end].concat()).await;
            assert_eq!(peer.line().await.unwrap(), response);
        }
    })
    .await;
}

#[tokio::test]
async fn an_error_has_the_form_of_a_real_one_and_more_to_say() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let expected: Value = serde_json::from_str(samples()[2]).unwrap();
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        let params = r#"{"code":13,"message":"handler says no"}"#;
        peer.request("probe.Probe/Fail", params, "2").await;
        let answer = peer.answer().await;
        let keys =
            |value: &Value| -> Vec<_> { value.as_object().unwrap().keys().cloned().collect() };
        assert_eq!(keys(&answer), keys(&expected));
        assert_eq!(keys(&answer["error"]), keys(&expected["error"]));
        assert_eq!(answer["error"]["code"], expected["error"]["code"]);
        assert_eq!(answer["error"]["message"], expected["error"]["data"]);
    })
    .await;
}

#[tokio::test]
async fn a_request_may_be_split_at_every_byte() {
    within(LIMIT, async {
        let server = greeting().await;
        let [request, response, _] = samples();
        let request = format!("\r\n {request}");
        let mut same = JsonRpcPeer::connect(server.socket_addr()).await;
        for at in 1..request.len() {
            let mut new = JsonRpcPeer::connect(server.socket_addr()).await;
            new.send(&request[..at]).await;
            same.send(&request[..at]).await;
            server.settle().await;
            new.send(&request[at..]).await;
            same.send(&request[at..]).await;
            assert_eq!(new.line().await.unwrap(), response, "{at}");
            assert_eq!(same.line().await.unwrap(), response, "{at}");
        }
    })
    .await;
}

#[tokio::test]
async fn requests_follow_each_other_with_anything_between_them_and_in_any_layout() {
    within(LIMIT, async {
        let server = greeting().await;
        let [request, response, _] = samples();
        let pretty: Value = serde_json::from_str(request).unwrap();
        let pretty = serde_json::to_string_pretty(&pretty).unwrap();
        assert!(pretty.lines().count() > 3);
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        let layouts = [
            [request, request].concat(),
            [request, "\n\n\n", request].concat(),
            [&pretty, "\r\n\t \r\n", &pretty].concat(),
            [&*pretty.replace('\n', "\r\n"), request].concat(),
        ];
        peer.send(layouts.concat()).await;
        for _ in 0..2 * layouts.len() {
            assert_eq!(peer.line().await.unwrap(), response);
        }
    })
    .await;
}

#[tokio::test]
async fn requests_that_come_together_are_all_answered() {
    within(LIMIT, async {
        let server = greeting().await;
        let [request, response, _] = samples();
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        peer.send([request, "\n"].concat().repeat(5000)).await;
        for _ in 0..5000 {
            assert_eq!(peer.line().await.unwrap(), response);
        }
    })
    .await;
}

#[tokio::test]
async fn calls_of_one_connection_run_at_a_time_and_are_answered_in_the_order_in_which_they_end() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        // One byte, and its base64.
        let payloads: Vec<_> = (0..100u8)
            .map(|byte| json!({"data": base64(byte)}))
            .collect();
        for (id, payload) in payloads.iter().enumerate() {
            let id = id.to_string();
            peer.request("Probe.Hold", &payload.to_string(), &id).await;
        }
        server.probe.until_running(100).await;
        for byte in (0..100u8).rev() {
            server.probe.release(vec![byte]);
            let answer = peer.answer().await;
            assert_eq!(answer["id"], byte);
            assert_eq!(answer["result"], payloads[usize::from(byte)]);
        }
    })
    .await;
}

fn base64(byte: u8) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |index: u8| char::from(DIGITS[usize::from(index)]);
    format!("{}{}==", digit(byte >> 2), digit((byte & 3) << 4))
}

#[tokio::test]
async fn a_method_has_several_names_and_short_ones_where_nobody_else_has_them() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| {
            let server = server.service(Greeter).service_as("lab.Hello", Greeter);
            server.service_as("greeter", Greeter)
        })
        .await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        for name in [
            "helloworld.Hello/Hello",
            "helloworld.Hello.Hello",
            "lab.Hello/Hello",
            "lab.Hello.Hello",
            "greeter/Hello",
            "greeter.Hello",
        ] {
            let answer = peer.call(name, r#"{"msg":"w"}"#).await;
            assert_eq!(answer["result"]["msg"], "Hello w", "{name}: {answer}");
        }
        let answer = peer.call("Hello.Hello", "{}").await;
        assert_eq!(answer["error"]["code"], code::METHOD_NOT_FOUND);
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains("\"helloworld.Hello/Hello\""), "{message}");
        assert!(message.contains("\"lab.Hello/Hello\""), "{message}");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_called_is_not_found_and_the_error_says_why() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        for (name, why) in [
            ("Probe.Subscribe", "has streams"),
            ("Probe.Nothing", "there is no \\\"Probe.Nothing\\\""),
            ("rpc.discover", "reserved"),
            ("Echo", "package.Service/Method"),
        ] {
            let answer = peer.call(name, "{}").await;
            let error = &answer["error"];
            assert_eq!(error["code"], code::METHOD_NOT_FOUND, "{answer}");
            assert_eq!(error["data"]["status"], "UNIMPLEMENTED");
            assert_eq!(error["data"]["executed"], false);
            assert!(answer.to_string().contains(why), "{answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn parameters_are_by_name_or_by_position_or_absent() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        for (params, expected) in [
            (r#"{"data":"AQI="}"#, json!({"data": "AQI="})),
            (r#"["AQI="]"#, json!({"data": "AQI="})),
            ("[]", json!({})),
            ("{}", json!({})),
            ("null", json!({})),
        ] {
            let answer = peer.call("Probe.Echo", params).await;
            assert_eq!(answer["result"], expected, "{params}: {answer}");
        }
        peer.send(r#"{"jsonrpc":"2.0","id":1,"method":"Probe.Echo"}"#)
            .await;
        assert_eq!(peer.answer().await["result"], json!({}));
        for params in [
            r#"{"date":"AQI="}"#,
            r#"[1]"#,
            r#"["AQI=", 2]"#,
            r#"{"data":[]}"#,
        ] {
            let answer = peer.call("Probe.Echo", params).await;
            assert_eq!(
                answer["error"]["code"],
                code::INVALID_PARAMS,
                "{params}: {answer}"
            );
        }
        assert_eq!(server.probe.counts().started, 6);
    })
    .await;
}

#[tokio::test]
async fn an_id_comes_back_as_it_was_written() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        for method in ["Probe.Echo", "Probe.Hold", "Probe.None"] {
            server.probe.release_all();
            for id in [
                "1",
                "0",
                "-7",
                "9007199254740993",
                "1.0",
                "1.50",
                "1e2",
                "null",
                r#""""#,
                r#""text""#,
                r#""\u00e9 \"\\""#,
                "18446744073709551616",
            ] {
                peer.request(method, "{}", id).await;
                let line = peer.line().await.unwrap();
                assert!(line.ends_with(&format!(r#","id":{id}}}"#)), "{id}: {line}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_notification_runs_and_is_not_answered_whatever_comes_of_it() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        for (method, params) in [
            ("Probe.Echo", "{}"),
            ("Probe.Fail", r#"{"code":5}"#),
            ("Probe.Nothing", "{}"),
            ("Probe.Echo", r#"{"wrong":1}"#),
            ("Probe.Hold", "{}"),
        ] {
            let text = format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params}}}"#);
            peer.send(text).await;
        }
        server.probe.until(|counts| counts.started == 3).await;
        server.probe.release_all();
        server.probe.until(|counts| counts.finished == 3).await;
        let answer = peer.call("Probe.Echo", "{}").await;
        assert_eq!(
            answer["result"],
            json!({}),
            "it is the first that is answered"
        );
    })
    .await;
}

#[tokio::test]
async fn a_status_is_an_error_with_its_code_name_message_and_details() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        for value in 1..=16 {
            let status = Code::from_value(value);
            let params = json!({"code": value, "message": "no", "details": "/wA="});
            let answer = peer.call("Probe.Fail", &params.to_string()).await;
            let expected = json!({
                "code": code::of(status),
                "message": "no",
                "data": {"status": status.name(), "details": "/wA="},
            });
            assert_eq!(answer["error"], expected);
        }
        let answer = peer.call("Probe.Panic", "{}").await;
        assert_eq!(answer["error"]["code"], code::INTERNAL_ERROR);
    })
    .await;
}

#[tokio::test]
async fn one_port_answers_native_and_json_rpc_clients() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        for round in 0..10u8 {
            let data = Payload {
                data: vec![round].into(),
            };
            assert_eq!(client.echo(data.clone()).await.unwrap(), data);
            let params = json!({"data": base64(round)});
            let answer = peer.call("Probe.Echo", &params.to_string()).await;
            assert_eq!(answer["result"], params);
        }
    })
    .await;
}

#[tokio::test]
async fn a_handler_sees_the_peer_and_the_method_and_the_time_that_the_server_gives_it() {
    within(LIMIT, async {
        let timeout = Duration::from_millis(20);
        let configure = |server: Server| server.default_timeout(timeout);
        let server = TestServer::start_with(configure).await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        let seen = peer.call("Probe.Inspect", "{}").await["result"].clone();
        assert_eq!(seen["method"], "probe.Probe/Inspect");
        assert!(seen["peer"].as_str().unwrap().starts_with("127.0.0.1:"));
        let remaining: u128 = seen["remainingUs"].as_str().unwrap().parse().unwrap();
        assert!(
            (1..=timeout.as_micros()).contains(&remaining),
            "{remaining}"
        );
        let answer = peer.call("Probe.Hold", "{}").await;
        assert_eq!(answer["error"]["data"]["status"], "DEADLINE_EXCEEDED");
        assert_eq!(server.probe.until_running(0).await.dropped, 1);
    })
    .await;
}

#[tokio::test]
async fn large_messages_go_both_ways() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        let params = json!({"data": "AAAA".repeat(900_000)});
        for _ in 0..3 {
            let answer = peer.call("Probe.Echo", &params.to_string()).await;
            assert!(answer["result"] == params);
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_without_json_rpc_closes_its_connections() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.without(Protocol::JsonRpc)).await;
        let mut peer = JsonRpcPeer::connect(server.socket_addr()).await;
        peer.send(samples()[0]).await;
        assert_eq!(peer.rest().await, "");
    })
    .await;
}
