//! Peers that are gone, connections that nobody uses, connections that are old.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rpc_runtime::{Channel, Code, ConnectionEvent, Stage};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{Expected, LIMIT, RawPeer, TestServer, ends, request_frame, within};
use rpc_wire::frame::{FrameType, GoAwayCode, Settings, ping};
use tokio::net::TcpListener;

/// Short, because tests wait for it; what is tested does not depend on its being exact.
const SHORT: Duration = Duration::from_millis(50);

/// Settings of a peer that may be sent a PING at any time.
fn patient() -> Settings {
    Settings {
        min_ping_interval: Duration::ZERO,
        ..Settings::default()
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_long_before_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let silent = tokio::spawn(async move {
        let mut peer = RawPeer::accept(&listener).await;
        peer.send_settings(&patient()).await;
        // It reads everything, and says no more.
        peer.rest().await
    });
    let channel = Channel::builder(&address)
        .keepalive_interval(SHORT)
        .keepalive_timeout(SHORT)
        .no_timeout()
        .connect()
        .await
        .unwrap();
    let call = ProbeAsyncClientProxy::with(channel).echo(Payload::default());
    let expected = Expected {
        code: Code::Unavailable,
        stage: Some(Stage::Wait),
        may_have_run: true,
        address: Some(&address),
        method: Some("probe.Probe/Echo"),
        says: &["the peer is gone", "(keepalive)"],
    };
    expected.check_err(within(LIMIT, call).await);
    within(LIMIT, silent).await.unwrap();
}

#[tokio::test]
async fn a_server_that_answers_pings_may_take_its_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let slow = tokio::spawn(async move {
        let mut peer = RawPeer::accept(&listener).await;
        peer.send_settings(&patient()).await;
        peer.expect(FrameType::Settings).await;
        let id = peer.expect(FrameType::Request).await.header.stream_id;
        for _ in 0..3 {
            let asked = peer.expect(FrameType::Ping).await;
            let mut pong = Vec::new();
            ping::encode_pong(ping::decode(&asked.body).unwrap(), &mut pong);
            peer.send(&pong).await;
        }
        peer.send_response(id, b"").await;
        peer.rest().await
    });
    let channel = Channel::builder(&address)
        .keepalive_interval(SHORT)
        .keepalive_timeout(LIMIT)
        .connect()
        .await
        .unwrap();
    let probe = ProbeAsyncClientProxy::with(channel);
    within(LIMIT, probe.echo(Payload::default())).await.unwrap();
    drop(probe);
    within(LIMIT, slow).await.unwrap();
}

#[tokio::test]
async fn a_client_that_falls_silent_loses_its_connection_and_its_handlers_are_dropped() {
    let (observe, mut ends) = ends();
    let server = TestServer::start_with(|server| {
        server
            .keepalive_interval(SHORT)
            .keepalive_timeout(SHORT)
            .on_connection(observe)
    })
    .await;
    let mut peer = RawPeer::connect(server.socket_addr()).await;
    peer.send_settings(&patient()).await;
    peer.send(&request_frame(1, "probe.Probe/Hold", b"")).await;
    server.probe.until_running(1).await;
    let counts = within(LIMIT, server.probe.until_running(0)).await;
    assert_eq!(counts.dropped, 1);
    let reason = within(LIMIT, ends.recv()).await.unwrap();
    assert!(reason.contains("the peer is gone"), "{reason}");
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_its_replies_loses_its_connection() {
    let (observe, mut ends) = ends();
    let server =
        TestServer::start_with(|server| server.write_timeout(SHORT).on_connection(observe)).await;
    let mut peer = RawPeer::client(server.socket_addr()).await;
    let size = [0x08, 0x80, 0x80, 0x40]; // 1 MiB
    for id in 1..=20 {
        let request = request_frame(id, "probe.Probe/Produce", &size);
        if !peer.try_send(&request).await {
            break;
        }
    }
    let reason = within(LIMIT, ends.recv()).await.unwrap();
    assert!(reason.contains("write_timeout"), "{reason}");
}

#[tokio::test]
async fn a_client_that_reads_and_lets_no_reply_go_on_loses_its_connection() {
    let (observe, mut ends) = ends();
    let server =
        TestServer::start_with(|server| server.write_timeout(SHORT).on_connection(observe)).await;
    let mut peer = RawPeer::client(server.socket_addr()).await;
    let size = [0x08, 0x80, 0x80, 0x80, 0x01]; // 2 MiB
    peer.send_request(1, "probe.Probe/Produce", &size).await;
    let goaway = within(LIMIT, peer.last_word()).await.unwrap();
    assert_eq!(goaway.code, GoAwayCode::Timeout);
    let reason = within(LIMIT, ends.recv()).await.unwrap();
    for message in [goaway.message, reason] {
        assert!(message.contains("write_timeout"), "{message}");
        assert!(message.contains("window"), "{message}");
    }
}

#[tokio::test]
async fn a_client_closes_a_connection_that_it_does_not_use_and_the_next_call_makes_another() {
    let (observe, mut ends) = ends();
    let server = TestServer::start().await;
    let channel = Channel::builder(server.address())
        .idle_timeout(SHORT)
        .on_connection(observe)
        .connect()
        .await
        .unwrap();
    let probe = ProbeAsyncClientProxy::with(channel);
    for _ in 0..3 {
        within(LIMIT, probe.echo(Payload::default())).await.unwrap();
        let reason = within(LIMIT, ends.recv()).await.unwrap();
        assert!(reason.contains("idle_timeout"), "{reason}");
    }
}

#[tokio::test]
async fn a_connection_is_not_idle_while_a_call_runs() {
    let (observe, mut ends) = ends();
    let server = TestServer::start_with(|server| server.idle_timeout(SHORT)).await;
    let channel = Channel::builder(server.address())
        .idle_timeout(SHORT)
        .on_connection(observe)
        .connect()
        .await
        .unwrap();
    let probe = ProbeAsyncClientProxy::with(channel);
    let held = probe.hold(Payload::default()).start();
    server.probe.until_running(1).await;
    let quiet = tokio::time::timeout(4 * SHORT, ends.recv());
    assert!(quiet.await.is_err(), "the connection stays");
    server.probe.release_all();
    within(LIMIT, held).await.unwrap();
    within(LIMIT, ends.recv()).await.unwrap();
}

#[tokio::test]
async fn a_server_closes_a_connection_that_is_not_used_and_no_call_is_lost() {
    let (observe, mut ends) = ends();
    let server =
        TestServer::start_with(|server| server.idle_timeout(SHORT).on_connection(observe)).await;
    let probe = server.client().await;
    for _ in 0..3 {
        within(LIMIT, probe.echo(Payload::default())).await.unwrap();
        within(LIMIT, ends.recv()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_connections_are_replaced_under_load_and_no_call_is_lost() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&events);
    let (observe, mut ends) = ends();
    let server = TestServer::start_with(|server| {
        server
            .max_connection_age(SHORT)
            .on_connection(move |event| {
                if let ConnectionEvent::Opened { id, .. } | ConnectionEvent::Closed { id, .. } =
                    event
                {
                    log.lock().unwrap().push(id);
                }
                observe(event);
            })
    })
    .await;
    let probe = server.client().await;
    let mut calls = async || {
        for _ in 0..4 {
            let old = within(LIMIT, ends.recv());
            let calls = async {
                loop {
                    within(LIMIT, probe.echo(Payload::default())).await.unwrap();
                }
            };
            tokio::select! {
                _ = old => {}
                () = calls => {}
            }
        }
    };
    within(LIMIT, calls()).await;
    let events = events.lock().unwrap();
    let pairs = events.iter().filter(|id| **id == events[0]).count();
    assert_eq!(pairs, 2, "opened and closed once: {events:?}");
}

#[tokio::test]
async fn an_observer_that_panics_harms_nobody() {
    let server = TestServer::start_with(|server| {
        server.on_connection(|_| std::panic::resume_unwind(Box::new("on purpose")))
    })
    .await;
    let probe = server.client().await;
    within(LIMIT, probe.echo(Payload::default())).await.unwrap();
}
