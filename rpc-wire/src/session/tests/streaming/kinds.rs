//! The four kinds of methods, end to end.

use super::*;

#[test]
fn a_unary_call_has_neither_leading_metadata_nor_messages() {
    let mut pair = Pair::established();
    let index = pair.start(&Call::echo("hello"));
    pair.settle();
    assert_eq!(pair.reply(index), "hello");
    assert!(pair.calls.arrived[index].headers.is_none());
}

#[test]
fn a_stream_of_requests_is_answered_with_one_message() {
    let mut pair = Pair::established();
    let held = pair.held();
    let index = pair.start_streaming(COLLECT);
    assert!(pair.was_dispatched(index), "before its first message");
    for message in ["one", "", "three"] {
        assert_eq!(pair.client_send(index, message), Offered::Taken);
    }
    assert_eq!(pair.server_reads_all(index), ["one", "", "three"]);
    assert!(!pair.is_half_closed(index));
    pair.half_close(index);
    pair.settle();
    assert!(pair.is_half_closed(index));
    assert_eq!(pair.client_send(index, "four"), Offered::Closed);
    assert!(pair.answer(index, b"sum"));
    pair.settle();
    assert_eq!(pair.reply(index), "sum");
    assert_eq!(pair.held(), held);
}

#[test]
fn a_request_is_answered_with_a_stream_of_replies() {
    let mut pair = Pair::established();
    let held = pair.held();
    let index = pair.start(&Call::new(LIST, "what"));
    pair.settle();
    let id = pair.id(index);
    assert_eq!(pair.handlers.running[&id], "what");
    let mut leading = Metadata::new();
    leading.insert("server", "a7").unwrap();
    pair.server.send_headers(id, &leading).unwrap();
    pair.settle();
    assert_eq!(pair.calls.arrived[index].headers.as_ref(), Some(&leading));
    for message in ["one", "", "three"] {
        assert_eq!(pair.server_send(index, message), Offered::Taken);
    }
    assert_eq!(pair.client_reads_all(index), ["one", "", "three"]);
    let mut trailing = Metadata::new();
    trailing.insert("rows", "3").unwrap();
    let (_, responder) = pair.server.responder(id).unwrap();
    responder.message(&mut BytesMut::new(), &trailing);
    assert_eq!(pair.server_send(index, "four"), Offered::Closed);
    pair.settle();
    match &pair.calls.outcomes[index] {
        Some(Outcome::Reply { body, metadata }) => {
            assert!(body.bytes.is_empty());
            assert_eq!(*metadata, trailing);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(pair.held(), held);
}

#[test]
fn a_stream_of_replies_may_be_empty() {
    let mut pair = Pair::established();
    let index = pair.start_streaming(LIST);
    assert!(pair.answer(index, b""));
    pair.settle();
    assert_eq!(pair.reply(index), "");
    assert!(pair.calls.arrived[index].headers.is_none());
}

#[test]
fn both_sides_stream_at_the_same_time_and_each_ends_on_its_own() {
    let mut pair = Pair::established();
    let held = pair.held();
    let index = pair.start_replying(TALK);
    for round in 0..100 {
        let ping = body(round, round * 7);
        assert_eq!(pair.client_send(index, ping.clone()), Offered::Taken);
        let pong = pair.server_reads_all(index).remove(0);
        assert_eq!(pair.server_send(index, pong), Offered::Taken);
        assert_eq!(pair.client_reads_all(index), [ping]);
    }
    pair.half_close(index);
    pair.settle();
    assert!(pair.is_half_closed(index));
    assert_eq!(pair.server_send(index, "last"), Offered::Taken);
    assert_eq!(pair.client_reads_all(index), ["last"]);
    assert!(pair.is_open(index));
    assert!(pair.answer(index, b""));
    pair.settle();
    pair.reply(index);
    assert_eq!(pair.held(), held);
    assert_eq!(pair.server.stats().late_frames, 0);
    assert_eq!(pair.client.stats().late_frames, 0);
}

#[test]
fn many_small_messages_pass_both_ways_byte_by_byte() {
    let mut pair = Pair::established();
    let index = pair.start_replying(TALK);
    let messages: Vec<Bytes> = (0..300).map(|seed| body(seed, seed % 40)).collect();
    for message in &messages {
        assert_eq!(pair.client_send(index, message.clone()), Offered::Taken);
        assert_eq!(pair.server_send(index, message.clone()), Offered::Taken);
    }
    pair.settle_by(1);
    assert_eq!(pair.server_reads_all(index), messages);
    assert_eq!(pair.client_reads_all(index), messages);
}

#[test]
fn messages_that_are_sent_before_the_settings_arrive_are_taken() {
    let mut pair = Pair::default();
    let index = pair.start(&Call::new(COLLECT, ""));
    assert_eq!(pair.client_send(index, "early"), Offered::Taken);
    let large = body(1, 3 * MIB / 2);
    assert_eq!(pair.client_send(index, large.clone()), Offered::Taken);
    pair.half_close(index);
    let read = pair.server_reads_all(index);
    assert!(read == ["early".into(), large]);
    assert!(pair.is_half_closed(index));
}

#[test]
fn unary_calls_and_streams_share_a_connection() {
    let mut pair = Pair::established();
    let streams: Vec<_> = (0..20).map(|_| pair.start_replying(TALK)).collect();
    for &index in &streams {
        assert_eq!(pair.client_send(index, body(index, 50_000)), Offered::Taken);
        assert_eq!(pair.server_send(index, body(index, 60_000)), Offered::Taken);
    }
    let echo = pair.start(&Call::echo(body(77, 70_000)));
    pair.settle();
    assert!(pair.reply(echo) == body(77, 70_000));
    for index in streams {
        assert!(pair.server_read(index).unwrap() == body(index, 50_000));
        assert!(pair.client_read(index).unwrap() == body(index, 60_000));
    }
}

#[test]
fn the_first_message_may_come_with_the_request() {
    use crate::frame::Flags;
    for (flags, messages, ended) in [
        (Flags::NONE, 0, false),
        (Flags::END_STREAM, 0, true),
        (Flags::END_MESSAGE, 1, false),
        (lone::WHOLE, 1, true),
    ] {
        let mut server = lone::LoneServer::established();
        server.send(&lone::request(1, flags, TALK, b"")).unwrap();
        let arrived = &server.handlers.arrived[&1];
        assert_eq!(arrived.unread.len(), messages, "{flags:?}");
        assert_eq!(arrived.ended, ended, "{flags:?}");
        assert_eq!(server.session.stats().late_frames, 0);
    }
}

#[test]
fn the_stream_of_replies_begins_once() {
    let mut pair = Pair::established();
    let held = pair.held();
    let index = pair.start_replying(LIST);
    pair.begin(index);
    assert_eq!(pair.server_send(index, "one"), Offered::Taken);
    assert_eq!(pair.client_reads_all(index), ["one"]);
    assert!(pair.answer(index, b""));
    pair.settle();
    pair.reply(index);
    assert_eq!(pair.held(), held);
}

#[test]
fn leading_metadata_over_the_limit_are_refused_and_the_call_can_still_be_answered() {
    let mut pair = Pair::established();
    let index = pair.start_streaming(LIST);
    let id = pair.id(index);
    let mut metadata = Metadata::new();
    metadata.insert("large", "x".repeat(20_000)).unwrap();
    let error = pair.server.send_headers(id, &metadata).unwrap_err();
    assert_eq!(error.code(), Code::ResourceExhausted);
    assert_eq!(pair.server_send(index, "one"), Offered::Closed);
    pair.fail(index, &error);
    pair.settle();
    assert_eq!(pair.error(index).code(), Code::ResourceExhausted);
}
