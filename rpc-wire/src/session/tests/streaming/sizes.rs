//! Messages of every size: frames, windows and limits.

use super::super::lone::*;
use super::*;
use crate::frame::{Flags, FrameType, window as window_frame};
use crate::{DEFAULT_MAX_FRAME_BODY, INITIAL_STREAM_WINDOW};

const LIMIT: u64 = 5 * MIB as u64;

/// Sizes at which something changes.
fn edges() -> Vec<usize> {
    let edges = [
        0,
        DEFAULT_MAX_FRAME_BODY as usize,
        INITIAL_STREAM_WINDOW as usize / 2,
        INITIAL_STREAM_WINDOW as usize,
        LIMIT as usize,
    ];
    let around = edges
        .into_iter()
        .flat_map(|edge| [edge.saturating_sub(1), edge, edge + 1]);
    around.filter(|size| *size as u64 <= LIMIT).collect()
}

#[test]
fn messages_of_all_sizes_reach_the_handler() {
    let mut pair = Pair::streaming(LIMIT, INITIAL_STREAM_WINDOW);
    let held = pair.held();
    let index = pair.start_streaming(COLLECT);
    for (seed, size) in edges().into_iter().enumerate() {
        assert_eq!(pair.client_send(index, body(seed, size)), Offered::Taken);
        let read = pair.server_reads_all(index);
        assert!(read == [body(seed, size)], "{size} bytes");
    }
    assert!(pair.answer(index, b""));
    pair.settle();
    assert_eq!(pair.held(), held);
}

#[test]
fn messages_of_all_sizes_reach_the_caller() {
    let mut pair = Pair::streaming(LIMIT, INITIAL_STREAM_WINDOW);
    let held = pair.held();
    let index = pair.start_replying(LIST);
    for (seed, size) in edges().into_iter().enumerate() {
        assert_eq!(pair.server_send(index, body(seed, size)), Offered::Taken);
        let read = pair.client_reads_all(index);
        assert!(read == [body(seed, size)], "{size} bytes");
    }
    assert!(pair.answer(index, b""));
    pair.settle();
    assert_eq!(pair.held(), held);
}

#[test]
fn a_request_over_the_limit_ends_its_stream_only() {
    for limit in [1000, LIMIT] {
        let mut pair = Pair::streaming(limit, INITIAL_STREAM_WINDOW);
        let held = pair.held();
        let other = pair.start_streaming(COLLECT);
        let index = pair.start_streaming(COLLECT);
        let at_limit = body(1, limit as usize);
        assert_eq!(pair.client_send(index, at_limit.clone()), Offered::Taken);
        assert!(pair.server_reads_all(index) == [at_limit]);
        pair.client_send(index, body(1, limit as usize + 1));
        assert!(pair.server_reads_all(index).is_empty());
        let error = pair.error(index);
        assert_eq!(error.code(), Code::ResourceExhausted);
        assert!(error.may_have_run(), "the handler had begun");
        let id = pair.id(index);
        assert_eq!(pair.handlers.cancelled, [(id, Code::ResourceExhausted)]);
        assert_eq!(pair.client_send(index, "more"), Offered::Closed);
        assert_eq!(pair.client_send(other, "more"), Offered::Taken);
        assert_eq!(pair.server_reads_all(other), ["more"]);
        pair.release(other);
        pair.settle();
        assert_eq!(pair.held(), held);
    }
}

#[test]
fn a_reply_over_the_limit_ends_its_stream_only() {
    for limit in [1000, LIMIT] {
        let mut pair = Pair::streaming(limit, INITIAL_STREAM_WINDOW);
        let held = pair.held();
        let other = pair.start_replying(LIST);
        let index = pair.start_replying(LIST);
        let at_limit = body(1, limit as usize);
        assert_eq!(pair.server_send(index, at_limit.clone()), Offered::Taken);
        assert!(pair.client_reads_all(index) == [at_limit]);
        pair.server_send(index, body(1, limit as usize + 1));
        assert!(pair.client_reads_all(index).is_empty());
        assert_eq!(pair.error(index).code(), Code::ResourceExhausted);
        let id = pair.id(index);
        assert_eq!(pair.handlers.cancelled, [(id, Code::ResourceExhausted)]);
        assert_eq!(pair.server_send(index, "more"), Offered::Closed);
        assert_eq!(pair.server_send(other, "more"), Offered::Taken);
        assert_eq!(pair.client_reads_all(other), ["more"]);
        pair.release(other);
        pair.settle();
        assert_eq!(pair.held(), held);
    }
}

#[test]
fn a_message_within_a_frame_and_the_window_is_one_frame() {
    let mut client = LoneClient::established();
    let id = client.start(&Call::new(TALK, ""));
    client.sent();
    for size in [0, 1, DEFAULT_MAX_FRAME_BODY as usize] {
        client.session.send(id, body(1, size));
        let sent = client.sent();
        assert_eq!(sent.len(), 1);
        assert!(sent[0].has(Flags::END_MESSAGE) && !sent[0].has(Flags::END_STREAM));
        assert_eq!(sent[0].body, body(1, size));
    }
    client
        .session
        .send(id, body(1, DEFAULT_MAX_FRAME_BODY as usize + 1));
    let sent = client.sent();
    assert_eq!(sent.len(), 2);
    assert!(!sent[0].has(Flags::END_MESSAGE) && sent[1].has(Flags::END_MESSAGE));
}

#[test]
fn the_half_close_rides_on_a_message_in_part_or_follows_on_its_own() {
    let mut client = LoneClient::established();
    let whole = client.start(&Call::new(TALK, ""));
    let in_part = client.start(&Call::new(TALK, ""));
    client.sent();
    client.session.send(whole, Bytes::from("x"));
    client.session.finish_sending(whole);
    let sent = client.sent();
    assert!(sent[0].has(Flags::END_MESSAGE) && !sent[0].has(Flags::END_STREAM));
    assert!(sent[1].has(Flags::END_STREAM) && sent[1].body.is_empty());
    client.session.send(in_part, body(1, 20_000));
    client.session.finish_sending(in_part);
    client.session.finish_sending(in_part);
    let sent = client.sent();
    assert_eq!(sent.len(), 2);
    assert!(!sent[0].has(Flags::END_STREAM) && sent[1].has(WHOLE));
    assert_eq!(client.session.held(), (2, 0, client.session.held().2));
}

#[test]
fn a_sender_keeps_to_its_window_and_asks_once() {
    let mut client = LoneClient::established();
    let id = client.start(&Call::new(TALK, ""));
    client.sent();
    let mut sent = Vec::new();
    while client.session.send(id, body(1, 1000)) == Offered::Taken {
        sent.extend(client.sent());
    }
    sent.extend(client.sent());
    let last = sent.pop().unwrap();
    assert_eq!(last.frame_type(), FrameType::Window);
    assert_eq!(window_frame::decode(&last.body), Ok(window_frame::BLOCKED));
    assert!(
        sent.iter()
            .all(|frame| frame.frame_type() == FrameType::Data)
    );
    let cost = sent
        .iter()
        .map(|frame| match frame.has(Flags::END_MESSAGE) {
            true => message_cost(frame.body.len()),
            false => frame.body.len() as u64,
        });
    assert_eq!(cost.sum::<u64>(), u64::from(INITIAL_STREAM_WINDOW));
    assert_eq!(client.session.send(id, Bytes::from("x")), Offered::Full);
    assert!(client.sent().is_empty());
    client.send(&window(id, 10_000)).unwrap();
    assert!(client.sent()[0].has(Flags::END_MESSAGE));
    assert_eq!(client.session.send(id, Bytes::from("x")), Offered::Taken);
}

#[test]
fn the_final_body_comes_out_of_the_window_that_the_messages_left() {
    let mut server = LoneServer::established();
    server.send(&request(1, WHOLE, LIST, b"")).unwrap();
    server.session.send_headers(1, &Metadata::new()).unwrap();
    let most = (u64::from(INITIAL_STREAM_WINDOW) - message_cost(10)) as usize;
    assert_eq!(server.session.send(1, body(1, most)), Offered::Taken);
    server.sent();
    let (_, responder) = server.session.responder(1).unwrap();
    responder.status(&Status::not_found("x".repeat(50)), true);
    let sent = server.sent();
    assert!(sent[0].has(Flags::END_STREAM) && !sent[0].has(Flags::END_MESSAGE));
    assert_eq!(sent[0].body.len(), 10);
    assert_eq!(sent[1].frame_type(), FrameType::Window, "it asks");
    assert_eq!(server.session.open_streams(), 1, "answered in part");
    server.send(&window(1, 1000)).unwrap();
    let sent = server.sent();
    assert!(sent[0].has(Flags::END_MESSAGE));
    assert_eq!(server.session.open_streams(), 0);
}

#[test]
fn a_final_body_that_takes_the_place_of_a_message_asks_once_for_its_window() {
    let mut server = LoneServer::established();
    server.send(&request(1, WHOLE, LIST, b"")).unwrap();
    server.session.send_headers(1, &Metadata::new()).unwrap();
    assert_eq!(server.session.send(1, body(1, 2 * MIB)), Offered::Taken);
    let (_, responder) = server.session.responder(1).unwrap();
    let details = body(1, INITIAL_STREAM_WINDOW as usize);
    responder.status(&Status::not_found("gone").with_details(details), true);
    let sent = server.sent();
    let asked = sent
        .iter()
        .filter(|frame| frame.frame_type() == FrameType::Window);
    assert_eq!(asked.count(), 1);
}

#[test]
fn a_final_body_over_the_window_that_the_messages_left_is_a_flow_control_error() {
    for whole in [true, false] {
        let mut client = LoneClient::established();
        client.start(&Call::new(LIST, ""));
        client.send(&response(1, Flags::NONE, b"")).unwrap();
        let piece = data(1, Flags::END_MESSAGE, &[0; 16 * 1024 - 64]);
        (0..MIB / (16 * 1024)).for_each(|_| client.send(&piece).unwrap());
        let flags = if whole { WHOLE } else { Flags::END_STREAM };
        let error = client.send(&response(1, flags, b"x")).unwrap_err();
        assert_eq!(error.code(), GoAwayCode::FlowControlError);
    }
}

#[test]
fn an_error_reaches_a_caller_whose_window_is_full_once_it_reads() {
    let mut pair = Pair::established();
    let held = pair.held();
    let index = pair.start_replying(LIST);
    let messages = [Bytes::from("not read yet"), body(1, 2 * MIB)];
    for message in &messages {
        assert_eq!(pair.server_send(index, message.clone()), Offered::Taken);
    }
    pair.settle();
    pair.fail(index, &Status::not_found("gone"));
    pair.settle();
    assert!(pair.is_open(index), "the error waits for the window");
    assert_eq!(pair.client_reads_all(index), ["not read yet"]);
    assert_eq!(pair.error(index).message(), "gone");
    assert_eq!(pair.held(), held);
}
