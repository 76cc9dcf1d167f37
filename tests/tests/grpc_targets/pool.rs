//! Pools of connections to gRPC servers.

use std::time::Duration;

use rpc_runtime::{Code, HealthCheck};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{LIMIT, connect, ends, until_pool, within};

use crate::raw::{ACK, GOAWAY, PING, RawServer, SETTINGS};
use crate::tonic_server::TonicServer;

/// The number of SETTINGS_MAX_CONCURRENT_STREAMS.
const MAX_STREAMS: u16 = 3;

#[tokio::test]
async fn another_connection_is_made_when_the_streams_of_one_are_used_up() {
    within(LIMIT, async {
        let server = TonicServer::start_with(|server| server.max_concurrent_streams(2)).await;
        let probe = connect(server.channel().max_connections(2)).await;
        let held: Vec<_> = (0..5)
            .map(|_| probe.hold(Payload::default()).start())
            .collect();
        // Four run, and the fifth waits for a place.
        server.service.until_running(4).await;
        let stats = until_pool(&probe, |stats| stats.pending == 4).await;
        assert_eq!((stats.active, stats.waiting), (2, 1));
        server.service.release_all();
        for call in held {
            call.await.unwrap();
        }
        assert_eq!(probe.stats().opened, 2);
    })
    .await;
}

#[tokio::test]
async fn an_exclusive_connection_carries_one_call_at_a_time() {
    within(LIMIT, async {
        let server = TonicServer::start().await;
        let probe = connect(server.channel().exclusive().max_connections(3)).await;
        let held: Vec<_> = (0..4)
            .map(|_| probe.hold(Payload::default()).start())
            .collect();
        server.service.until_running(3).await;
        assert_eq!(probe.stats().waiting, 1);
        server.service.release_all();
        for call in held {
            call.await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_that_allows_more_streams_later_is_given_more() {
    within(LIMIT, async {
        let server = RawServer::bind().await;
        let channel = server.channel().max_connections(1).connect_lazy();
        let probe = ProbeAsyncClientProxy::with(channel.unwrap());
        let first = probe.echo(Payload::default()).start();
        let second = probe.echo(Payload::default()).start();
        let mut connection = server.open_with(&[(MAX_STREAMS, 1)]).await;
        let one = connection.request().await;
        until_pool(&probe, |stats| stats.waiting == 1).await;
        let more = [0, 3, 0, 0, 0, 2];
        connection.send(SETTINGS, 0, 0, &more).await;
        let two = connection.request().await;
        connection.answer(two).await;
        connection.answer(one).await;
        first.await.unwrap();
        second.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn closing_a_channel_ends_its_calls_or_waits_for_them() {
    within(LIMIT, async {
        let server = TonicServer::start().await;
        let channel = server.channel().own_pool().connect().await.unwrap();
        let probe = ProbeAsyncClientProxy::with(channel.clone());
        let held = probe.hold(Payload::default()).start();
        server.service.until_running(1).await;
        channel.close();
        assert_eq!(held.await.unwrap_err().code(), Code::Cancelled);
        server.service.until_running(0).await;

        let channel = server.channel().own_pool().connect().await.unwrap();
        let probe = ProbeAsyncClientProxy::with(channel.clone());
        let held = probe.hold(Payload::default()).start();
        server.service.until_running(1).await;
        let closing = tokio::spawn(async move { channel.close_within(LIMIT).await });
        until_pool(&probe, |stats| stats.draining == 1).await;
        server.service.release_all();
        held.await.unwrap();
        let report = closing.await.unwrap();
        assert_eq!((report.finished, report.cut), (1, 0));
        let later = probe.echo(Payload::default()).await.unwrap_err();
        assert_eq!(later.code(), Code::Cancelled);
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_nobody_uses_takes_leave() {
    within(LIMIT, async {
        let server = RawServer::bind().await;
        let (observe, mut reasons) = ends();
        let builder = server.channel().idle_timeout(Duration::from_millis(20));
        let connecting = tokio::spawn(builder.on_connection(observe).connect());
        let mut connection = server.open().await;
        let channel = connecting.await.unwrap().unwrap();
        connection.until(GOAWAY).await;
        let reason = reasons.recv().await.unwrap();
        assert!(reason.contains("idle_timeout"), "{reason}");
        assert_eq!(channel.stats().opened, 1);
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_is_dead_is_found_before_it_is_used() {
    within(LIMIT, async {
        let server = RawServer::bind().await;
        let mut check = HealthCheck::default();
        check.on_borrow = true;
        check.timeout = Duration::from_millis(50);
        let channel = server.channel().health_check(check).connect_lazy();
        let probe = ProbeAsyncClientProxy::with(channel.unwrap());
        let call = probe.echo(Payload::default()).start();
        // It answers no PING.
        let mut dead = server.open().await;
        dead.until(PING).await;
        let mut alive = server.open().await;
        let ping = alive.until(PING).await;
        alive.send(PING, ACK, 0, &ping.payload).await;
        let id = alive.request().await;
        alive.answer(id).await;
        call.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_server_that_falls_silent_is_asked_and_given_up() {
    within(LIMIT, async {
        let server = RawServer::bind().await;
        let soon = Duration::from_millis(50);
        let builder = server.channel().keepalive_interval(soon);
        let channel = builder.keepalive_timeout(soon).connect_lazy();
        let probe = ProbeAsyncClientProxy::with(channel.unwrap());
        let call = probe.echo(Payload::default()).start();
        let mut connection = server.open().await;
        connection.request().await;
        let ping = connection.until(PING).await;
        connection.send(PING, ACK, 0, &ping.payload).await;
        // The next one has no answer.
        connection.until(PING).await;
        let status = call.await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.message().contains("keepalive"), "{status}");
    })
    .await;
}
