//! Version 1 has no way to say that a call failed: whoever cannot be answered loses the connection,
//! and nobody else does.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::time::Duration;

use prost::Message;
use rpc_runtime::{Code, Server};
use rpc_tests::probe::panics::When;
use rpc_tests::probe::{Failure, Panics, Payload, Size};
use rpc_tests::{Bystander, LIMIT, TestServer, V1Peer, ends, v1_request, within};

/// A time limit that is meant to pass.
const SHORT: Duration = Duration::from_millis(100);

fn fail(code: Code) -> Vec<u8> {
    Failure {
        code: code.value(),
        message: "on purpose".to_owned(),
        ..Failure::default()
    }
    .encode_to_vec()
}

fn panics(when: When) -> Vec<u8> {
    Panics { when: when.into() }.encode_to_vec()
}

/// A frame with this JSON.
fn protocol_data(json: &[u8]) -> Vec<u8> {
    let mut frame = v1_request(1, "", "", b"");
    frame.truncate(16);
    frame[8..12].copy_from_slice(&(json.len() as u32).to_be_bytes());
    frame.extend(json);
    frame
}

/// A header with these lengths, and nothing behind it.
fn lengths(data: u32, body: u32) -> Vec<u8> {
    let mut header = v1_request(1, "", "", b"");
    header.truncate(16);
    header[8..12].copy_from_slice(&data.to_be_bytes());
    header[12..].copy_from_slice(&body.to_be_bytes());
    header
}

#[tokio::test]
async fn a_call_that_cannot_be_answered_closes_the_connection() {
    within(LIMIT, async {
        let bystander = Bystander::start(|server| server).await;
        for request in [
            v1_request(1, "nobody", "Echo", b""),
            v1_request(1, "probe.Probe", "Nothing", b""),
            v1_request(1, "probe.Probe", "Echo", b"\xff"),
            v1_request(1, "probe.Probe", "Fail", &fail(Code::NotFound)),
            v1_request(1, "probe.Probe", "Panic", &panics(When::AtOnce)),
            v1_request(1, "probe.Probe", "Panic", &panics(When::Later)),
            v1_request(1, "probe.Probe", "Panic", &panics(When::Dropped)),
            v1_request(1, "probe.Probe", "Panic", &panics(When::DroppedLater)),
            v1_request(1, "probe.Probe", "Subscribe", b""),
        ] {
            let mut peer = V1Peer::connect(bystander.server.socket_addr()).await;
            peer.send(&request).await;
            assert_eq!(peer.rest().await, b"", "{}", request.escape_ascii());
        }
        bystander.noticed_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_no_request_closes_the_connection() {
    within(LIMIT, async {
        let bystander = Bystander::start(|server| server).await;
        let echo = v1_request(1, "probe.Probe", "Echo", b"");
        for garbage in [
            b"\x12\x34\x01\x03".to_vec(),
            [&echo[..], b"GET / HTTP/1.1\r\n\r\n"].concat(),
            [&echo[..], b"\x12\x34\x02\x01"].concat(),
            protocol_data(b""),
            protocol_data(b"{}"),
            protocol_data(b"not JSON"),
            protocol_data(&[b'['; 16_000]),
            lengths(16 * 1024 + 1, 0),
            lengths(0, 4 * 1024 * 1024 + 1),
            lengths(u32::MAX, u32::MAX),
        ] {
            let mut peer = V1Peer::connect(bystander.server.socket_addr()).await;
            // What came before it has been answered.
            let answered = usize::from(garbage.starts_with(&echo)) * echo.len();
            peer.send(&garbage).await;
            let shown = garbage[..garbage.len().min(50)].escape_ascii();
            assert_eq!(peer.rest().await, &echo[..answered], "{shown}");
        }
        bystander.noticed_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn the_reason_says_what_was_called_and_what_to_do() {
    within(LIMIT, async {
        let (observe, mut ends) = ends();
        let server = TestServer::start_with(|server| server.on_connection(observe)).await;
        for (request, says) in [
            (
                v1_request(1, "nobody", "Echo", b""),
                &["\"nobody\"", "\"Echo\"", "Server::service_as"][..],
            ),
            (
                v1_request(1, "probe.Probe", "Echo", b"\xff"),
                &["INVALID_ARGUMENT", "not a valid Payload"],
            ),
            (
                v1_request(77, "probe.Probe", "Fail", &fail(Code::NotFound)),
                &["probe.Probe", "Fail", "77", "NOT_FOUND: on purpose"],
            ),
            (
                v1_request(1, "probe.Probe", "Subscribe", b""),
                &["probe.Probe/Subscribe has streams"],
            ),
            (protocol_data(b"{}"), &["missing field `service_name`"]),
            (
                lengths(0, 5_000_000),
                &["5000000 bytes", "max_message_size of 4194304"],
            ),
            (
                lengths(20_000, 0),
                &["20000 bytes", "max_metadata_size of 16384"],
            ),
        ] {
            let mut peer = V1Peer::connect(server.socket_addr()).await;
            peer.send(&request).await;
            peer.rest().await;
            let reason = ends.recv().await.unwrap();
            for part in says {
                assert!(reason.contains(part), "{part}: {reason}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_call_over_the_limit_of_the_server_closes_the_connection() {
    within(LIMIT, async {
        let (observe, mut ends) = ends();
        let configure = |server: Server| server.max_concurrent_calls(1).on_connection(observe);
        let server = TestServer::start_with(configure).await;
        let mut first = V1Peer::connect(server.socket_addr()).await;
        first
            .request(1, "probe.Probe", "Hold", &Payload::default())
            .await;
        server.probe.until_running(1).await;
        let mut second = V1Peer::connect(server.socket_addr()).await;
        second.request(1, "probe.Probe", "Echo", &()).await;
        assert_eq!(second.rest().await, b"");
        let reason = ends.recv().await.unwrap();
        assert!(
            reason.contains("max_concurrent_calls allows, 1"),
            "{reason}"
        );
        server.probe.release_all();
        assert_eq!(first.answer().await.sequence, 1);
        first.request(2, "probe.Probe", "Echo", &()).await;
        assert_eq!(first.answer().await.sequence, 2);
    })
    .await;
}

#[tokio::test]
async fn a_call_that_takes_longer_than_the_default_timeout_closes_the_connection() {
    within(LIMIT, async {
        let (observe, mut ends) = ends();
        let configure = |server: Server| server.default_timeout(SHORT).on_connection(observe);
        // It has a call that takes longer, by a client that says how long it waits.
        let bystander = Bystander::start(configure).await;
        let server = &bystander.server;
        let mut peer = V1Peer::connect(server.socket_addr()).await;
        peer.request(9, "probe.Probe", "Hold", &Payload::default())
            .await;
        assert_eq!(peer.rest().await, b"");
        let reason = ends.recv().await.unwrap();
        for part in ["Hold", "id 9", "100ms (default_timeout)"] {
            assert!(reason.contains(part), "{part}: {reason}");
        }
        assert_eq!(server.probe.until_running(1).await.dropped, 1);
        bystander.noticed_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_its_replies_loses_its_connection() {
    within(LIMIT, async {
        let (observe, mut ends) = ends();
        let configure = |server: Server| server.write_timeout(SHORT).on_connection(observe);
        let server = TestServer::start_with(configure).await;
        let mut peer = V1Peer::connect(server.socket_addr()).await;
        let size = Size { bytes: 1024 * 1024 };
        for sequence in 1..=20 {
            peer.request(sequence, "probe.Probe", "Produce", &size)
                .await;
        }
        let reason = ends.recv().await.unwrap();
        assert!(reason.contains("write_timeout"), "{reason}");
    })
    .await;
}

#[tokio::test]
async fn the_limits_of_the_server_hold_for_version_1() {
    within(LIMIT, async {
        let configure = |server: Server| server.max_message_size(100).max_metadata_size(20_000);
        let bystander = Bystander::start(configure).await;
        for (header, is_over) in [
            (lengths(20_000, 100), false),
            (lengths(20_001, 100), true),
            (lengths(20_000, 101), true),
        ] {
            let mut peer = V1Peer::connect(bystander.server.socket_addr()).await;
            peer.send(&header).await;
            bystander.server.settle().await;
            match is_over {
                true => assert_eq!(peer.rest().await, b""),
                false => assert!(peer.try_send(&[b' '; 20_000]).await),
            }
        }
        bystander.noticed_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn calls_beside_one_that_fails_are_answered_if_they_end_soon() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = V1Peer::connect(server.socket_addr()).await;
        let size = Size { bytes: 2_000_000 };
        for sequence in 1..=3 {
            peer.request(sequence, "probe.Probe", "Hold", &Payload::default())
                .await;
        }
        // So large a reply is still on its way when the next call fails.
        peer.request(4, "probe.Probe", "Produce", &size).await;
        server.probe.until_running(3).await;
        peer.request(5, "nobody", "Echo", &()).await;
        // This one comes too late.
        peer.request(6, "probe.Probe", "Echo", &()).await;
        server.settle().await;
        server.probe.release_all();
        let mut answered = Vec::new();
        for _ in 0..4 {
            answered.push(peer.answer().await.sequence);
        }
        answered.sort_unstable();
        assert_eq!(answered, [1, 2, 3, 4]);
        assert_eq!(peer.rest().await, b"");
    })
    .await;
}

#[tokio::test]
async fn calls_beside_one_that_fails_are_cancelled_if_they_do_not_end() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = V1Peer::connect(server.socket_addr()).await;
        let panics = Panics {
            when: When::Cancelled.into(),
        };
        peer.request(1, "probe.Probe", "Hold", &Payload::default())
            .await;
        peer.request(2, "probe.Probe", "Panic", &panics).await;
        peer.request(3, "nobody", "Echo", &()).await;
        assert_eq!(peer.rest().await, b"");
        let counts = server.probe.until_running(0).await;
        assert_eq!((counts.finished, counts.dropped), (0, 2));
        server
            .client()
            .await
            .echo(Payload::default())
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn half_a_frame_followed_by_silence_closes_the_connection() {
    within(LIMIT, async {
        let bystander = Bystander::start(|server| server.frame_timeout(SHORT)).await;
        let frame = v1_request(1, "probe.Probe", "Echo", b"");
        for length in [3, 15, 16, frame.len() - 1] {
            let mut peer = V1Peer::connect(bystander.server.socket_addr()).await;
            peer.send(&frame).await;
            peer.send(&frame[..length]).await;
            // The whole one is answered, with a frame that is the same.
            assert_eq!(peer.rest().await, frame, "{length}");
        }
        bystander.noticed_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn a_client_may_be_silent_between_frames() {
    within(LIMIT, async {
        let configure = |server: Server| server.frame_timeout(SHORT).handshake_timeout(SHORT);
        let bystander = Bystander::start(configure).await;
        let frame = v1_request(1, "probe.Probe", "Echo", b"");
        let mut silent = V1Peer::connect(bystander.server.socket_addr()).await;
        silent.send(&frame).await;
        assert_eq!(silent.bytes(frame.len()).await, frame);
        // By the time that another one is cut off it would have been, too.
        let mut halfway = V1Peer::connect(bystander.server.socket_addr()).await;
        halfway.send(&frame[..10]).await;
        assert_eq!(halfway.rest().await, b"");
        silent.send(&frame).await;
        assert_eq!(silent.bytes(frame.len()).await, frame);
        bystander.noticed_nothing().await;
    })
    .await;
}
