//! CANCEL in both directions, and frames that come too late.

use super::lone::*;
use super::*;
use crate::frame::{Flags, FrameType, cancel as cancel_frame};

#[test]
fn releasing_an_open_stream_cancels_it_at_the_server() {
    let mut pair = Pair::established();
    let index = pair.start(&Call::later("x"));
    pair.settle();
    assert_eq!(pair.release(index), Some(index));
    assert_eq!(pair.client.open_streams(), 0);
    pair.settle();
    assert_eq!(
        pair.handlers.cancelled,
        [(pair.calls.ids[index], Code::Cancelled)]
    );
    assert!(!pair.answer(index, b"too late"));
    assert_eq!(pair.server.open_streams(), 0);
    assert!(
        pair.is_open(index),
        "whoever releases a stream is not told about it"
    );
}

#[test]
fn a_late_answer_is_dropped_and_counted_and_reaches_nobody() {
    let mut pair = Pair::established();
    let index = pair.start(&Call::later("x"));
    pair.settle();
    pair.answer(index, b"crosses the CANCEL");
    pair.release(index);
    let other = pair.start(&Call::later("y"));
    pair.settle();
    assert_eq!(pair.client.stats().late_frames, 1);
    assert_eq!(pair.server.stats().late_frames, 1, "the CANCEL");
    assert!(pair.is_open(index) && pair.is_open(other));
    assert!(pair.handlers.cancelled.is_empty());
}

#[test]
fn every_kind_of_late_frame_is_dropped_and_counted() {
    let mut server = LoneServer::established();
    server.send(&request(1, WHOLE, ECHO, b"")).unwrap();
    server.sent_one();
    for bytes in [
        data(1, WHOLE, b"x"),
        cancel(1, Code::Cancelled),
        window(1, 0),
    ] {
        server.send(&bytes).unwrap();
    }
    assert_eq!(server.session.stats().late_frames, 3);
    assert!(server.sent().is_empty());

    let mut client = LoneClient::established();
    client.start(&Call::echo(""));
    client.send(&response(1, WHOLE, b"x")).unwrap();
    client.sent();
    for bytes in [
        response(1, WHOLE, b"y"),
        data(1, WHOLE, b"x"),
        cancel(1, Code::Internal),
        window(1, 0),
    ] {
        client.send(&bytes).unwrap();
    }
    assert_eq!(client.session.stats().late_frames, 4);
    assert!(client.sent().is_empty());
    assert!(matches!(client.outcome(), Outcome::Reply { body, .. } if body.bytes == "x"));
}

#[test]
fn a_grant_for_a_body_that_is_complete_is_not_late() {
    let mut server = LoneServer::established();
    server.send(&request(1, WHOLE, ECHO, b"")).unwrap();
    server.send(&window(1, 1000)).unwrap();
    assert_eq!(server.session.stats().late_frames, 0);
}

#[test]
fn a_call_that_the_server_cancels_ends_with_its_code_and_may_have_run() {
    let mut client = LoneClient::established();
    client.start(&Call::echo(""));
    client.send(&cancel(1, Code::Aborted)).unwrap();
    assert_eq!(client.error().code(), Code::Aborted);
    assert!(client.error().may_have_run());
    assert_eq!(client.session.open_streams(), 0);
}

#[test]
fn a_call_that_is_cancelled_with_ok_has_failed() {
    let mut client = LoneClient::established();
    client.start(&Call::echo(""));
    client.send(&cancel(1, Code::Ok)).unwrap();
    assert_eq!(client.error().code(), Code::Unknown);
}

#[test]
fn a_request_that_is_cancelled_half_way_is_never_dispatched() {
    let mut pair = Pair::established();
    let held = pair.server.held();
    let index = pair.start(&Call::echo(body(1, 3_000_000)));
    pair.up_in_all(700_000);
    assert_eq!(pair.server.open_streams(), 1);
    assert!(
        pair.server.held().2 != held.2,
        "a part of the budget is granted"
    );
    pair.release(index);
    pair.settle();
    assert!(pair.handlers.dispatched.is_empty() && pair.handlers.cancelled.is_empty());
    assert_eq!(pair.server.held(), held);
    assert_eq!(pair.client.held().1, 0, "the rest of the body is forgotten");
}

#[test]
fn a_reply_that_is_cancelled_half_way_stops_and_gives_its_budget_back() {
    let mut pair = Pair::established();
    let held = pair.client.held();
    let index = pair.start(&Call::later("x"));
    pair.settle();
    pair.answer(index, &body(1, 3_000_000));
    pair.down_in_all(700_000);
    assert!(pair.client.held().2 != held.2);
    pair.release(index);
    assert_eq!(pair.client.held(), held);
    pair.settle();
    assert_eq!(pair.server.open_streams(), 0);
    assert!(pair.down.written < 1_500_000, "the server stops sending");
    assert_eq!(
        pair.server.stats().late_frames,
        0,
        "the reply was on its way"
    );
}

#[test]
fn a_final_response_stops_the_upload() {
    let mut client = LoneClient::established();
    client.start(&Call::echo(body(1, 900_000)));
    let mut output = Output::default();
    client.session.take_output(&mut output);
    assert!(client.session.has_output());
    // The reply itself comes in two parts.
    client
        .send(&response(1, Flags::END_STREAM, b"half"))
        .unwrap();
    let sent = client.sent();
    assert!(sent.is_empty(), "{sent:?}");
    client
        .send(&data(1, Flags::END_MESSAGE, b" and half"))
        .unwrap();
    assert!(
        matches!(client.outcome(), Outcome::Reply { body, .. } if body.bytes == "half and half")
    );
}

#[test]
fn a_stream_of_replies_is_cancelled() {
    let mut client = LoneClient::established();
    client.start(&Call::echo(""));
    client.sent();
    client.send(&response(1, Flags::NONE, b"")).unwrap();
    assert_eq!(client.error().code(), Code::Internal);
    let sent = client.sent();
    assert_eq!(sent[0].frame_type(), FrameType::Cancel);
    assert_eq!(cancel_frame::decode(&sent[0].body), Ok(Code::Cancelled));
}

#[test]
fn more_late_frames_than_can_be_on_their_way_are_excessive_load() {
    let mut server = LoneServer::established();
    server.send(&request(1, WHOLE, ECHO, b"")).unwrap();
    let late = data(1, Flags::END_MESSAGE, b"x");
    let error = (0..100).find_map(|_| server.send(&late).err()).unwrap();
    assert_eq!(error.code(), GoAwayCode::ExcessiveLoad);
    assert!(error.message().contains("stream 1"), "{error}");
}

#[test]
fn a_whole_window_of_small_messages_may_come_too_late() {
    let mut server = LoneServer::established();
    server.send(&request(1, Flags::NONE, TALK, b"")).unwrap();
    let (_, responder) = server.session.responder(1).unwrap();
    responder.message(&mut BytesMut::new(), &Metadata::new());
    let window = u64::from(crate::INITIAL_STREAM_WINDOW);
    for _ in 0..window / message_cost(1) {
        server.send(&data(1, Flags::END_MESSAGE, b"x")).unwrap();
    }
    server.send(&cancel(1, Code::Cancelled)).unwrap();
}
