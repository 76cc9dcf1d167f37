//! A handler that panics costs its own call and nothing else.

use std::time::Duration;

use rpc_runtime::{Code, Stage};
use rpc_tests::probe::panics::When;
use rpc_tests::probe::{Panics, ProbeAsyncClientProxy};
use rpc_tests::{Expected, LIMIT, SECRET, TestServer, within};

fn panic(when: When) -> Panics {
    Panics { when: when.into() }
}

/// The client's end of the connection that calls take.
async fn connection(client: &ProbeAsyncClientProxy) -> String {
    let seen = within(LIMIT, client.inspect(())).await;
    seen.expect("the server lives").peer
}

#[tokio::test]
async fn a_panic_is_internal_without_its_text_and_the_connection_lives() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let before = connection(&client).await;
    let expected = Expected {
        code: Code::Internal,
        stage: Some(Stage::Wait),
        may_have_run: true,
        address: Some(&server.address()),
        method: Some("probe.Probe/Panic"),
        says: &["the handler panicked"],
    };
    for when in [When::AtOnce, When::Later, When::Dropped, When::DroppedLater] {
        let status = within(LIMIT, client.panic(panic(when))).await.unwrap_err();
        expected.check(&status);
        assert!(
            !format!("{status} {status:?}").contains(SECRET),
            "{status:?}"
        );
        assert_eq!(connection(&client).await, before, "after a panic {when:?}");
    }
}

#[tokio::test]
async fn a_panic_while_a_cancelled_handler_is_dropped_leaves_the_connection_alive() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let before = connection(&client).await;

    let call = client
        .panic(panic(When::Cancelled))
        .timeout(Duration::from_millis(100));
    let status = within(LIMIT, call).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    within(LIMIT, server.probe.until(|counts| counts.dropped == 1)).await;

    let call = client.panic(panic(When::Cancelled)).start();
    within(LIMIT, server.probe.until_running(1)).await;
    drop(call);
    within(LIMIT, server.probe.until(|counts| counts.dropped == 2)).await;

    assert_eq!(connection(&client).await, before);
}

#[tokio::test]
async fn a_panic_harms_no_call_beside_it() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let held = client.hold(Default::default()).start();
    within(LIMIT, server.probe.until_running(1)).await;
    for when in [When::AtOnce, When::Later, When::Dropped, When::DroppedLater] {
        within(LIMIT, client.panic(panic(when))).await.unwrap_err();
    }
    server.probe.release_all();
    within(LIMIT, held).await.unwrap();
}
