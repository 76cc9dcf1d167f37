//! A deadline that passes says where it found the call.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use rpc_runtime::{Code, Stage};
use rpc_tests::probe::Payload;
use rpc_tests::{Expected, LIMIT, RawPeer, TestServer, within};
use rpc_wire::frame::{FrameType, RequestMetadata};
use tokio::time::{Instant, sleep_until};

/// A time limit that is meant to pass.
const SHORT: Duration = Duration::from_millis(100);

const TOO_LATE: Expected<'_> = Expected {
    code: Code::DeadlineExceeded,
    stage: None,
    may_have_run: false,
    address: None,
    method: Some("probe.Probe/Hold"),
    says: &["deadline"],
};

#[tokio::test]
async fn in_the_queue_it_names_the_limit_and_the_call_was_never_sent() {
    let server = TestServer::start_with(|server| server.max_concurrent_streams(1)).await;
    let client = server.client_of_one_connection().await;
    let held = client.hold(Payload::default()).start();
    within(LIMIT, server.probe.until_running(1)).await;

    let address = server.address();
    let expected = Expected {
        stage: Some(Stage::Queue),
        address: Some(&address),
        says: &[
            "the deadline passed while the call was queued",
            "max_concurrent_streams",
        ],
        ..TOO_LATE
    };
    let queued = client.hold(Payload::default()).timeout(SHORT);
    expected.check_err(within(LIMIT, queued).await);
    assert_eq!(server.probe.counts().started, 1);

    // It has left the queue: who comes next gets the stream.
    let next = client.hold(Payload::default()).start();
    server.probe.release_all();
    within(LIMIT, held).await.unwrap();
    within(LIMIT, next).await.unwrap();
    assert_eq!(server.probe.counts().started, 2);
}

#[tokio::test]
async fn a_call_whose_turn_comes_after_its_deadline_is_not_sent() {
    let server = TestServer::start_with(|server| server.max_concurrent_streams(1)).await;
    let client = server.client_of_one_connection().await;
    let held = client.hold(Payload::default()).start();
    within(LIMIT, server.probe.until_running(1)).await;
    let mut queued = client.hold(Payload::default()).timeout(SHORT);
    let polled = poll_fn(|cx| Poll::Ready(Pin::new(&mut queued).poll(cx))).await;
    assert!(polled.is_pending(), "{polled:?}");

    server.probe.release_all();
    within(LIMIT, held).await.unwrap();
    // Nobody polls the call, which has its stream now, until it is too late.
    sleep_until(Instant::now() + 2 * SHORT).await;
    let address = server.address();
    let expected = Expected {
        stage: Some(Stage::Queue),
        address: Some(&address),
        ..TOO_LATE
    };
    expected.check_err(within(LIMIT, queued).await);
    assert_eq!(server.probe.counts().started, 1);
}

#[tokio::test]
async fn at_the_server_the_handler_is_dropped_and_the_call_may_have_run() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let address = server.address();
    let expected = Expected {
        stage: Some(Stage::Wait),
        may_have_run: true,
        address: Some(&address),
        ..TOO_LATE
    };
    let call = client.hold(Payload::default()).timeout(SHORT);
    expected.check_err(within(LIMIT, call).await);
    within(LIMIT, server.probe.until(|counts| counts.dropped == 1)).await;
    within(LIMIT, client.echo(Payload::default()))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_client_that_does_not_watch_its_deadline_is_told_by_the_server() {
    let server = TestServer::start().await;
    let mut client = RawPeer::client(server.socket_addr()).await;
    let mut request = RequestMetadata {
        path: "probe.Probe/Hold".to_owned(),
        ..Default::default()
    };
    request.set_timeout(Some(SHORT));
    client
        .send_message(FrameType::Request, 1, &request, b"")
        .await;
    let (code, text) = within(LIMIT, client.expect(FrameType::Response))
        .await
        .status();
    assert_eq!(code, Code::DeadlineExceeded);
    assert_eq!(text, "the deadline passed at the server");
    within(LIMIT, server.probe.until(|counts| counts.dropped == 1)).await;
}
