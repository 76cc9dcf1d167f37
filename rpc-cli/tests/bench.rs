//! `rpc bench`.
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{rpc, rpc_with_input, server, start};
use tokio::process::Command;

const PROBE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/proto/probe.proto");

/// The report of a run that ends well.
async fn report(target: &str, arguments: &[&str]) -> Value {
    let all = [&["bench", target, "--json"], arguments].concat();
    rpc(&all).await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_calls_are_made_over_every_protocol() {
    let server = server().await;
    for scheme in ["", "grpc://", "http://", "jsonrpc://", "jsonrpc+http://"] {
        let target = format!("{scheme}{}", server.address());
        let request = r#"{"data": "aGVsbG8="}"#;
        let load = ["--requests", "40", "-n", "8", "-c", "2"];
        // JSON-RPC has no reflection.
        let arguments = [&["probe.Probe/Echo", request, "--proto", PROBE], &load[..]].concat();
        let report = report(&target, &arguments).await;
        assert_eq!(report["calls"]["answered"], 40, "{scheme}: {report}");
        assert_eq!(report["calls"]["failed"], 0, "{scheme}: {report}");
        assert_eq!(report["messages"], 40, "{scheme}");
        assert_eq!(report["version"], 1);
        assert_eq!(report["method"], "probe.Probe/Echo");
        let load = json!({ "kind": "closed", "in_flight": 8 });
        assert_eq!(report["plan"]["load"], load);
        let p50 = report["latency_us"]["p50"].as_f64().unwrap();
        assert!(p50 > 0.0, "{scheme}");
        assert_eq!(
            report["bytes"]["sent"], report["bytes"]["received"],
            "{scheme}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_shown_with_a_histogram() {
    let server = server().await;
    let target = server.address();
    let arguments = [
        "bench",
        &target,
        "Probe/Echo",
        "--duration",
        "200ms",
        "--warmup",
        "20ms",
    ];
    let shown = rpc(&arguments).await.ok();
    for part in [
        "probe.Probe/Echo at rpc://127.0.0.1:",
        "64 in flight on 1 connection, 0.2 s after 0.02 s of warm-up",
        "  calls      ",
        "  latency    mean ",
        " answered\n",
        "  generator  1 thread, busy for ",
        "  <= ",
        " %\n",
    ] {
        assert!(shown.contains(part), "{part:?} is not in {shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_loop_makes_the_calls_that_are_due() {
    let server = server().await;
    let arguments = ["Probe/Echo", "--rate", "500", "--requests", "50", "-c", "2"];
    let report = report(&server.address(), &arguments).await;
    assert_eq!(report["calls"]["answered"], 50);
    assert_eq!(report["calls"]["not_started"], 0);
    assert_eq!(report["plan"]["load"]["kind"], "open");
    // The last of them is due after 98 ms.
    assert!(report["seconds"].as_f64().unwrap() >= 0.098, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_loop_says_how_many_calls_it_left_out() {
    let server = server().await;
    let target = server.address();
    let arguments = [
        "bench",
        &target,
        "Probe/Hold",
        "--rate",
        "100",
        "-n",
        "3",
        "--requests",
        "10",
        "--timeout",
        "2s",
        "--json",
    ];
    let ran = rpc(&arguments).await;
    ran.fails(4, &["no call was answered", "DEADLINE_EXCEEDED"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["calls"]["failed"], 3, "{report}");
    assert_eq!(report["calls"]["not_started"], 7, "{report}");
    let warnings = report["warnings"].to_string();
    assert!(
        warnings.contains("7 of 10 calls were left out"),
        "{warnings}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_counted_by_code_with_the_first_of_them() {
    let server = server().await;
    let lines = "{\"code\": 3, \"message\": \"call {{index}}\"}\n\n{\"code\": 5}\n{\"code\": 3}\n";
    let target = server.address();
    let arguments = [
        "bench",
        &target,
        "Probe/Fail",
        "-",
        "-n",
        "1",
        "--requests",
        "9",
        "--json",
    ];
    let ran = rpc_with_input(&arguments, lines).await;
    ran.fails(4, &["no call was answered; INVALID_ARGUMENT"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let calls = json!({ "answered": 0, "failed": 9, "abandoned": 0, "not_started": 0 });
    assert_eq!(report["calls"], calls);
    let errors = &report["errors"];
    let counted = |place: usize| {
        (
            errors[place]["code"].clone(),
            errors[place]["calls"].clone(),
        )
    };
    assert_eq!(counted(0), (json!("INVALID_ARGUMENT"), json!(6)));
    assert_eq!(counted(1), (json!("NOT_FOUND"), json!(3)));
    let first = errors[0]["first"].as_str().unwrap();
    assert!(first.contains("call 0"), "{errors}");
    assert_eq!(report["latency_us"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_taken_from_a_file_in_turn() {
    let server = server().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sizes.jsonl");
    fs::write(&file, "{\"bytes\": 100}\n{\"bytes\": 300}\n").unwrap();
    let file = format!("@{}", file.display());
    let arguments = ["Probe/Produce", &file, "--requests", "10"];
    let report = report(&server.address(), &arguments).await;
    let received = report["bytes"]["received"].as_u64().unwrap();
    // Five times 100 and five times 300, and what says how long they are.
    assert!((2_000..2_050).contains(&received), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_counted_by_message_in_both_directions() {
    let server = server().await;
    let target = server.address();
    let arguments = [
        "Streams/Count",
        r#"{"upTo": 50}"#,
        "-n",
        "2",
        "--requests",
        "6",
    ];
    let counted = report(&target, &arguments).await;
    assert_eq!(counted["calls"]["answered"], 6);
    assert_eq!(counted["messages"], 300);
    assert_eq!(counted["streams"], true);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("numbers.jsonl");
    fs::write(&file, "{\"value\": 1}\n{\"value\": 2}\n{\"value\": 3}\n").unwrap();
    let file = format!("@{}", file.display());
    let summed = report(&target, &["Streams/Sum", &file, "--requests", "4"]).await;
    assert_eq!(summed["calls"]["answered"], 4);
    assert_eq!(summed["messages"], 4);
    assert_eq!(summed["bytes"]["sent"], 4 * 3 * 2, "{summed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_without_end_are_measured_until_the_end_of_the_run() {
    let server = server().await;
    let request = r#"{"upTo": 5, "hangs": true}"#;
    let arguments = [
        "Streams/Count",
        request,
        "-n",
        "3",
        "--duration",
        "300ms",
        "--warmup",
        "0s",
    ];
    let report = report(&server.address(), &arguments).await;
    assert_eq!(report["messages"], 15, "{report}");
    assert_eq!(report["calls"]["abandoned"], 3);
    assert_eq!(report["latency_us"], Value::Null);
    let warnings = report["warnings"].to_string();
    assert!(!warnings.contains("had not ended"), "{warnings}");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_are_due_are_open_until_the_end_of_the_run() {
    let server = server().await;
    let request = r#"{"upTo": 1, "hangs": true}"#;
    let arguments = ["Streams/Count", request, "--rate", "100", "--requests", "5"];
    let target = server.address();
    let always = ["bench", &target, "--json", "--timeout", "1s"];
    let ran = rpc(&[&always, &arguments[..]].concat()).await;
    let ended: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(ended["messages"], 5, "{ended}");
    assert_eq!(ended["errors"][0]["code"], "DEADLINE_EXCEEDED", "{ended}");

    let arguments = [
        "Streams/Count",
        request,
        "--rate",
        "0.1",
        "--duration",
        "50ms",
        "--warmup",
        "0s",
    ];
    let report = report(&server.address(), &arguments).await;
    assert_eq!(report["calls"]["abandoned"], 1, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_any_answer_fails() {
    let server = server().await;
    let target = server.address();
    let silent = ["bench", &target, "Streams/Count", r#"{"hangs": true}"#];
    let short = ["-n", "2", "--duration", "50ms", "--warmup", "0s"];
    let ran = rpc(&[&silent[..], &short].concat()).await;
    ran.fails(4, &["no call was answered", "2 of them were still open"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_the_run_and_shows_what_it_had() {
    let server = server().await;
    let target = server.address();
    let child = start(&[
        "bench",
        &target,
        "Probe/Echo",
        "-n",
        "2",
        "--duration",
        "1h",
        "--warmup",
        "0s",
    ]);
    server.probe.until(|counts| counts.finished >= 10).await;
    let process = child.id().unwrap().to_string();
    let sent = Command::new("kill").args(["-INT", &process]).status().await;
    assert!(sent.unwrap().success());
    let output = tokio::time::timeout(support::LIMIT, child.wait_with_output());
    let output = output.await.expect("the command ends").unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(130), "{shown}");
    assert!(shown.contains("  latency    mean "), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_written_to_files_and_compared() {
    let server = server().await;
    let target = server.address();
    let folder = tempfile::tempdir().unwrap();
    let file = |name| folder.path().join(name).display().to_string();
    let (before, after) = (file("before.json"), file("after.json"));
    for (file, in_flight) in [(&before, "1"), (&after, "8")] {
        let arguments = [
            "bench",
            &target,
            "Probe/Echo",
            "-n",
            in_flight,
            "--duration",
            "500ms",
            "--warmup",
            "10ms",
            "--out",
            file,
        ];
        rpc(&arguments).await.ok();
    }
    let ran = rpc(&["bench", "--compare", &before, &after]).await;
    assert!(ran.stderr.contains("the runs differ in load"), "{ran:?}");
    let table = ran.ok();
    for part in ["before", "noise", "calls ", "p50 ", "p99.9 ", "max "] {
        assert!(table.contains(part), "{part:?} is not in {table}");
    }
    let arguments = ["bench", "--compare", &before, &before, "--json"];
    let itself = rpc(&arguments).await.json();
    assert_eq!(itself["changes"][0]["name"], "calls_per_second");
    for change in itself["changes"].as_array().unwrap() {
        assert_eq!(change["verdict"], "noise", "{itself}");
        assert_eq!(change["percent"], 0.0, "{itself}");
    }
}

#[tokio::test]
async fn what_cannot_be_compared_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.json").display().to_string();
    fs::write(&file, "{}").unwrap();
    let refused = rpc(&["bench", "--compare", &file, &file]).await;
    refused.fails(6, &["other.json", "no report of `rpc bench`", "--out"]);
    let missing = rpc(&["bench", "--compare", "/no/such", &file]).await;
    missing.fails(6, &["/no/such"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_found_before_a_call_is_made() {
    let server = server().await;
    let target = server.address();
    for (arguments, code, says) in [
        (&["Probe/Ecko"][..], 7, "did you mean Echo?"),
        (
            &["Probe/Echo", r#"{"dat": ""}"#],
            6,
            "did you mean \"data\"",
        ),
        (
            &["Probe/Echo", "--out", "/no/such/folder/report.json"],
            6,
            "/no/such/folder/report.json",
        ),
        (&["Probe/Echo", r#"{"data": {{uid}}}"#], 6, "{{uuid}}"),
        (&["Probe/Echo", "{"], 6, "not JSON"),
        (&["Probe/Echo", "@/no/such/file"], 6, "/no/such/file"),
        (
            &["Probe/Echo", "--rate", "0"],
            2,
            "how many calls are due in a second",
        ),
        (&["Probe/Echo", "--in-flight", "0"], 2, "--in-flight"),
        (
            &["Probe/Echo", "--requests", "1", "--duration", "1s"],
            2,
            "cannot be used with",
        ),
        (&[], 2, "<METHOD>"),
    ] {
        let all = [&["bench", &target], arguments].concat();
        rpc(&all).await.fails(code, &[says]);
    }
    assert_eq!(server.probe.counts().started, 0);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_no_run() {
    let refused = rpc(&["bench", "127.0.0.1:1", "Probe/Echo"]).await;
    refused.fails(3, &["127.0.0.1:1", "is the server running"]);
    assert_eq!(refused.stdout, "");
}

#[tokio::test]
async fn the_help_has_examples_and_the_placeholders() {
    let help = rpc(&["bench", "--help"]).await.ok();
    for part in [
        "rpc bench localhost:8000",
        "--compare before.json after.json",
        "{{uuid}}",
        "Ctrl-C",
    ] {
        assert!(help.contains(part), "{part:?} is not in {help}");
    }
}
