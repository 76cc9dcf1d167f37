//! How streams end: well, in the middle, too early and too late.

use super::super::lone::*;
use super::*;
use crate::frame::{Flags, FrameType, ResponseMetadata};

/// A client with a call to [`TALK`] that the server has begun to answer.
fn talking_client() -> LoneClient {
    let mut client = LoneClient::established();
    client.start(&Call::new(TALK, ""));
    client.send(&response(1, Flags::NONE, b"")).unwrap();
    client.sent();
    client
}

/// A server with a call to [`TALK`] that has begun to answer.
fn talking_server() -> LoneServer {
    let mut server = LoneServer::established();
    server.send(&request(1, Flags::NONE, TALK, b"")).unwrap();
    server.session.send_headers(1, &Metadata::new()).unwrap();
    server.sent();
    server
}

#[test]
fn a_stream_of_requests_that_ends_inside_a_message_is_an_error_of_the_stream() {
    for last in [
        data(1, Flags::END_STREAM, b"half"),
        [
            data(1, Flags::NONE, b"half"),
            data(1, Flags::END_STREAM, b""),
        ]
        .concat(),
    ] {
        let mut server = talking_server();
        let free = server.session.held().2;
        server.send(&last).unwrap();
        let answer = server.sent_one();
        assert_eq!(answer.status().0, Code::Internal);
        assert!(!answer.has(Flags::NOT_EXECUTED), "the handler had begun");
        assert_eq!(server.handlers.cancelled, [(1, Code::Internal)]);
        assert_eq!(server.session.held(), (0, 0, free));
    }
}

#[test]
fn a_stream_of_replies_that_ends_well_inside_a_message_has_failed() {
    for last in [
        response(1, WHOLE, b""),
        [
            response(1, Flags::END_STREAM, b""),
            data(1, Flags::END_MESSAGE, b""),
        ]
        .concat(),
    ] {
        let mut client = talking_client();
        let free = client.session.held().2;
        client.send(&data(1, Flags::NONE, b"half")).unwrap();
        client.send(&last).unwrap();
        assert_eq!(client.error().code(), Code::Internal);
        assert_eq!(client.session.held(), (0, 0, free));
    }
}

#[test]
fn an_error_may_come_inside_a_message() {
    let mut pair = Pair::established();
    let held = pair.held();
    let index = pair.start_replying(LIST);
    let id = pair.id(index);
    assert_eq!(pair.server_send(index, "whole"), Offered::Taken);
    assert_eq!(pair.server_send(index, body(1, 3 * MIB)), Offered::Taken);
    pair.down_in_all(500_000);
    assert!(pair.server.is_sending(id));
    pair.fail(index, &Status::not_found("lost the rest"));
    pair.settle();
    assert_eq!(pair.client_reads_all(index), ["whole"]);
    assert_eq!(pair.error(index).message(), "lost the rest");
    assert_eq!(pair.held(), held);
}

#[test]
fn leading_metadata_come_once() {
    let mut client = talking_client();
    let error = client.send(&response(1, Flags::NONE, b"")).unwrap_err();
    assert!(error.message().contains("twice"), "{error}");
}

#[test]
fn messages_before_leading_metadata_are_an_error() {
    let mut client = LoneClient::established();
    client.start(&Call::new(TALK, ""));
    let error = client.send(&data(1, Flags::END_MESSAGE, b"x")).unwrap_err();
    assert!(error.message().contains("before RESPONSE"), "{error}");
}

#[test]
fn a_stream_for_a_method_with_one_reply_is_given_up() {
    for path in [ECHO, COLLECT] {
        let mut client = LoneClient::established();
        client.start(&Call::new(path, ""));
        client.sent();
        client.send(&response(1, Flags::NONE, b"")).unwrap();
        assert_eq!(client.error().code(), Code::Internal);
        assert_eq!(client.sent()[0].frame_type(), FrameType::Cancel);
    }
}

#[test]
fn a_compressed_message_that_was_not_agreed_ends_the_stream() {
    let flags = Flags::COMPRESSED | Flags::END_MESSAGE;
    let mut server = talking_server();
    server.send(&data(1, flags, b"x")).unwrap();
    assert_eq!(server.sent_one().status().0, Code::Unimplemented);
    assert_eq!(server.handlers.cancelled, [(1, Code::Unimplemented)]);
    server.send(&data(1, Flags::END_STREAM, b"")).unwrap();
    assert_eq!(server.session.stats().late_frames, 1);

    let mut client = talking_client();
    client.send(&data(1, flags, b"x")).unwrap();
    assert_eq!(client.error().code(), Code::Unimplemented);
    assert_eq!(client.sent()[0].frame_type(), FrameType::Cancel);
}

#[test]
fn messages_behind_the_half_close_are_an_error_of_the_connection() {
    let mut server = talking_server();
    server.send(&data(1, WHOLE, b"last")).unwrap();
    let error = server.send(&data(1, WHOLE, b"more")).unwrap_err();
    assert!(error.message().contains("behind the end"), "{error}");
}

#[test]
fn a_final_response_stops_the_upload_and_late_messages_are_dropped_and_counted() {
    let mut pair = Pair::established();
    let held = pair.held();
    let index = pair.start_streaming(COLLECT);
    assert_eq!(pair.client_send(index, body(1, 600_000)), Offered::Taken);
    pair.up(100_000).unwrap();
    pair.fail(index, &Status::not_found("enough"));
    pair.settle();
    assert_eq!(pair.error(index).message(), "enough");
    assert!(pair.server.stats().late_frames > 0);
    assert!(pair.up.written < 400_000, "what was taken for writing");
    assert_eq!(pair.client_send(index, "more"), Offered::Closed);
    pair.half_close(index);
    let (late, written) = (pair.server.stats().late_frames, pair.up.written);
    pair.settle();
    assert_eq!(pair.server.stats().late_frames, late);
    assert_eq!(pair.up.written, written, "the client has nothing to add");
    assert_eq!(pair.held(), held);
}

#[test]
fn the_first_byte_of_a_final_response_stops_the_upload() {
    let mut client = talking_client();
    client.session.send(1, body(1, 3 * MIB));
    client.sent();
    client.send(&response(1, Flags::END_STREAM, b"")).unwrap();
    assert_eq!(client.session.send(1, Bytes::from("more")), Offered::Closed);
    client.send(&window(1, 100_000)).unwrap();
    assert!(client.sent().is_empty());
    client.send(&data(1, Flags::END_MESSAGE, b"")).unwrap();
    assert!(matches!(client.outcome(), Outcome::Reply { .. }));
    assert_eq!(client.session.stats().late_frames, 0);
}

#[test]
fn a_handler_that_answers_before_the_first_message_leaves_nothing_behind() {
    let mut pair = Pair::established();
    let held = pair.held();
    let index = pair.start(&Call::new(HASTY, ""));
    assert_eq!(pair.client_send(index, "late"), Offered::Taken);
    pair.settle();
    assert_eq!(pair.error(index).code(), Code::NotFound);
    assert_eq!(pair.server.stats().late_frames, 1, "the message only");
    assert_eq!(pair.held(), held);
}

#[test]
fn a_released_stream_is_cancelled_and_late_replies_are_dropped_and_counted() {
    let mut pair = Pair::established();
    let held = pair.held();
    let index = pair.start_replying(TALK);
    let id = pair.id(index);
    pair.client_send(index, body(1, 2 * MIB));
    pair.server_send(index, body(2, 2 * MIB));
    pair.up(100_000).unwrap();
    pair.down(100_000).unwrap();
    assert_eq!(pair.release(index), Some(index));
    assert_eq!(pair.client_send(index, "more"), Offered::Closed);
    pair.settle();
    assert_eq!(pair.handlers.cancelled, [(id, Code::Cancelled)]);
    assert_eq!(pair.server_send(index, "more"), Offered::Closed);
    assert!(pair.client.stats().late_frames > 0);
    assert_eq!(pair.held(), held);
}

#[test]
fn an_aborted_stream_ends_at_both_ends() {
    let mut pair = Pair::established();
    let held = pair.held();
    let index = pair.start_streaming(COLLECT);
    let id = pair.id(index);
    pair.client_send(index, body(1, 2 * MIB));
    let status = Status::invalid_argument("cannot be encoded");
    pair.client.abort(id, status, &mut pair.calls);
    pair.settle();
    assert_eq!(pair.error(index).message(), "cannot be encoded");
    assert_eq!(pair.handlers.cancelled, [(id, Code::InvalidArgument)]);
    let status = Status::internal("again");
    pair.client.abort(id, status, &mut pair.calls);
    assert!(!pair.client.has_output());
    assert_eq!(pair.held(), held);
}

#[test]
fn a_deadline_ends_a_stream_at_both_ends() {
    let mut pair = Pair::established();
    let held = pair.held();
    let timeout = Some(Duration::from_secs(1));
    let index = pair.start(&Call {
        timeout,
        ..Call::new(TALK, "")
    });
    pair.settle();
    pair.begin(index);
    pair.client_send(index, body(1, 2 * MIB));
    pair.server_send(index, body(2, 2 * MIB));
    pair.up(300_000).unwrap();
    pair.down(300_000).unwrap();
    pair.advance(Duration::from_secs(2));
    assert_eq!(pair.error(index).code(), Code::DeadlineExceeded);
    let id = pair.id(index);
    assert_eq!(pair.handlers.cancelled, [(id, Code::DeadlineExceeded)]);
    pair.settle();
    assert_eq!(pair.held(), held);
}

#[test]
fn streams_go_on_while_the_server_drains_and_it_waits_for_them() {
    let mut pair = Pair::established();
    let index = pair.start_replying(TALK);
    pair.server.drain("shutting down");
    pair.settle();
    assert!(pair.client.is_draining() && !pair.client.is_finished());
    assert!(!pair.server.is_finished(), "a stream is open");
    assert_eq!(pair.client_send(index, body(1, 2 * MIB)), Offered::Taken);
    assert!(pair.server_reads_all(index) == [body(1, 2 * MIB)]);
    assert_eq!(pair.server_send(index, body(2, 2 * MIB)), Offered::Taken);
    assert!(pair.client_reads_all(index) == [body(2, 2 * MIB)]);
    assert!(pair.answer(index, b""));
    pair.settle();
    pair.reply(index);
    assert!(pair.server.is_finished() && pair.client.is_finished());
}

#[test]
fn a_stream_above_the_last_of_a_goaway_was_not_executed() {
    let mut pair = Pair::established();
    pair.server.drain("shutting down");
    pair.server.finish_drain();
    let index = pair.start(&Call::new(COLLECT, ""));
    pair.client_send(index, body(1, 2 * MIB));
    pair.settle();
    let error = pair.error(index);
    assert_eq!(error.code(), Code::Unavailable);
    assert!(!error.may_have_run());
    assert!(!pair.was_dispatched(index));
    assert!(pair.client.is_finished() && pair.server.is_finished());
}

#[test]
fn a_lost_stream_may_have_run_once_its_first_frame_was_written() {
    for (written, finish) in [(false, false), (true, false), (true, true)] {
        let mut pair = Pair::established();
        let index = pair.start(&Call::new(COLLECT, ""));
        if written {
            pair.settle();
        }
        pair.client_send(index, body(1, 2 * MIB));
        if finish {
            // Its last byte is queued, but that of the request has left.
            pair.half_close(index);
            pair.client.take_output(&mut pair.up.output);
        }
        pair.lose("cut");
        assert_eq!(pair.error(index).may_have_run(), written);
        assert_eq!(pair.client_send(index, "more"), Offered::Closed);
        pair.client.consumed(pair.id(index), message_cost(10));
        assert!(!pair.client.has_output());
        assert_eq!(pair.client.open_streams(), 0);
    }
}

#[test]
fn a_stream_that_was_half_closed_in_part_may_have_run_before_its_last_byte_was_written() {
    let mut pair = Pair::established();
    let index = pair.start_streaming(COLLECT);
    pair.client_send(index, body(1, 200_000));
    pair.half_close(index);
    pair.up(1000).unwrap();
    assert!(pair.client.held().1 == 0, "all is on its way");
    pair.lose("cut");
    assert!(pair.error(index).may_have_run());
}

#[test]
fn a_server_that_loses_its_client_cancels_open_streams() {
    let mut pair = Pair::established();
    let index = pair.start_replying(TALK);
    let id = pair.id(index);
    pair.server_send(index, body(1, 2 * MIB));
    pair.server.cancel_all(&mut pair.handlers);
    assert_eq!(pair.handlers.cancelled, [(id, Code::Cancelled)]);
    assert_eq!(pair.server.open_streams(), 0);
    assert_eq!(pair.server_send(index, "more"), Offered::Closed);
    pair.server.consumed(id, message_cost(10));
    assert!(!pair.server.is_sending(id));
}

#[test]
fn a_stream_that_ends_well_with_a_body_did_not_end_well() {
    for whole in [true, false] {
        let mut client = LoneClient::established();
        client.start(&Call::new(LIST, ""));
        client.send(&response(1, Flags::NONE, b"")).unwrap();
        if whole {
            client.send(&response(1, WHOLE, b"what is it?")).unwrap();
        } else {
            client
                .send(&response(1, Flags::END_STREAM, b"what "))
                .unwrap();
            client
                .send(&data(1, Flags::END_MESSAGE, b"is it?"))
                .unwrap();
        }
        assert_eq!(client.error().code(), Code::Internal);
        assert!(client.error().message().contains("which is no message"));
    }
}

#[test]
fn leading_metadata_with_the_code_of_an_error_end_the_stream() {
    let metadata = ResponseMetadata::new(Code::NotFound, &Metadata::new());
    let metadata = prost::Message::encode_to_vec(&metadata);
    let mut client = LoneClient::established();
    client.start(&Call::new(LIST, ""));
    client.sent();
    let leading = frame(FrameType::Response, Flags::NONE, 1, &metadata, b"");
    client.send(&leading).unwrap();
    assert_eq!(client.error().code(), Code::Internal);
    assert_eq!(client.sent()[0].frame_type(), FrameType::Cancel);
}
