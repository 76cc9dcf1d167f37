//! Slow readers, grants and the budget.

use super::super::lone::*;
use super::*;
use crate::INITIAL_STREAM_WINDOW;
use crate::frame::{Flags, FrameType, window as window_frame};

const WINDOW: usize = INITIAL_STREAM_WINDOW as usize;

/// What a message takes from the window beside its bytes.
const OVERHEAD: usize = message_cost(0) as usize;

/// Offers a message of `size` bytes until the stream takes no more; gives how many it took.
fn send_until_full(
    pair: &mut Pair,
    size: usize,
    send: impl Fn(&mut Pair, Bytes) -> Offered,
) -> usize {
    let mut taken = 0;
    loop {
        match send(pair, body(taken, size)) {
            Offered::Taken => taken += 1,
            Offered::Full => return taken,
            Offered::Closed => panic!("the stream is open"),
        }
        pair.settle();
    }
}

#[test]
fn a_handler_that_does_not_read_stalls_its_own_stream_only() {
    let mut pair = Pair::established();
    let slow = pair.start_streaming(COLLECT);
    let quick = pair.start_streaming(COLLECT);
    let taken = send_until_full(&mut pair, 10_000, |pair, message| {
        pair.client_send(slow, message)
    });
    assert_eq!(taken, WINDOW / 10_000 + 1, "the window, and one that waits");
    let id = pair.id(slow);
    assert!(pair.server.arrived_bytes(id) <= WINDOW as u64);
    for seed in 0..300 {
        assert_eq!(pair.client_send(quick, body(seed, 10_000)), Offered::Taken);
        assert!(pair.server_reads_all(quick) == [body(seed, 10_000)]);
    }
    let read = pair.server_reads_all(slow);
    assert!(
        read.iter()
            .enumerate()
            .all(|(seed, message)| *message == body(seed, 10_000))
    );
    assert_eq!(read.len(), taken);
    assert_eq!(pair.client_send(slow, "more"), Offered::Taken);
}

#[test]
fn a_caller_that_does_not_read_stalls_its_own_stream_only() {
    let mut pair = Pair::established();
    let slow = pair.start_replying(LIST);
    let quick = pair.start_replying(LIST);
    let taken = send_until_full(&mut pair, 10_000, |pair, message| {
        pair.server_send(slow, message)
    });
    assert_eq!(taken, WINDOW / 10_000 + 1, "the window, and one that waits");
    let id = pair.id(slow);
    assert!(pair.client.arrived_bytes(id) <= WINDOW as u64);
    for seed in 0..300 {
        assert_eq!(pair.server_send(quick, body(seed, 10_000)), Offered::Taken);
        assert!(pair.client_reads_all(quick) == [body(seed, 10_000)]);
    }
    assert_eq!(pair.client_reads_all(slow).len(), taken);
    assert_eq!(pair.server_send(slow, "more"), Offered::Taken);
}

#[test]
fn what_is_held_for_a_slow_reader_of_large_messages_is_bounded() {
    let limit = 3 * MIB;
    let mut pair = Pair::streaming(limit as u64, INITIAL_STREAM_WINDOW);
    let index = pair.start_streaming(COLLECT);
    let id = pair.id(index);
    let (mut sent, mut read) = (0, 0);
    while read < 20 {
        while sent < 20 && pair.client_send(index, body(sent, limit - sent)) == Offered::Taken {
            sent += 1;
        }
        pair.settle();
        assert!(pair.server.arrived_bytes(id) <= message_cost(limit) + 1);
        let message = pair.server_read(index).expect("a message gets through");
        assert!(message == body(read, limit - read), "message {read}");
        read += 1;
    }
}

#[test]
fn small_messages_are_granted_half_a_window_at_a_time() {
    let mut server = LoneServer::established();
    server.send(&request(1, Flags::NONE, COLLECT, b"")).unwrap();
    let mut grants = Vec::new();
    for _ in 0..10 * WINDOW / 1000 {
        server
            .send(&data(1, Flags::END_MESSAGE, &[0; 1000]))
            .unwrap();
        server.session.consumed(1, message_cost(1000));
        grants.extend(server.sent());
    }
    assert!(grants.len() <= 22, "{} WINDOW frames", grants.len());
    for grant in &grants {
        assert_eq!(grant.frame_type(), FrameType::Window);
        assert!(window_frame::decode(&grant.body).unwrap() as usize >= WINDOW / 2);
    }
}

#[test]
fn a_question_that_crossed_a_grant_holds_nothing_of_the_budget() {
    let mut pair = Pair::established();
    let index = pair.start_streaming(COLLECT);
    let held = pair.held();
    let id = pair.id(index);
    for _ in 0..3 {
        pair.up.input.extend_from_slice(&window(id, 0));
        pair.up(0).unwrap();
    }
    assert_eq!(pair.held(), held);
}

#[test]
fn a_question_of_a_server_that_crossed_a_grant_holds_nothing_of_the_budget() {
    let mut pair = Pair::established();
    let index = pair.start_replying(LIST);
    let held = pair.held();
    let id = pair.id(index);
    pair.down.input.extend_from_slice(&window(id, 0));
    pair.down(0).unwrap();
    assert_eq!(pair.held(), held);
}

/// A message of this size is as large as all that both ends share.
const WHOLE_BUDGET: u64 = 16 * MIB as u64;

#[test]
fn a_message_that_is_complete_makes_room_for_one_that_waits_at_the_server() {
    let mut pair = Pair::streaming(WHOLE_BUDGET, INITIAL_STREAM_WINDOW);
    let free = pair.server.held().2;
    let calls: Vec<_> = (0..4).map(|_| pair.start_streaming(COLLECT)).collect();
    for &index in &calls {
        assert_eq!(
            pair.client_send(index, body(index, 2 * MIB)),
            Offered::Taken
        );
    }
    pair.settle();
    for &index in &calls {
        assert!(pair.server_read(index).expect("complete") == body(index, 2 * MIB));
    }
    assert_eq!(pair.server.held().2, free);
}

#[test]
fn a_message_that_is_complete_makes_room_for_one_that_waits_at_the_client() {
    let mut pair = Pair::streaming(WHOLE_BUDGET, INITIAL_STREAM_WINDOW);
    let free = pair.client.held().2;
    let calls: Vec<_> = (0..4).map(|_| pair.start_replying(LIST)).collect();
    for &index in &calls {
        assert_eq!(
            pair.server_send(index, body(index, 2 * MIB)),
            Offered::Taken
        );
    }
    pair.settle();
    for &index in &calls {
        assert!(pair.client_read(index).expect("complete") == body(index, 2 * MIB));
    }
    assert_eq!(pair.client.held().2, free);
}

#[test]
fn a_final_response_inside_a_message_gives_back_its_part_of_the_budget() {
    let mut client = LoneClient::established();
    let free = client.session.held().2;
    let waiting = client.exhaust_budget(&Call::new(LIST, ""), Flags::NONE);
    let error = frame(
        FrameType::Response,
        Flags::END_STREAM | Flags::STATUS,
        1,
        &[8, 5],
        b"",
    );
    client.send(&error).unwrap();
    let sent = client.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].header.stream_id, waiting, "now it is its turn");
    client.send(&data(1, Flags::END_MESSAGE, b"")).unwrap();
    assert_eq!(client.error().code(), Code::NotFound);
    for id in 2..=waiting {
        client.session.release(id);
    }
    assert_eq!(client.session.held().2, free);
}

#[test]
fn more_bytes_of_messages_than_the_window_are_a_flow_control_error() {
    let piece = |id| data(id, Flags::END_MESSAGE, &[0; 16 * 1024 - OVERHEAD]);
    let mut server = LoneServer::established();
    server.send(&request(1, Flags::NONE, TALK, b"")).unwrap();
    (0..64).for_each(|_| server.send(&piece(1)).unwrap());
    for flags in [Flags::NONE, Flags::END_MESSAGE] {
        let error = server.send(&data(1, flags, b"x")).unwrap_err();
        assert_eq!(error.code(), GoAwayCode::FlowControlError);
    }

    let mut client = LoneClient::established();
    client.start(&Call::new(LIST, ""));
    client.send(&response(1, Flags::NONE, b"")).unwrap();
    (0..64).for_each(|_| client.send(&piece(1)).unwrap());
    let error = client.send(&data(1, Flags::END_MESSAGE, b"x")).unwrap_err();
    assert_eq!(error.code(), GoAwayCode::FlowControlError);
}

#[test]
fn empty_messages_take_from_the_window_until_they_are_read() {
    let mut pair = Pair::established();
    let held = pair.held();
    let index = pair.start_streaming(COLLECT);
    let taken = send_until_full(&mut pair, 0, |pair, message| {
        pair.client_send(index, message)
    });
    assert_eq!(
        taken,
        WINDOW / OVERHEAD + 1,
        "the window, and one that waits"
    );
    assert_eq!(pair.server_reads_all(index).len(), taken);
    assert_eq!(pair.client_send(index, ""), Offered::Taken);
    pair.half_close(index);
    assert_eq!(pair.server_reads_all(index).len(), 1);
    assert!(pair.answer(index, b"done"));
    pair.settle();
    assert_eq!(pair.held(), held);
}

#[test]
fn more_empty_messages_than_the_window_are_a_flow_control_error() {
    let mut server = LoneServer::established();
    server.send(&request(1, Flags::NONE, TALK, b"")).unwrap();
    let empty = data(1, Flags::END_MESSAGE, b"");
    (0..WINDOW / OVERHEAD).for_each(|_| server.send(&empty).unwrap());
    let error = server.send(&empty).unwrap_err();
    assert_eq!(error.code(), GoAwayCode::FlowControlError);
}

/// Round trips that it takes to send so many bytes to a handler that reads them as they arrive.
fn round_trips(pair: &mut Pair, index: usize, bytes: usize) -> usize {
    const MESSAGE: usize = 64 * 1024;
    let (mut sent, mut read, mut trips) = (0, 0, 0);
    while read < bytes {
        loop {
            if sent < bytes && pair.client_send(index, body(1, MESSAGE)) == Offered::Taken {
                sent += MESSAGE;
            }
            if pair.up(usize::MAX).unwrap() == 0 {
                break;
            }
            while let Some(message) = pair.server_read(index) {
                read += message.len();
            }
        }
        while pair.down(usize::MAX).unwrap() > 0 {}
        trips += 1;
    }
    trips
}

#[test]
fn a_window_grows_to_what_the_link_carries_and_gives_the_growth_back() {
    let mut pair = Pair::established();
    let held = pair.held();
    let first = pair.start_streaming(COLLECT);
    let trips = round_trips(&mut pair, first, 64 * MIB);
    assert!(trips <= 10, "{trips} round trips");

    let second = pair.start_streaming(COLLECT);
    let trips = round_trips(&mut pair, second, 16 * MIB);
    assert!(trips >= 14, "{trips} round trips: the first has the growth");
    for index in [first, second] {
        pair.half_close(index);
        assert!(pair.answer(index, b"done"));
        pair.settle();
    }
    assert_eq!(pair.held(), held);
    let third = pair.start_streaming(COLLECT);
    let trips = round_trips(&mut pair, third, 64 * MIB);
    assert!(trips <= 10, "{trips} round trips");
}

#[test]
fn a_window_does_not_grow_for_a_reader_that_does_not_keep_up() {
    let mut pair = Pair::established();
    let index = pair.start_streaming(COLLECT);
    let id = pair.id(index);
    for _ in 0..20 {
        send_until_full(&mut pair, 10_000, |pair, message| {
            pair.client_send(index, message)
        });
        pair.server_read(index).expect("a message is there");
        pair.settle();
        assert!(pair.server.arrived_bytes(id) <= WINDOW as u64 + message_cost(10_000));
    }
}
