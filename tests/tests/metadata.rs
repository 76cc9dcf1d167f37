//! Metadata of requests, replies and errors.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use rpc_runtime::{Code, Metadata, MetadataValue};
use rpc_tests::probe::{Failure, Payload, ProbeClientProxy};
use rpc_tests::{LIMIT, TestServer, within, within_blocking};

/// Text, every byte there is, and keys with several values.
fn metadata() -> Metadata {
    let mut metadata = Metadata::new();
    metadata.insert("tenant", "blue").unwrap();
    metadata.append("tag", "second tag follows").unwrap();
    metadata.append("tag", "").unwrap();
    let all_bytes: Vec<u8> = (0..=255).collect();
    metadata.insert_bin("trace-bin", all_bytes).unwrap();
    metadata.append_bin("part-bin", "one").unwrap();
    metadata.append_bin("part-bin", "").unwrap();
    metadata
}

#[tokio::test]
async fn text_and_binary_metadata_travel_both_ways() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let payload = Payload {
            data: "with metadata".into(),
        };
        let call = client.echo(payload.clone()).metadata(metadata());
        let response = call.with_metadata().await.unwrap();
        assert_eq!(response.metadata(), &metadata());
        assert_eq!(response.metadata().get("tenant"), Some("blue"));
        let tags: Vec<_> = response.metadata().get_all("tag").collect();
        let expected = ["second tag follows", ""].map(MetadataValue::Ascii);
        assert_eq!(tags, expected);
        assert_eq!(response.into_parts(), (payload, metadata()));
    })
    .await;
}

#[tokio::test]
async fn metadata_of_a_reply_that_takes_a_while_or_many_frames_arrive() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let held = client.hold(Payload::default()).metadata(metadata());
        let held = held.with_metadata().start();
        server.probe.until_running(1).await;
        server.probe.release_all();
        assert_eq!(held.await.unwrap().metadata(), &metadata());

        let large = Payload {
            data: vec![7; 100_000].into(),
        };
        let echoed = client
            .echo(large.clone())
            .with_metadata()
            .metadata(metadata());
        assert_eq!(echoed.await.unwrap().into_parts(), (large, metadata()));
    })
    .await;
}

#[tokio::test]
async fn the_handler_sees_metadata_method_and_peer() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let mut metadata = Metadata::new();
        metadata.insert("tenant", "blue").unwrap();
        metadata.insert_bin("trace-bin", vec![0, 255]).unwrap();
        let seen = client.inspect(()).metadata(metadata).await.unwrap();
        assert_eq!(seen.metadata["tenant"], "blue");
        assert_eq!(seen.metadata["trace-bin"], r"\x00\xff");
        assert_eq!(seen.metadata.len(), 2);
        assert_eq!(seen.method, "probe.Probe/Inspect");
        assert!(seen.peer.starts_with("127.0.0.1:"), "{}", seen.peer);
        let of_another_call = client.inspect(()).await.unwrap();
        assert!(
            of_another_call.metadata.is_empty(),
            "it has none of its own"
        );
    })
    .await;
}

#[tokio::test]
async fn an_error_has_code_message_details_and_metadata() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        for code in (1..=16).map(Code::from_value) {
            let failure = Failure {
                code: code.value(),
                message: format!("what {code} means: straße, 漢字, \n and \0"),
                details: (0..=255).collect::<Vec<u8>>().into(),
            };
            let call = client.fail(failure.clone()).metadata(metadata());
            let status = call.await.unwrap_err();
            assert_eq!(status.code(), code);
            assert_eq!(status.message(), failure.message);
            assert_eq!(status.details(), &failure.details[..]);
            assert_eq!(status.metadata(), &metadata());
            assert_eq!(status.method(), Some("probe.Probe/Fail"));
            assert_eq!(status.address(), Some(&*server.address()));
            assert!(status.may_have_run());
        }
    })
    .await;
}

#[test]
fn sync_calls_take_and_give_metadata() {
    within_blocking(LIMIT, || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = runtime.block_on(TestServer::start());
        let client = ProbeClientProxy::connect(server.address()).unwrap();
        let call = client.calls().echo(Payload::default()).metadata(metadata());
        let response = call.with_metadata().wait().unwrap();
        assert_eq!(response.metadata(), &metadata());
        let failure = Failure {
            code: Code::Aborted.value(),
            ..Failure::default()
        };
        let status = client
            .calls()
            .fail(failure)
            .metadata(metadata())
            .wait()
            .unwrap_err();
        assert_eq!(status.metadata(), &metadata());
    });
}
