//! A line in the log for each call, and one id in all of them.

use rpc_runtime::middleware::{Logging, Timing};
use rpc_runtime::{Channel, Metadata};
use rpc_tests::probe::Failure;
use rpc_tests::relay::{Hop, RelayAsyncClientProxy};
use rpc_tests::{LIMIT, Log, TestRelay, TestServer, within};

use crate::harness::{clients, payload, plain, serve};

#[tokio::test]
async fn every_call_is_one_line_with_its_method_id_and_outcome() {
    let log = Log::collect();
    within(LIMIT, async {
        let server = serve(|server| server.intercept(Logging::new())).await;
        let (probe, _) = plain(&server).await;
        let mut metadata = Metadata::new();
        metadata.insert("x-request-id", "request-7").unwrap();
        metadata.insert("secret", "swordfish").unwrap();
        probe.echo(payload("hi")).metadata(metadata).await.unwrap();
        let failure = Failure {
            code: 13,
            message: "broken".to_owned(),
            ..Failure::default()
        };
        probe.fail(failure).await.unwrap_err();
    })
    .await;
    let lines = log.lines("call ended");
    let [echo, fail] = &lines[..] else {
        panic!("{lines:#?}");
    };
    for part in [
        "INFO",
        "side=\"server\"",
        "method=\"probe.Probe/Echo\"",
        "request_id=\"request-7\"",
        "peer=\"127.0.0.1:",
        "code=OK",
        "requests=1",
        "request_bytes=4",
        "replies=1",
        "reply_bytes=4",
    ] {
        assert!(echo.contains(part), "{part} in {echo}");
    }
    assert!(!echo.contains("swordfish"), "{echo}");
    for part in [
        "WARN",
        "code=INTERNAL",
        "error=\"broken\"",
        "method=\"probe.Probe/Fail\"",
    ] {
        assert!(fail.contains(part), "{part} in {fail}");
    }
}

#[tokio::test]
async fn one_id_goes_through_calls_that_handlers_make() {
    within(LIMIT, async {
        let probe_server = serve(|server| server.intercept(Logging::new())).await;
        let channel = Channel::builder(probe_server.address()).intercept(Logging::new());
        let relay = TestRelay::over(channel.connect().await.unwrap());
        let server =
            TestServer::start_with(|server| server.service(relay).intercept(Logging::new())).await;
        let relay = RelayAsyncClientProxy::connect(server.address())
            .await
            .unwrap();

        let mut metadata = Metadata::new();
        metadata.insert("x-request-id", "request-7").unwrap();
        let hopped = relay
            .inspect(Hop::default())
            .metadata(metadata)
            .await
            .unwrap();
        assert_eq!(hopped.seen.unwrap().metadata["x-request-id"], "request-7");

        // Without one the first server makes it.
        let ids = [(); 2].map(|()| relay.inspect(Hop::default()));
        let mut made = Vec::new();
        for call in ids {
            let seen = call.await.unwrap().seen.unwrap();
            made.push(seen.metadata["x-request-id"].clone());
        }
        assert_eq!(made[0].len(), 32);
        assert_ne!(made[0], made[1]);
    })
    .await;
}

#[tokio::test]
async fn timing_is_traced() {
    let log = Log::collect();
    within(LIMIT, async {
        let server = serve(|server| server).await;
        let (probe, _) = clients(&server, |builder| builder.intercept(Timing::traced())).await;
        probe.echo(payload("")).await.unwrap();
    })
    .await;
    let lines = log.lines("call timed");
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(
        lines[0].contains("DEBUG") && lines[0].contains("elapsed="),
        "{lines:?}"
    );
}
