//! `rpc call` on every transport, with every kind of stream.
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod support;

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rpc_runtime::ListenAddress;
use rpc_runtime::prost::Message;
use rpc_runtime::prost_types::Any;
use rpc_tests::TestServer;
use serde_json::Value;
use support::{LIMIT, rpc, rpc_with_input, server, start};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

const PROTO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/proto/probe.proto");
const STREAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/proto/streams.proto");

#[tokio::test(flavor = "multi_thread")]
async fn a_unary_call_is_answered_on_every_transport_with_reflection() {
    let server = server().await;
    let address = server.address();
    for scheme in ["", "rpc://", "grpc://", "http://"] {
        let target = format!("{scheme}{address}");
        let ran = rpc(&["call", &target, "probe.Probe/Echo", r#"{"data": "aGk="}"#]).await;
        assert_eq!(ran.ok(), "{\"data\":\"aGk=\"}\n", "{scheme}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_reflection_definitions_come_from_files() {
    let server = server().await;
    let address = server.address();
    for scheme in [
        "rpc://",
        "grpc://",
        "http://",
        "jsonrpc://",
        "jsonrpc+http://",
    ] {
        let target = format!("{scheme}{address}");
        let ran = rpc(&[
            "call",
            &target,
            "Probe.Echo",
            r#"{"data": "aGk="}"#,
            "--proto",
            PROTO,
        ])
        .await;
        assert_eq!(ran.ok(), "{\"data\":\"aGk=\"}\n", "{scheme}");
    }
    let target = format!("jsonrpc://{address}");
    let ran = rpc(&["call", &target, "probe.Probe/Echo"]).await;
    ran.fails(7, &["JSON-RPC has no reflection", "--proto FILE"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_every_kind_go_from_stdin_to_stdout_as_lines() {
    let server = server().await;
    let address = server.address();
    for scheme in ["rpc://", "grpc://", "http://"] {
        let target = format!("{scheme}{address}");
        let count = rpc(&["call", &target, "streams.Streams/Count", r#"{"upTo": 2}"#]).await;
        assert_eq!(
            count.ok(),
            "{\"value\":\"1\"}\n{\"value\":\"2\"}\n",
            "{scheme}"
        );

        let numbers = "{\"value\": 3}\n{\"value\": 4} {\"value\": 5}";
        let sum = rpc_with_input(&["call", &target, "Streams/Sum"], numbers).await;
        assert_eq!(sum.ok(), "{\"value\":\"12\"}\n", "{scheme}");
        let sum = rpc(&["call", &target, "Streams/Sum", numbers, "--proto", STREAMS]).await;
        assert_eq!(sum.ok(), "{\"value\":\"12\"}\n", "{scheme}");

        let chunks = "{\"data\":\"AQ==\"}\n{\"data\":\"Ag==\"}\n";
        let chat = rpc_with_input(&["call", &target, "Streams/Chat", "-"], chunks).await;
        assert_eq!(chat.ok(), chunks, "{scheme}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_arrive_while_standard_input_goes_on() {
    let server = server().await;
    for scheme in ["rpc://", "grpc://", "http://"] {
        let target = format!("{scheme}{}", server.address());
        let mut child = start(&["call", &target, "Streams/Chat", "-"]);
        let mut input = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for chunk in ["{\"data\":\"AQ==\"}", "{\"data\":\"Ag==\"}"] {
            input.write_all(chunk.as_bytes()).await.unwrap();
            let reply = tokio::time::timeout(LIMIT, lines.next_line()).await;
            assert_eq!(reply.unwrap().unwrap().as_deref(), Some(chunk), "{scheme}");
        }
        drop(input);
        let ended = tokio::time::timeout(LIMIT, child.wait()).await;
        assert!(ended.unwrap().unwrap().success(), "{scheme}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_read_from_a_file() {
    let server = server().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "{\n  \"data\": \"aGk=\"\n}\n").unwrap();
    let given = format!("@{}", file.path().display());
    let ran = rpc(&["call", &server.address(), "Probe/Echo", &given]).await;
    assert_eq!(ran.ok(), "{\"data\":\"aGk=\"}\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_and_timeouts_are_sent() {
    let server = server().await;
    for scheme in ["rpc://", "grpc://", "http://"] {
        let target = format!("{scheme}{}", server.address());
        let options = ["-H", "x-tenant: blue", "--timeout", "5s"];
        let args = [&["call", &target, "probe.Probe/Inspect"][..], &options].concat();
        let seen = rpc(&args).await.json();
        assert_eq!(seen["metadata"]["x-tenant"], "blue", "{scheme}");
        let remaining: u64 = seen["remainingUs"].as_str().unwrap().parse().unwrap();
        assert!((1..=5_000_000).contains(&remaining), "{remaining}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_is_told_with_its_code_message_and_metadata() {
    let server = server().await;
    for scheme in ["rpc://", "grpc://", "http://"] {
        let target = format!("{scheme}{}", server.address());
        let failure = r#"{"code": 5, "message": "no user 7"}"#;
        let call = ["call", &target, "Probe/Fail", failure];
        rpc(&call).await.fails(4, &["NOT_FOUND: no user 7"]);
        let metadata = ["-H", "x-trace: 1", "-H", "sum-bin: AQI=", "--json"];
        let ran = rpc(&[&call[..], &metadata].concat()).await;
        let told: Value = serde_json::from_str(&ran.stderr).unwrap();
        let error = &told["error"];
        assert_eq!(error["code"], "NOT_FOUND", "{scheme}");
        assert_eq!(error["metadata"]["x-trace"][0], "1", "{scheme}: {told}");
        assert_eq!(error["metadata"]["sum-bin"][0], "AQI", "{scheme}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_fails_late_shows_what_came_before() {
    let server = server().await;
    for scheme in ["rpc://", "grpc://", "http://"] {
        let target = format!("{scheme}{}", server.address());
        let ran = rpc(&[
            "call",
            &target,
            "Streams/Count",
            r#"{"upTo": 1, "code": 8}"#,
        ])
        .await;
        assert_eq!(ran.stdout, "{\"value\":\"1\"}\n", "{scheme}");
        ran.fails(4, &["RESOURCE_EXHAUSTED: counted far enough"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_passes_says_so() {
    let server = server().await;
    for scheme in ["rpc://", "grpc://", "http://"] {
        let target = format!("{scheme}{}", server.address());
        let hangs = r#"{"upTo": 1, "hangs": true}"#;
        let ran = rpc(&[
            "call",
            &target,
            "Streams/Count",
            hangs,
            "--timeout",
            "100ms",
        ])
        .await;
        ran.fails(4, &["DEADLINE_EXCEEDED", "--timeout"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_in_json_are_told_with_their_place_and_the_nearest_name() {
    let server = server().await;
    let target = server.address();
    for (method, json, says) in [
        (
            "Probe/Echo",
            "{\"dat\": \"\"}",
            &["no field \"dat\"", "line 1 column", "did you mean \"data\""][..],
        ),
        (
            "Probe/Echo",
            "{\"data\": 1}",
            &["field data", "line 1 column"],
        ),
        ("Probe/Echo", "{\"data\"", &["no JSON", "line 1 column"]),
        (
            "Probe/Panic",
            r#"{"when": "WHEN_LATE"}"#,
            &["WHEN_LATE", "did you mean \"WHEN_LATER\""],
        ),
        (
            "Streams/Sum",
            "{} {\"value\": \"x\"}",
            &["request 2", "field value"],
        ),
    ] {
        rpc(&["call", &target, method, json]).await.fails(6, says);
    }
    rpc_with_input(
        &["call", &target, "Streams/Sum"],
        "{\"value\": 1}\n{\"valu\": 2}",
    )
    .await
    .fails(6, &["request 2", "did you mean \"value\""]);
    rpc(&["call", &target, "Probe/Echo", "{} {}"])
        .await
        .fails(2, &["takes one request, and 2 are given"]);
    rpc(&["call", &target, "Probe/Echo", "@/no/such/file"])
        .await
        .fails(6, &["/no/such/file"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_names_are_told_with_the_nearest() {
    let server = server().await;
    let target = server.address();
    for (method, says) in [
        (
            "probe.Probe/Ecko",
            &["no method of probe.Probe called Ecko", "did you mean Echo?"][..],
        ),
        (
            "probe.Prob/Echo",
            &["no service called probe.Prob", "did you mean probe.Probe?"],
        ),
        (
            "Unrelated/Thing",
            &[
                "no service called Unrelated",
                "there are: ",
                "streams.Streams",
            ],
        ),
    ] {
        rpc(&["call", &target, method]).await.fails(7, says);
    }
    rpc(&["call", &target, "Echo"])
        .await
        .fails(2, &["package.Service/Method"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn verbose_shows_status_metadata_sizes_and_times() {
    let server = server().await;
    for scheme in ["rpc://", "grpc://", "http://"] {
        let target = format!("{scheme}{}", server.address());
        let args = [
            "call",
            &target,
            "Streams/Count",
            r#"{"upTo": 2}"#,
            "-v",
            "-H",
            "x-a: b",
        ];
        let ran = rpc(&args).await;
        for part in [
            "* connected to 127.0.0.1",
            "> streams.Streams/Count",
            "> x-a: b",
            "< counts: from one",
            "< status OK",
            "requests: 1, ",
            "replies: 2, ",
            "request sent",
            "first reply",
            "last reply",
        ] {
            assert!(
                ran.stderr.contains(part),
                "{scheme}: {part:?} is not in {}",
                ran.stderr
            );
        }
        let ran = rpc(&[&args[..], &["--json"]].concat()).await;
        assert_eq!(ran.stdout.lines().count(), 2);
        let told: Value = serde_json::from_str(&ran.stderr).unwrap();
        let call = &told["call"];
        assert_eq!(call["status"], "OK");
        assert_eq!(call["headers"]["counts"][0], "from one");
        assert_eq!(
            (&call["requests"], &call["replies"]),
            (&1.into(), &2.into())
        );
        assert!(call["times_ms"]["last_reply"].is_number());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn defaults_are_shown_if_asked_for() {
    let server = server().await;
    let address = server.address();
    for scheme in ["rpc://", "http://"] {
        let target = format!("{scheme}{address}");
        let args = ["call", &target, "Streams/Sum", ""];
        assert_eq!(rpc(&args).await.ok(), "{}\n");
        let all = rpc(&[&args[..], &["--emit-defaults"]].concat()).await;
        assert_eq!(all.ok(), "{\"value\":\"0\"}\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn details_of_an_error_are_json_if_their_type_is_known() {
    let server = server().await;
    let detail = |name: &str| Any {
        type_url: format!("type.googleapis.com/{name}"),
        value: vec![8, 7],
    };
    // `google.rpc.Status`, whose details are its third field.
    let encoded = [detail("probe.Size"), detail("no.Such")].map(|any| {
        let any = any.encode_to_vec();
        [&[0x1a, u8::try_from(any.len()).unwrap()][..], &any].concat()
    });
    let details = STANDARD.encode(encoded.concat());
    let failure = format!(r#"{{"code": 9, "message": "too large", "details": "{details}"}}"#);
    for scheme in ["rpc://", "grpc://", "http://"] {
        let target = format!("{scheme}{}", server.address());
        let ran = rpc(&["call", &target, "Probe/Fail", &failure]).await;
        ran.fails(
            4,
            &[
                "FAILED_PRECONDITION",
                "detail probe.Size: {\"bytes\":\"7\"}",
                "detail no.Such: \"0807\"",
            ],
        );
        let ran = rpc(&["call", &target, "Probe/Fail", &failure, "--json"]).await;
        let told: Value = serde_json::from_str(&ran.stderr).unwrap();
        assert_eq!(
            told["error"]["details"][0]["value"]["bytes"], "7",
            "{scheme}"
        );
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_a_unix_socket_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rpc.sock");
    let target = format!("unix:{}", path.display());
    let address = ListenAddress::from(target.as_str());
    let _server = TestServer::start_at(address, |server| server).await;
    let ran = rpc(&["call", &target, "Probe/Echo", "-v"]).await;
    assert!(
        ran.stderr.contains("connected to") && ran.stderr.contains("rpc.sock"),
        "{ran:?}"
    );
    assert_eq!(ran.ok(), "{}\n");
}
