//! Clients that break the rules cost their own connection; those beside them notice nothing.

use std::time::Duration;

use bytes::Bytes;
use rpc_tests::{Bystander, LIMIT, RawPeer, request_frame, within, without_http};
use rpc_wire::frame::{Flags, FrameHeader, FrameType, GoAwayCode, VERSION};
use tokio::time::interval;

/// A time limit that is meant to pass.
const SHORT: Duration = Duration::from_millis(100);

fn request_header(metadata_len: u32, body_len: u32) -> Vec<u8> {
    let mut header = Vec::new();
    FrameHeader {
        frame_type: FrameType::Request,
        flags: Flags::END_MESSAGE | Flags::END_STREAM,
        stream_id: 1,
        metadata_len,
        body_len,
    }
    .encode(&mut header);
    header
}

/// Reads the GOAWAY that is to come next, and the close behind it.
async fn told_to_leave(mut peer: RawPeer, code: GoAwayCode, says: &str) {
    let goaway = within(LIMIT, peer.expect(FrameType::GoAway)).await.goaway();
    assert_eq!(goaway.code, code, "{goaway:?}");
    assert!(goaway.message.contains(says), "{goaway:?}");
    assert_eq!(within(LIMIT, peer.rest()).await, Bytes::new());
}

#[tokio::test]
async fn a_client_of_another_protocol_is_closed_without_an_answer() {
    let bystander = Bystander::start(without_http).await;
    for stranger in [
        &b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
        b"\0",
        b"\x12\x33",
    ] {
        let mut peer = RawPeer::connect(bystander.server.socket_addr()).await;
        peer.send(stranger).await;
        assert_eq!(
            within(LIMIT, peer.rest()).await,
            Bytes::new(),
            "{}",
            stranger.escape_ascii()
        );
    }
    bystander.noticed_nothing().await;
}

#[tokio::test]
async fn a_client_of_an_unknown_version_is_told_the_versions_that_the_server_speaks() {
    let bystander = Bystander::start(|server| server).await;
    let mut peer = RawPeer::connect(bystander.server.socket_addr()).await;
    peer.send(b"\x12\x34\x09").await;
    let goaway = within(LIMIT, peer.expect(FrameType::GoAway)).await.goaway();
    assert_eq!(
        (goaway.code, goaway.last_stream_id),
        (GoAwayCode::UnsupportedVersion, 0)
    );
    assert_eq!(goaway.versions, [VERSION]);
    assert!(goaway.message.contains("version 9"), "{goaway:?}");
    assert_eq!(within(LIMIT, peer.rest()).await, Bytes::new());
    bystander.noticed_nothing().await;
}

#[tokio::test]
async fn a_client_that_never_identifies_itself_is_told_the_handshake_timeout() {
    let bystander = Bystander::start(|server| server.handshake_timeout(SHORT)).await;
    for first in [&b""[..], b"\x12", b"\x12\x34\x02\x01"] {
        let mut peer = RawPeer::connect(bystander.server.socket_addr()).await;
        peer.send(first).await;
        within(LIMIT, peer.expect(FrameType::Settings)).await;
        let says = "no SETTINGS after 100ms (handshake_timeout)";
        told_to_leave(peer, GoAwayCode::Timeout, says).await;
    }
    bystander.noticed_nothing().await;
}

#[tokio::test]
async fn a_client_that_begins_without_settings_is_told_what_was_expected() {
    let bystander = Bystander::start(|server| server).await;
    let mut peer = RawPeer::connect(bystander.server.socket_addr()).await;
    peer.send_request(1, "probe.Probe/Echo", b"").await;
    within(LIMIT, peer.expect(FrameType::Settings)).await;
    told_to_leave(
        peer,
        GoAwayCode::ProtocolError,
        "the first frame is REQUEST, expected SETTINGS",
    )
    .await;
    bystander.noticed_nothing().await;
}

#[tokio::test]
async fn half_a_frame_followed_by_silence_is_told_the_frame_timeout() {
    let bystander = Bystander::start(|server| server.frame_timeout(SHORT)).await;
    let frame = [request_header(10, 100), vec![0; 50]].concat();
    for half in [1, 8, 16, frame.len()] {
        let mut peer = RawPeer::client(bystander.server.socket_addr()).await;
        peer.send(&frame[..half]).await;
        let says = "a frame was not complete after 100ms (frame_timeout)";
        told_to_leave(peer, GoAwayCode::Timeout, says).await;
    }
    bystander.noticed_nothing().await;
}

#[tokio::test]
async fn a_frame_that_trickles_in_is_cut_off_as_a_whole() {
    let bystander = Bystander::start(|server| server.frame_timeout(SHORT)).await;
    let mut peer = RawPeer::client(bystander.server.socket_addr()).await;
    peer.send(&request_header(0, 16_000)).await;
    let trickle = async {
        // A byte every few milliseconds would take minutes for the whole frame.
        let mut pace = interval(Duration::from_millis(5));
        while peer.try_send(b"x").await {
            pace.tick().await;
        }
    };
    within(LIMIT, trickle).await;
    bystander.noticed_nothing().await;
}

#[tokio::test]
async fn a_client_between_frames_may_be_silent_for_longer_than_the_frame_timeout() {
    let bystander = Bystander::start(|server| server.frame_timeout(SHORT)).await;
    let mut silent = RawPeer::client(bystander.server.socket_addr()).await;
    let mut frames = request_frame(1, "probe.Probe/Echo", b"");
    let second = request_frame(2, "probe.Probe/Echo", b"");
    let (begun, rest) = second.split_at(10);
    frames.extend_from_slice(begun);
    silent.send(&frames).await;
    // The first answer proves that the server has seen the second frame begin.
    within(LIMIT, silent.expect(FrameType::Response)).await;
    silent.send(rest).await;
    within(LIMIT, silent.expect(FrameType::Response)).await;
    // Whoever stops within a frame is cut off; by then the time of the other would be over too.
    let mut peer = RawPeer::client(bystander.server.socket_addr()).await;
    peer.send(&request_header(0, 1)).await;
    told_to_leave(peer, GoAwayCode::Timeout, "frame_timeout").await;
    silent.send_request(3, "probe.Probe/Echo", b"").await;
    within(LIMIT, silent.expect(FrameType::Response)).await;
    bystander.noticed_nothing().await;
}

#[tokio::test]
async fn a_body_over_the_frame_limit_is_told_the_limit() {
    let bystander = Bystander::start(|server| server).await;
    for length in [16_385, u32::MAX] {
        let mut peer = RawPeer::client(bystander.server.socket_addr()).await;
        peer.send(&request_header(0, length)).await;
        let says = format!("a body of {length} bytes; at most 16384 are accepted");
        told_to_leave(peer, GoAwayCode::ProtocolError, &says).await;
    }
    bystander.noticed_nothing().await;
}

#[tokio::test]
async fn a_stream_id_that_was_used_before_is_told_that_ids_increase() {
    let bystander = Bystander::start(|server| server).await;
    let mut peer = RawPeer::client(bystander.server.socket_addr()).await;
    peer.send_request(5, "probe.Probe/Echo", b"").await;
    within(LIMIT, peer.expect(FrameType::Response)).await;
    peer.send_request(5, "probe.Probe/Echo", b"").await;
    told_to_leave(peer, GoAwayCode::ProtocolError, "ids must increase").await;
    bystander.noticed_nothing().await;
}
