//! What reaches a server just before it has heard that it shall end.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rpc_runtime::Channel;
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{LIMIT, RawPeer, TestServer, ends, request_frame, within};
use rpc_wire::frame::{Flags, FrameType, GoAwayCode, Settings};
use tokio::task::JoinSet;

#[tokio::test]
async fn a_request_that_lies_in_the_socket_of_a_new_connection_is_answered() {
    let mut server = TestServer::start().await;
    let mut peer = RawPeer::connect(server.socket_addr()).await;
    // By then the connection was accepted.
    server.settle().await;
    let mut first_packet = Vec::new();
    Settings::default().encode(&mut first_packet);
    first_packet.extend(request_frame(1, "probe.Probe/Echo", b""));
    peer.send(&first_packet).await;
    server.begin_shutdown();
    within(LIMIT, peer.expect(FrameType::Settings)).await;
    let mut answered = false;
    while let Some(frame) = within(LIMIT, peer.next_frame()).await {
        answered |= frame.header.frame_type == FrameType::Response;
        if frame.header.frame_type == FrameType::GoAway && answered {
            break;
        }
    }
    assert!(answered);
    drop(peer);
    within(LIMIT, server.shut_down()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_on_new_connections_during_restarts_run_or_provably_did_not() {
    const RESTARTS: usize = 5;
    const CALLERS: usize = 8;

    let over = Arc::new(AtomicBool::new(false));
    let mut server = TestServer::start().await;
    let address = server.socket_addr();
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let over = Arc::clone(&over);
        callers.spawn(async move {
            while !over.load(Ordering::Relaxed) {
                // An option of its own, so a connection of its own.
                let channel = Channel::builder(address.to_string()).idle_timeout(LIMIT);
                let probe = ProbeAsyncClientProxy::with(channel.connect_lazy().unwrap());
                if let Err(status) = probe.echo(Payload::default()).await {
                    assert!(!status.may_have_run(), "a call was lost: {status:?}");
                }
            }
        });
    }
    let restarts = async {
        for _ in 0..RESTARTS {
            server.probe.until(|counts| counts.finished > 100).await;
            server.shut_down().await;
            server = TestServer::start_at(address, |server| server).await;
        }
        over.store(true, Ordering::Relaxed);
        server
    };
    let calls = async {
        while let Some(caller) = callers.join_next().await {
            caller.expect("no caller has anything to complain of");
        }
    };
    within(2 * LIMIT, async { tokio::join!(restarts, calls) }).await;
}

#[tokio::test]
async fn calls_that_are_refused_meanwhile_count_as_refused() {
    let mut server = TestServer::start().await;
    let mut peer = RawPeer::client(server.socket_addr()).await;
    peer.send_request(1, "probe.Probe/Hold", b"").await;
    server.probe.until_running(1).await;
    server.begin_shutdown();
    peer.expect(FrameType::GoAway).await;
    peer.expect(FrameType::Ping).await;
    peer.send_request(2, "probe.Probe/Nothing", b"").await;
    let refused = peer.expect(FrameType::Response).await;
    assert!(refused.header.flags.contains(Flags::NOT_EXECUTED));
    server.probe.release_all();
    peer.expect(FrameType::Response).await;
    drop(peer);
    let report = within(LIMIT, server.shut_down()).await;
    assert_eq!((report.finished, report.refused, report.cut), (1, 1, 0));
}

#[tokio::test]
async fn a_client_that_has_not_identified_itself_is_told_of_the_shutdown() {
    let (observe, mut reasons) = ends();
    let mut server = TestServer::start_with(|server| server.on_connection(observe)).await;
    let mut peer = RawPeer::connect(server.socket_addr()).await;
    peer.send(&[0x12, 0x34, 2]).await;
    // By then they were read.
    server.settle().await;
    server.begin_shutdown();
    within(LIMIT, peer.expect(FrameType::Settings)).await;
    let goaway = within(LIMIT, peer.expect(FrameType::GoAway)).await.goaway();
    assert_eq!(
        (goaway.code, goaway.last_stream_id),
        (GoAwayCode::NoError, 0)
    );
    assert_eq!(goaway.message, "the server is shutting down");
    let is_other = |reason: &String| reason != "the server is shutting down";
    while within(LIMIT, reasons.recv())
        .await
        .as_ref()
        .is_some_and(is_other)
    {}
}
