//! How connections of version 1 clients live and end: limits, a client that goes, a shutdown.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::time::Duration;

use prost::Message;
use rpc_runtime::Server;
use rpc_tests::probe::{Payload, Size};
use rpc_tests::{LIMIT, TestServer, V1Peer, v1_request, within};

fn payload(data: impl Into<bytes::Bytes>) -> Payload {
    Payload { data: data.into() }
}

#[tokio::test]
async fn handlers_are_cancelled_when_the_client_goes() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = V1Peer::connect(server.socket_addr()).await;
        for sequence in 1..=10 {
            peer.request(sequence, "probe.Probe", "Hold", &payload("x"))
                .await;
        }
        server.probe.until_running(10).await;
        drop(peer);
        let counts = server.probe.until_running(0).await;
        assert_eq!((counts.dropped, counts.finished), (10, 0));
    })
    .await;
}

#[tokio::test]
async fn accepted_calls_finish_when_the_server_shuts_down() {
    within(LIMIT, async {
        let mut server = TestServer::start().await;
        let mut peer = V1Peer::connect(server.socket_addr()).await;
        let idle = V1Peer::connect(server.socket_addr()).await;
        let mut begun = V1Peer::connect(server.socket_addr()).await;
        begun.send(&[0x12, 0x34]).await;
        let mut halfway = V1Peer::connect(server.socket_addr()).await;
        halfway
            .send(&v1_request(1, "probe.Probe", "Echo", b"")[..40])
            .await;
        for sequence in 1..=10 {
            peer.request(sequence, "probe.Probe", "Hold", &payload("x"))
                .await;
        }
        server.probe.until_running(10).await;
        server.settle().await;
        server.begin_shutdown();
        // Connections without calls hold up nothing.
        for without_calls in [idle, begun, halfway] {
            assert_eq!(without_calls.rest().await, b"");
        }
        assert_eq!(server.probe.counts().running(), 10);
        server.probe.release_all();
        let mut answered: Vec<_> = Vec::new();
        for _ in 0..10 {
            answered.push(peer.answer().await.sequence);
        }
        answered.sort_unstable();
        assert_eq!(answered, (1..=10).collect::<Vec<_>>());
        assert_eq!(peer.rest().await, b"");
        server.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn a_connection_ends_when_it_was_idle_for_long_and_not_while_a_call_runs() {
    within(LIMIT, async {
        let idle = Duration::from_millis(50);
        let server = TestServer::start_with(|server| server.idle_timeout(idle)).await;
        let mut busy = V1Peer::connect(server.socket_addr()).await;
        busy.request(1, "probe.Probe", "Hold", &payload("x")).await;
        server.probe.until_running(1).await;
        let mut unused = V1Peer::connect(server.socket_addr()).await;
        unused
            .request(1, "probe.Probe", "Echo", &payload("x"))
            .await;
        unused.answer().await;
        assert_eq!(unused.rest().await, b"");
        server.probe.release_all();
        assert_eq!(busy.answer().await.body, payload("x").encode_to_vec());
        assert_eq!(busy.rest().await, b"");
    })
    .await;
}

#[tokio::test]
async fn a_call_that_outlives_the_grace_period_is_cancelled() {
    within(LIMIT, async {
        let grace = Duration::from_millis(50);
        let configure = |server: Server| server.shutdown_grace(grace);
        let server = TestServer::start_with(configure).await;
        let probe = server.probe.clone();
        let mut peer = V1Peer::connect(server.socket_addr()).await;
        peer.request(1, "probe.Probe", "Hold", &payload("x")).await;
        probe.until_running(1).await;
        server.shut_down().await;
        assert_eq!(probe.until_running(0).await.dropped, 1);
        assert_eq!(peer.rest().await, b"");
    })
    .await;
}

#[tokio::test]
async fn no_more_calls_run_at_a_time_than_max_concurrent_streams() {
    within(LIMIT, async {
        let configure = |server: Server| server.max_concurrent_streams(2);
        let server = TestServer::start_with(configure).await;
        let mut peer = V1Peer::connect(server.socket_addr()).await;
        for sequence in 1..=4u8 {
            let data = payload(vec![sequence]);
            peer.request(sequence.into(), "probe.Probe", "Hold", &data)
                .await;
        }
        server.probe.until_running(2).await;
        server.settle().await;
        assert_eq!(server.probe.counts().started, 2);
        for (done, sequence) in [2, 1, 4, 3].into_iter().enumerate() {
            server.probe.release(vec![sequence]);
            assert_eq!(peer.answer().await.sequence, u32::from(sequence));
            let started = (done + 3).min(4);
            let counts = server.probe.until(|counts| counts.started == started);
            assert!(counts.await.running() <= 2);
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_not_read_from_until_it_does() {
    /// Far more than the sockets and the server's limit hold together.
    const TOO_MUCH: usize = 64 * 1024 * 1024;
    /// Round trips of others in which the server takes nothing.
    const STUCK: usize = 20;

    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = V1Peer::connect(server.socket_addr()).await;
        let size = Size { bytes: 1024 };
        let request = v1_request(1, "probe.Probe", "Produce", &size.encode_to_vec());
        let batch = request.repeat(64);
        let (mut sent, mut stuck) = (0, 0);
        while stuck < STUCK {
            // On from where the last one was cut.
            match peer.send_now(&batch[sent % request.len()..]) {
                0 => stuck += 1,
                count => {
                    sent += count;
                    stuck = 0;
                }
            }
            server.settle().await;
            let replied = sent / request.len() * 1024;
            assert!(replied < TOO_MUCH, "{sent} bytes were read");
        }
        for _ in 0..sent / request.len() {
            assert_eq!(peer.answer().await.body.len(), 1027);
        }
    })
    .await;
}
