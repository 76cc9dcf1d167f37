//! The end of a channel's pool.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::time::Duration;

use rpc_runtime::{Channel, Code, Stage};
use rpc_tests::probe::{Payload, ProbeClientProxy};
use rpc_tests::{Expected, LIMIT, TestServer, connect, until_pool, within, within_blocking};

/// A time limit that is meant to pass.
const SHORT: Duration = Duration::from_millis(50);

fn payload() -> Payload {
    Payload::default()
}

#[tokio::test]
async fn closing_a_channel_ends_its_calls_and_fails_later_ones_at_once() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let builder = Channel::builder(server.address());
        let client = connect(builder.max_connections(1).max_streams_per_connection(1)).await;
        let running = client.hold(payload()).start();
        server.probe.until_running(1).await;
        let waiting = tokio::spawn(client.echo(payload()));
        until_pool(&client, |stats| stats.waiting == 1).await;
        client.channel().close();
        client.channel().close();

        let address = server.address();
        let later = Expected {
            code: Code::Cancelled,
            stage: Some(Stage::Queue),
            may_have_run: false,
            address: Some(&address),
            method: Some("probe.Probe/Echo"),
            says: &["the channel was closed", "connect again"],
        };
        later.check_err(client.echo(payload()).await);
        later.check_err(waiting.await.unwrap());
        let ran = Expected {
            stage: Some(Stage::Wait),
            may_have_run: true,
            method: Some("probe.Probe/Hold"),
            ..later
        };
        ran.check_err(running.await);
        server.probe.until_running(0).await;
        until_pool(&client, |stats| stats.closed == 1).await;
    })
    .await;
}

#[tokio::test]
async fn a_channel_made_after_the_end_of_the_shared_one_has_connections_of_its_own() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let [first, second] = [server.client().await, server.client().await];
        first.channel().close();
        assert_eq!(
            second.echo(payload()).await.unwrap_err().code(),
            Code::Cancelled
        );
        server.client().await.echo(payload()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn closing_in_order_lets_calls_finish_and_reports_those_that_it_cut() {
    within(LIMIT, async {
        let hold = |data: &'static str| Payload { data: data.into() };
        for (limit, finished, cut) in [(LIMIT, 2, 0), (SHORT, 1, 1)] {
            let server = TestServer::start().await;
            let client = connect(Channel::builder(server.address()).own_pool()).await;
            let quick = client.hold(hold("quick")).start();
            let slow = client.hold(hold("slow")).start();
            server.probe.until_running(2).await;
            let channel = client.channel().clone();
            let closing = tokio::spawn(async move { channel.close_within(limit).await });
            until_pool(&client, |stats| stats.draining == 1).await;
            assert_eq!(
                client.echo(payload()).await.unwrap_err().code(),
                Code::Cancelled
            );
            server.probe.release("quick");
            quick.await.unwrap();
            if cut == 0 {
                server.probe.release("slow");
                slow.await.unwrap();
            } else {
                let status = slow.await.unwrap_err();
                assert_eq!(status.code(), Code::Cancelled);
                assert!(status.message().contains("50ms"), "{status}");
            }
            let report = closing.await.unwrap();
            assert_eq!((report.finished, report.cut), (finished, cut));
            server.probe.until_running(0).await;
        }
    })
    .await;
}

#[test]
fn a_sync_proxy_has_the_same_statistics_and_closes_the_same_way() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(TestServer::start());
    let address = server.address();
    within_blocking(LIMIT, move || {
        let channel = Channel::builder(address).own_pool();
        let client = ProbeClientProxy::with(channel.connect_blocking().unwrap());
        client.echo(payload()).unwrap();
        let stats = client.stats();
        assert_eq!((stats.opened, stats.pending, stats.errors), (1, 0, 0));
        client.calls().channel().close();
        let status = client.echo(payload()).unwrap_err();
        assert_eq!(status.code(), Code::Cancelled);
    });
}
