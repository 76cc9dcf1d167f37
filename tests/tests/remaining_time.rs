//! The time that a call has left travels with it.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::time::Duration;

use rpc_runtime::{Channel, Code, Server};
use rpc_tests::probe::ProbeAsyncClientProxy;
use rpc_tests::relay::hop::Way;
use rpc_tests::relay::{Hop, RelayAsyncClientProxy};
use rpc_tests::{LIMIT, TestRelay, TestServer, within};

/// What a call may lose on its way to the handler, on the slowest machine.
const SLACK: Duration = Duration::from_secs(5);

/// Checks that a handler was left `whole`, but for what was lost on the way.
fn assert_left(remaining_us: u64, whole: Duration) {
    let remaining = Duration::from_micros(remaining_us);
    assert!(remaining <= whole, "{remaining:?} of {whole:?}");
    assert!(
        remaining >= whole.saturating_sub(SLACK),
        "{remaining:?} of {whole:?}"
    );
}

#[tokio::test]
async fn the_default_deadline_of_30_seconds_is_visible_to_the_handler() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let seen = server.client().await.inspect(()).await.unwrap();
        assert_left(seen.remaining_us, Duration::from_secs(30));
    })
    .await;
}

#[tokio::test]
async fn a_channel_and_a_call_have_deadlines_of_their_own() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let builder = Channel::builder(server.address()).timeout(Duration::from_secs(3600));
        let client = ProbeAsyncClientProxy::with(builder.connect().await.unwrap());
        let seen = client.inspect(()).await.unwrap();
        assert_left(seen.remaining_us, Duration::from_secs(3600));
        for timeout in [Duration::from_secs(100), Duration::from_secs(7200)] {
            let seen = client.inspect(()).timeout(timeout).await.unwrap();
            assert_left(seen.remaining_us, timeout);
        }
    })
    .await;
}

#[tokio::test]
async fn a_channel_may_have_no_deadline_and_a_call_still_one() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let builder = Channel::builder(server.address()).no_timeout();
        let client = ProbeAsyncClientProxy::with(builder.connect().await.unwrap());
        assert_eq!(client.inspect(()).await.unwrap().remaining_us, 0);
        let timeout = Duration::from_secs(100);
        let seen = client.inspect(()).timeout(timeout).await.unwrap();
        assert_left(seen.remaining_us, timeout);
    })
    .await;
}

#[tokio::test]
async fn the_clock_of_a_call_starts_when_it_is_first_polled() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let timeout = Duration::from_millis(500);
        let prepared = client.inspect(()).timeout(timeout);
        tokio::time::sleep(2 * timeout).await;
        prepared.await.unwrap();
    })
    .await;
}

/// Asks through a relay, by a call with this timeout: what the relay had left, and what the
/// probe behind it.
async fn ask(way: Way, timeout: Duration) -> (u64, u64) {
    let server = TestServer::start().await;
    let relay = Server::new().service(TestRelay::to(&server.address()));
    let relay = relay.bind("127.0.0.1:0").await.unwrap();
    let address = relay.local_addr().to_string();
    let serving = tokio::spawn(relay.serve());
    let client = RelayAsyncClientProxy::connect(address).await.unwrap();
    let hopped = client
        .inspect(Hop { way: way.into() })
        .timeout(timeout)
        .await
        .unwrap();
    serving.abort();
    (hopped.remaining_us, hopped.seen.unwrap().remaining_us)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_a_handler_inherit_its_deadline() {
    within(LIMIT, async {
        let timeout = Duration::from_secs(10);
        for way in [
            Way::Await,
            Way::Start,
            Way::Sync,
            Way::SpawnScoped,
            Way::SpawnGivenContext,
        ] {
            let (own, nested) = ask(way, timeout).await;
            assert_left(own, timeout);
            assert!(nested < own, "{way:?}: {nested} of {own}");
            assert_left(nested, timeout);
        }
    })
    .await;
}

#[tokio::test]
async fn a_handler_with_much_time_does_not_lengthen_its_calls() {
    within(LIMIT, async {
        let (own, nested) = ask(Way::Await, Duration::from_secs(3600)).await;
        assert_left(own, Duration::from_secs(3600));
        assert_left(nested, Duration::from_secs(30));
    })
    .await;
}

#[tokio::test]
async fn a_task_that_nothing_links_to_the_handler_inherits_nothing() {
    within(LIMIT, async {
        let (own, nested) = ask(Way::SpawnUnlinked, Duration::from_secs(10)).await;
        assert_left(own, Duration::from_secs(10));
        assert_left(nested, Duration::from_secs(30));
    })
    .await;
}

#[tokio::test]
async fn no_call_outlives_its_deadline_though_the_handler_does_not_end() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let held = client
            .hold(Default::default())
            .timeout(Duration::from_millis(50));
        let status = held.await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
        server.probe.until(|counts| counts.dropped == 1).await;
    })
    .await;
}
