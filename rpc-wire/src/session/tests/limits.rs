//! Sizes: what is over a limit costs its call, and never memory.

use super::lone::*;
use super::*;
use crate::frame::{
    Flags, FrameType, HEADER_LEN, MAGIC, RequestMetadata, ResponseMetadata, Settings, VERSION,
};
use crate::{DEFAULT_MAX_MESSAGE_SIZE, MAX_METADATA_ENTRIES, Stage};

const MAX: usize = DEFAULT_MAX_MESSAGE_SIZE as usize;

fn with_limits(client: u64, server: u64) -> Pair {
    let client = ClientConfig {
        max_message_size: client,
        ..ClientConfig::default()
    };
    let server = ServerConfig {
        max_message_size: server,
        ..ServerConfig::default()
    };
    Pair::new(client, server)
}

#[test]
fn messages_of_exactly_the_limit_pass_both_ways() {
    let mut pair = Pair::default();
    let index = pair.start(&Call::echo(body(1, MAX)));
    pair.settle();
    assert!(pair.reply(index) == body(1, MAX));
}

#[test]
fn a_request_over_the_announced_limit_is_not_sent() {
    let mut pair = with_limits(1000, 100);
    pair.settle();
    let Err(StartError::OverLimit(status)) = pair.try_start(&Call::echo(body(1, 101))) else {
        panic!("over the limit")
    };
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("max_message_size"), "{status}");
    assert_eq!(
        (status.stage(), status.may_have_run()),
        (Some(Stage::Send), false)
    );
    assert!(!pair.client.has_output());
    assert_eq!(pair.client.open_streams(), 0);
}

#[test]
fn a_request_over_a_limit_that_is_not_known_yet_is_refused_as_not_executed() {
    // Limits within a frame, within the window, and behind a grant.
    for (limit, size) in [
        (100, 101),
        (100_000, 100_001),
        (2_000_000, 2_000_001),
        (100, 3_000_000),
    ] {
        let mut pair = with_limits(DEFAULT_MAX_MESSAGE_SIZE, limit);
        let held = pair.server.held();
        let index = pair.start(&Call::echo(body(1, size)));
        let other = pair.start(&Call::echo("x"));
        pair.settle();
        let error = pair.error(index);
        assert_eq!(error.code(), Code::ResourceExhausted);
        assert!(error.message().contains("max_message_size"), "{error}");
        assert!(
            !error.may_have_run() && !pair.was_dispatched(index),
            "{limit} {size}"
        );
        assert_eq!(pair.reply(other), "x");
        assert_eq!(pair.server.held(), held);
    }
}

#[test]
fn a_reply_over_the_clients_limit_is_an_error_at_the_server() {
    let mut pair = with_limits(100, DEFAULT_MAX_MESSAGE_SIZE);
    let index = pair.start(&Call::echo(body(1, 101)));
    pair.settle();
    let error = pair.error(index);
    assert_eq!(error.code(), Code::ResourceExhausted);
    assert!(error.message().contains("max_message_size"), "{error}");
    assert!(error.may_have_run());
}

#[test]
fn a_reply_over_the_limit_is_refused_by_the_client_too() {
    let whole = response(1, WHOLE, &[0; 101]);
    let mut parts = response(1, Flags::END_STREAM, &[0; 100]);
    parts.extend(data(1, Flags::END_MESSAGE, &[0]));
    for bytes in [whole, parts] {
        let config = ClientConfig {
            max_message_size: 100,
            ..ClientConfig::default()
        };
        let mut client = LoneClient::new(config);
        client.send(&settings(&Settings::default())).unwrap();
        client.start(&Call::echo(""));
        client.send(&bytes).unwrap();
        assert_eq!(client.error().code(), Code::ResourceExhausted);
        assert_eq!(client.error().stage(), Some(Stage::Receive));
        assert!(client.error().may_have_run());
        assert_eq!(client.session.held().0, 0);
    }
}

#[test]
fn the_largest_limits_do_not_overflow() {
    let mut pair = with_limits(u64::MAX, u64::MAX);
    let index = pair.start(&Call::echo(body(1, 5_000_000)));
    pair.settle();
    assert!(pair.reply(index) == body(1, 5_000_000));
}

#[test]
fn a_status_over_the_clients_limit_keeps_its_code() {
    let mut pair = with_limits(50, DEFAULT_MAX_MESSAGE_SIZE);
    let index = pair.start(&Call::fail(body(1, 1000)));
    pair.settle();
    assert_eq!(pair.error(index).code(), Code::NotFound);
    assert_eq!(pair.error(index).message(), "no such thing");
    assert!(pair.error(index).details().is_empty());
}

#[test]
fn metadata_are_limited_as_they_are_encoded() {
    let mut pair = Pair::established();
    let mut call = Call::echo("x");
    for _ in 0..MAX_METADATA_ENTRIES {
        call.metadata.append("k", "value").unwrap();
    }
    let index = pair.start(&call);
    pair.settle();
    assert_eq!(pair.reply(index), "x");

    call.metadata.insert("k", "x".repeat(17_000)).unwrap();
    let Err(StartError::OverLimit(status)) = pair.try_start(&call) else {
        panic!("over the limit")
    };
    assert!(status.message().contains("max_metadata_size"), "{status}");
}

#[test]
fn a_reply_with_too_much_metadata_becomes_an_error_at_the_server() {
    let mut pair = Pair::established();
    let index = pair.start(&Call::later("x"));
    pair.settle();
    let mut metadata = Metadata::new();
    metadata.insert("large", "x".repeat(20_000)).unwrap();
    let (_, responder) = pair.server.responder(pair.calls.ids[index]).unwrap();
    responder.message(&mut BytesMut::from("reply"), &metadata);
    pair.settle();
    assert_eq!(pair.error(index).code(), Code::ResourceExhausted);
    assert!(pair.error(index).message().contains("max_metadata_size"));
}

#[test]
fn metadata_over_the_limit_are_skipped_without_being_buffered() {
    let mut server = LoneServer::established();
    let metadata = vec![0; 1_000_000];
    let bytes = frame(FrameType::Request, WHOLE, 1, &metadata, b"body");
    for chunk in bytes.chunks(1000) {
        server.send(chunk).unwrap();
        assert_eq!(server.buffered(), 0);
    }
    let answer = server.sent_one();
    assert_eq!(answer.status().0, Code::ResourceExhausted);
    assert!(answer.status().1.contains("max_metadata_size"));
    assert!(answer.has(Flags::NOT_EXECUTED));
    server.send(&request(2, WHOLE, ECHO, b"next")).unwrap();
    assert_eq!(server.sent_one().body, "next");
}

#[test]
fn a_reply_with_too_much_metadata_costs_its_call_only() {
    let mut client = LoneClient::established();
    client.start(&Call::echo(""));
    client.start(&Call::echo(""));
    client.sent();
    client
        .send(&frame(
            FrameType::Response,
            WHOLE,
            1,
            &vec![0; 100_000],
            b"body",
        ))
        .unwrap();
    assert_eq!(client.error().code(), Code::ResourceExhausted);
    assert_eq!(client.sent()[0].frame_type(), FrameType::Cancel);
    client.send(&response(2, WHOLE, b"")).unwrap();
    assert!(matches!(
        client.calls.outcomes[1],
        Some(Outcome::Reply { .. })
    ));
}

#[test]
fn a_header_that_claims_four_gigabytes_is_refused_at_once() {
    for frame_type in [
        FrameType::Request,
        FrameType::Data,
        FrameType::Extension(0x80),
    ] {
        let mut header = Vec::new();
        header.extend_from_slice(&MAGIC.to_be_bytes());
        header.extend_from_slice(&[VERSION, frame_type.value(), 0, 0, 0, 1]);
        let ignorable = matches!(frame_type, FrameType::Extension(_));
        header.extend_from_slice(&[if ignorable { 0x80 } else { 0 }, 0, 0, 0]);
        header.extend_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(header.len(), HEADER_LEN);
        let mut server = LoneServer::established();
        let error = server.send(&header).unwrap_err();
        assert!(error.message().contains("4294967295"), "{error}");
        assert!(LoneClient::established().send(&header).is_err());
    }
}

#[test]
fn compression_without_agreement_is_an_error_of_the_stream() {
    let mut server = LoneServer::established();
    server
        .send(&request(1, WHOLE | Flags::COMPRESSED, ECHO, b"x"))
        .unwrap();
    // A request whose message begins in DATA.
    server.send(&request(2, Flags::NONE, ECHO, b"")).unwrap();
    server
        .send(&data(2, WHOLE | Flags::COMPRESSED, b"x"))
        .unwrap();
    let answers = server.sent();
    assert_eq!(answers.len(), 2);
    for answer in answers {
        assert_eq!(answer.status().0, Code::Unimplemented);
        assert!(answer.has(Flags::NOT_EXECUTED));
    }

    let mut client = LoneClient::established();
    client.start(&Call::echo(""));
    client
        .send(&response(1, WHOLE | Flags::COMPRESSED, b"x"))
        .unwrap();
    assert_eq!(client.error().code(), Code::Unimplemented);
    assert_eq!(client.session.open_streams(), 0);
}

#[test]
fn malformed_metadata_are_an_error_of_the_connection() {
    let bytes = frame(FrameType::Request, WHOLE, 1, b"\xff\xff", b"");
    assert!(LoneServer::established().send(&bytes).is_err());
    let entry = crate::frame::MetadataEntry {
        key: "Upper".to_owned(),
        value: Bytes::new(),
    };
    let metadata = RequestMetadata {
        path: ECHO.to_owned(),
        metadata: vec![entry],
        ..RequestMetadata::default()
    };
    assert!(
        LoneServer::established()
            .send(&request_with(1, WHOLE, &metadata, b""))
            .is_err()
    );

    let mut client = LoneClient::established();
    client.start(&Call::echo(""));
    assert!(
        client
            .send(&frame(FrameType::Response, WHOLE, 1, b"\xff\xff", b""))
            .is_err()
    );
    client
        .session
        .lost(0, &Status::unavailable("lost"), &mut client.calls);
    assert_eq!(client.error().code(), Code::Unavailable);
}

/// User metadata with one entry too many.
fn with_many_entries() -> Metadata {
    let mut metadata = Metadata::new();
    for _ in 0..=MAX_METADATA_ENTRIES {
        metadata.append("k", "").unwrap();
    }
    metadata
}

#[test]
fn metadata_with_too_many_entries_cost_the_call_at_both_ends() {
    let mut pair = Pair::established();
    let mut call = Call::echo("x");
    call.metadata = with_many_entries();
    let Err(StartError::OverLimit(status)) = pair.try_start(&call) else {
        panic!("over the limit")
    };
    assert!(status.message().contains("257 entries"), "{status}");

    let index = pair.start(&Call::later("x"));
    pair.settle();
    let (_, responder) = pair.server.responder(pair.calls.ids[index]).unwrap();
    responder.message(&mut BytesMut::from("reply"), &with_many_entries());
    pair.settle();
    assert!(pair.error(index).message().contains("MAX_METADATA_ENTRIES"));
}

#[test]
fn metadata_with_too_many_entries_from_a_careless_peer_are_refused() {
    let metadata = RequestMetadata {
        path: ECHO.to_owned(),
        metadata: with_many_entries().to_entries(),
        ..RequestMetadata::default()
    };
    let mut server = LoneServer::established();
    server
        .send(&request_with(1, WHOLE, &metadata, b"x"))
        .unwrap();
    let refused = server.sent_one();
    assert!(refused.has(Flags::NOT_EXECUTED));
    assert_eq!(refused.status().0, Code::ResourceExhausted);

    let mut client = LoneClient::established();
    client.start(&Call::later("x"));
    client.sent();
    let metadata = ResponseMetadata::new(Code::Ok, &with_many_entries());
    let response = frame(
        FrameType::Response,
        WHOLE,
        1,
        &prost::Message::encode_to_vec(&metadata),
        b"",
    );
    client.send(&response).unwrap();
    assert_eq!(client.error().code(), Code::ResourceExhausted);
    assert_eq!(client.sent()[0].frame_type(), FrameType::Cancel);
}

#[test]
fn the_clients_own_limit_of_streams_holds_where_the_server_allows_more() {
    let config = ClientConfig {
        max_streams: 1,
        ..ClientConfig::default()
    };
    let mut client = LoneClient::new(config);
    assert!(!client.session.is_used_up(0) && client.session.is_used_up(1));
    client.start(&Call::later("x"));
    assert_eq!(client.session.capacity(), 0);
    assert!(client.session.is_used_up(0), "whatever the server says");
}

#[test]
fn streams_are_used_up_only_once_the_server_has_said_how_many_it_allows() {
    let config = ClientConfig {
        assumed_streams: 1,
        ..ClientConfig::default()
    };
    let mut client = LoneClient::new(config);
    client.start(&Call::later("x"));
    assert_eq!(client.session.capacity(), 0);
    assert!(!client.session.is_used_up(0), "it may allow more");
    let allowed = Settings {
        max_concurrent_streams: 2,
        ..Settings::default()
    };
    client.send(&settings(&allowed)).unwrap();
    assert_eq!(
        (client.session.capacity(), client.session.max_streams()),
        (1, 2)
    );
    assert!(!client.session.is_used_up(0) && client.session.is_used_up(1));
}
