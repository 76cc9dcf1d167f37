//! SETTINGS: the first frame of each side, once; what it promises; frames that may be skipped.

use super::lone::*;
use super::*;
use crate::ASSUMED_MAX_CONCURRENT_STREAMS;
use crate::frame::{Flags, FrameType, Settings};

fn limited_to(streams: u32) -> ServerConfig {
    let settings = Settings {
        max_concurrent_streams: streams,
        ..Settings::default()
    };
    ServerConfig {
        settings,
        ..ServerConfig::default()
    }
}

#[test]
fn settings_are_the_first_frame_of_each_side() {
    let mut client = LoneClient::new(ClientConfig::default());
    client.start(&Call::echo("x"));
    let types: Vec<_> = client.sent().iter().map(Frame::frame_type).collect();
    assert_eq!(types, [FrameType::Settings, FrameType::Request]);

    let mut server = LoneServer::new(ServerConfig::default());
    assert!(
        !server.session.has_output(),
        "a server waits for the client's first bytes"
    );
    let mut bytes = settings(&Settings::default());
    bytes.extend(request(1, WHOLE, ECHO, b"x"));
    server.send(&bytes).unwrap();
    let types: Vec<_> = server.sent().iter().map(Frame::frame_type).collect();
    assert_eq!(types, [FrameType::Settings, FrameType::Response]);
}

#[test]
fn any_other_first_frame_is_an_error() {
    let extension = frame(FrameType::Extension(0x80), Flags::IGNORABLE, 0, &[], &[]);
    for first in [request(1, WHOLE, ECHO, b""), ping(0), extension] {
        let error = LoneServer::new(ServerConfig::default())
            .send(&first)
            .unwrap_err();
        assert!(error.message().contains("expected SETTINGS"), "{error}");
        let error = LoneClient::new(ClientConfig::default())
            .send(&first)
            .unwrap_err();
        assert_eq!(error.code(), GoAwayCode::ProtocolError);
    }
}

#[test]
fn a_second_settings_frame_is_an_error() {
    let again = settings(&Settings::default());
    let error = LoneServer::established().send(&again).unwrap_err();
    assert_eq!(error.message(), "a second SETTINGS frame");
    assert!(LoneClient::established().send(&again).is_err());
}

#[test]
fn a_server_that_fails_before_its_settings_sends_them_before_its_goaway() {
    let mut server = LoneServer::new(ServerConfig::default());
    let error = server.send(&ping(0)).unwrap_err();
    server.session.fail(&error);
    let types: Vec<_> = server.sent().iter().map(Frame::frame_type).collect();
    assert_eq!(types, [FrameType::Settings, FrameType::GoAway]);
}

#[test]
fn requests_are_pipelined_under_the_minima_before_the_servers_settings() {
    let mut pair = Pair::default();
    assert_eq!(
        pair.client.capacity(),
        ASSUMED_MAX_CONCURRENT_STREAMS as usize
    );
    for _ in 0..ASSUMED_MAX_CONCURRENT_STREAMS {
        pair.start(&Call::echo("x"));
    }
    let refused = pair.try_start(&Call::echo("x"));
    assert!(
        matches!(refused, Err(StartError::AtCapacity)),
        "{refused:?}"
    );
    pair.up(usize::MAX).unwrap();
    assert_eq!(
        pair.handlers.dispatched.len(),
        ASSUMED_MAX_CONCURRENT_STREAMS as usize
    );
    pair.settle();
    assert!((0..128).all(|index| pair.reply(index) == "x"));
}

#[test]
fn capacity_follows_the_servers_settings_and_the_open_streams() {
    let mut pair = Pair::new(ClientConfig::default(), limited_to(3));
    pair.settle();
    assert_eq!(pair.client.capacity(), 3);
    let calls: Vec<_> = (0..3).map(|_| pair.start(&Call::later("x"))).collect();
    assert_eq!((pair.client.capacity(), pair.client.open_streams()), (0, 3));
    assert!(matches!(
        pair.try_start(&Call::later("x")),
        Err(StartError::AtCapacity)
    ));
    pair.settle();
    pair.answer(calls[1], b"done");
    pair.settle();
    assert_eq!(pair.client.capacity(), 1);
    pair.release(calls[0]);
    assert_eq!(pair.client.capacity(), 2);
}

#[test]
fn calls_that_a_small_server_did_not_expect_are_refused_as_not_executed() {
    let mut pair = Pair::new(ClientConfig::default(), limited_to(2));
    let calls: Vec<_> = (0..5).map(|_| pair.start(&Call::later("x"))).collect();
    pair.settle();
    for index in &calls[2..] {
        let error = pair.error(*index);
        assert_eq!(error.code(), Code::Unavailable);
        assert!(
            error.message().contains("max_concurrent_streams"),
            "{error}"
        );
        assert!(!error.may_have_run() && !pair.was_dispatched(*index));
    }
    assert!(pair.is_open(calls[0]) && pair.is_open(calls[1]));
    assert_eq!(pair.client.capacity(), 0);
}

#[test]
fn ignorable_extensions_are_skipped_whatever_they_contain() {
    let mut server = LoneServer::established();
    let all_flags = Flags::from_bits(u8::MAX);
    let mut checked = frame(
        FrameType::Extension(0x99),
        all_flags,
        9,
        b"metadata",
        b"body",
    );
    checked.extend_from_slice(b"sum!");
    server.send(&checked).unwrap();
    // A type below 0x80 belongs to a later version; metadata may be over the limit.
    let large = vec![0; 100_000];
    server
        .send(&frame(
            FrameType::Extension(0x7f),
            Flags::IGNORABLE,
            0,
            &large,
            b"body",
        ))
        .unwrap();
    server.send(&request(1, WHOLE, ECHO, b"after")).unwrap();
    assert_eq!(server.sent_one().body, "after");

    let mut client = LoneClient::established();
    client.start(&Call::echo("x"));
    client
        .send(&frame(
            FrameType::Extension(0x80),
            Flags::IGNORABLE,
            1,
            &large,
            b"",
        ))
        .unwrap();
    client.send(&response(1, WHOLE, b"after")).unwrap();
    assert!(matches!(client.outcome(), Outcome::Reply { body, .. } if body.bytes == "after"));
}

#[test]
fn extensions_that_may_not_be_ignored_are_errors() {
    let unknown = frame(FrameType::Extension(0x80), Flags::NONE, 0, &[], &[]);
    let error = LoneServer::established().send(&unknown).unwrap_err();
    assert_eq!(error.code(), GoAwayCode::ProtocolError);
    assert!(LoneClient::established().send(&unknown).is_err());
}

#[test]
fn a_checksum_that_was_not_agreed_is_an_error() {
    let mut checked = request(1, WHOLE | Flags::CHECKSUM, ECHO, b"");
    checked.extend_from_slice(b"sum!");
    assert!(LoneServer::established().send(&checked).is_err());
}

#[test]
fn frames_of_the_wrong_side_are_errors() {
    assert!(
        LoneServer::established()
            .send(&response(1, WHOLE, b""))
            .is_err()
    );
    assert!(
        LoneClient::established()
            .send(&request(1, WHOLE, ECHO, b""))
            .is_err()
    );
}
