//! Frames that a peer may send, but not without end, and those that cost nothing.

use super::lone::*;
use super::*;
use crate::frame::{Flags, FrameType, GoAway};

/// Times that a flood repeats itself.
const FLOOD: usize = 1_000;

fn goaway() -> Vec<u8> {
    let mut bytes = Vec::new();
    let leaving = GoAway {
        last_stream_id: u32::MAX,
        code: GoAwayCode::NoError,
        message: "leaving".into(),
        versions: Vec::new(),
    };
    leaving.encode(&mut bytes);
    bytes
}

/// Frames that mean nothing for stream 1, which is open.
fn idle_frames() -> [(&'static str, Vec<u8>); 4] {
    let extension = FrameType::Extension(0x99);
    [
        ("PONG", pong(*b"unasked!")),
        ("question", window(1, 0)),
        ("grant", window(1, 1)),
        (
            "extension",
            frame(extension, Flags::IGNORABLE, 1, &[], b"x"),
        ),
    ]
}

#[test]
fn frames_that_mean_nothing_are_neither_kept_nor_answered_at_a_server() {
    for path in [COLLECT, ECHO] {
        for (name, frame) in idle_frames() {
            let mut server = LoneServer::established();
            server.send(&request(1, Flags::NONE, path, b"")).unwrap();
            let held = server.session.held();
            for _ in 0..FLOOD {
                server.send(&frame).unwrap();
            }
            assert_eq!(server.session.held(), held, "{name}");
            assert!(server.sent().is_empty(), "{name}");
            assert_eq!(server.buffered(), 0, "{name}");
        }
    }
}

#[test]
fn frames_that_mean_nothing_are_neither_kept_nor_answered_at_a_client() {
    for (name, frame) in idle_frames() {
        let mut client = LoneClient::established();
        client.start(&Call::new(LIST, ""));
        client.send(&response(1, Flags::NONE, b"")).unwrap();
        client.sent();
        let held = client.session.held();
        for _ in 0..FLOOD {
            client.send(&frame).unwrap();
        }
        assert_eq!(client.session.held(), held, "{name}");
        assert!(client.sent().is_empty(), "{name}");
    }
}

#[test]
fn a_peer_that_goes_on_leaving_is_told_to_leave() {
    let mut server = LoneServer::established();
    let mut client = LoneClient::established();
    for _ in 0..8 {
        server.send(&goaway()).unwrap();
        client.send(&goaway()).unwrap();
    }
    for error in [server.send(&goaway()), client.send(&goaway())] {
        let error = error.unwrap_err();
        assert_eq!(error.code(), GoAwayCode::ExcessiveLoad);
        assert!(error.message().contains("8 GOAWAY frames"), "{error}");
    }
}
