//! Windows, grants and turns.

use super::lone::*;
use super::*;
use crate::frame::{Flags, FrameType, Settings, window as window_frame};
use crate::{DEFAULT_GRANT_BUDGET, INITIAL_STREAM_WINDOW, MAX_FRAME_BODY};

const MIB: usize = 1024 * 1024;

fn server_with(settings: Settings) -> ServerConfig {
    ServerConfig {
        settings,
        ..ServerConfig::default()
    }
}

/// The other half of a window, all but the part that [`half_window`] takes of it.
fn rest_of_window(id: u32) -> Vec<u8> {
    data(id, Flags::NONE, &[0; 16 * 1024]).repeat(31)
}

#[test]
fn more_bytes_of_a_request_than_its_window_are_a_flow_control_error() {
    let mut server = LoneServer::established();
    let waiting = server.exhaust_budget();
    server.send(&rest_of_window(waiting)).unwrap();
    assert!(server.sent().is_empty());
    let error = server.send(&data(waiting, Flags::NONE, b"x")).unwrap_err();
    assert_eq!(error.code(), GoAwayCode::FlowControlError);
}

#[test]
fn more_bytes_of_a_reply_than_its_window_are_a_flow_control_error() {
    let mut client = LoneClient::established();
    let waiting = client.exhaust_budget(&Call::echo(""), Flags::END_STREAM);
    client.send(&rest_of_window(waiting)).unwrap();
    assert!(client.sent().is_empty());
    let error = client.send(&data(waiting, Flags::NONE, b"x")).unwrap_err();
    assert_eq!(error.code(), GoAwayCode::FlowControlError);
}

#[test]
fn a_sender_without_window_asks_once_and_goes_on_when_it_is_granted() {
    let mut client = LoneClient::with_server(&Settings {
        max_message_size: None,
        ..Settings::default()
    });
    client.start(&Call::echo(body(1, 2 * MIB)));
    let sent = client.sent();
    let bytes: usize = sent.iter().map(|frame| frame.body.len()).sum();
    assert_eq!(bytes, MIB + 4, "the window, and the body of one WINDOW");
    assert_eq!(
        window_frame::decode(&sent.last().unwrap().body),
        Ok(window_frame::BLOCKED)
    );
    assert!(client.sent().is_empty());
    client.send(&window(1, 10)).unwrap();
    let sent = client.sent();
    assert_eq!(sent[0].body, body(1, 2 * MIB)[MIB..MIB + 10]);
    assert_eq!(
        window_frame::decode(&sent[1].body),
        Ok(window_frame::BLOCKED)
    );
    client.send(&window(1, u32::MAX)).unwrap();
    client.send(&window(1, u32::MAX)).unwrap();
    let sent = client.sent();
    assert!(sent.last().unwrap().has(WHOLE));
    assert_eq!(client.session.held().1, 0);
}

/// A pair whose ends take messages of this size.
fn pair_with(max_message_size: usize) -> Pair {
    let max_message_size = max_message_size as u64;
    let client = ClientConfig {
        max_message_size,
        ..ClientConfig::default()
    };
    let server = ServerConfig {
        max_message_size,
        ..ServerConfig::default()
    };
    let mut pair = Pair::new(client, server);
    pair.settle();
    pair
}

#[test]
fn many_large_messages_share_a_small_budget_and_all_complete() {
    let mut pair = pair_with(16 * MIB);
    let held = (pair.client.held(), pair.server.held());
    let size = |index: usize| 3 * MIB / 2 + index;
    let calls: Vec<_> = (0..30)
        .map(|seed| pair.start(&Call::echo(body(seed, size(seed)))))
        .collect();
    pair.settle();
    for index in calls {
        assert!(
            pair.reply(index) == body(index, size(index)),
            "call {index}"
        );
    }
    assert_eq!((pair.client.held(), pair.server.held()), held);
}

#[test]
fn a_large_message_is_not_kept_waiting_by_those_that_are_much_larger() {
    let mut pair = pair_with(64 * MIB);
    let huge: Vec<_> = (0..4)
        .map(|seed| pair.start(&Call::later(body(seed, 64 * MIB))))
        .collect();
    // Each has had what there was for it.
    pair.up_in_all(50 * MIB as u64);
    let large = pair.start(&Call::later(body(9, 2 * MIB)));
    let before = pair.up.written;
    while !pair.was_dispatched(large) {
        assert!(pair.up(usize::MAX).unwrap() + pair.down(usize::MAX).unwrap() > 0);
    }
    let moved = pair.up.written - before;
    assert!(moved < 12 * MIB as u64, "{moved} bytes went before it");
    assert!(pair.handlers.dispatched.len() == 1, "the others go on");
    pair.settle();
    assert!(huge.into_iter().all(|index| pair.was_dispatched(index)));
}

#[test]
fn messages_of_the_largest_size_are_held_in_bounded_memory_and_all_complete() {
    let size = 40 * MIB;
    let mut pair = pair_with(size);
    let calls: Vec<_> = (0..12)
        .map(|seed| pair.start(&Call::later(body(seed, size))))
        .collect();
    let windows = calls.len() * MIB;
    let bound = (size + windows) as u64 + DEFAULT_GRANT_BUDGET;
    while pair.up(MIB).unwrap() + pair.down(MIB).unwrap() > 0 {
        let (.., (_, _, held)) = pair.server.held();
        assert!(held <= bound, "{held} bytes are held");
    }
    assert!(calls.into_iter().all(|index| pair.was_dispatched(index)));
}

#[test]
fn a_request_that_waits_for_the_budget_is_served_when_another_is_cancelled() {
    let mut server = LoneServer::established();
    let waiting = server.exhaust_budget();
    server.send(&cancel(1, Code::Cancelled)).unwrap();
    let grant = server.sent_one();
    assert_eq!(grant.frame_type(), FrameType::Window);
    assert_eq!(grant.header.stream_id, waiting);
}

#[test]
fn a_request_that_is_cancelled_while_it_waits_is_granted_nothing() {
    let mut server = LoneServer::established();
    let waiting = server.exhaust_budget();
    server.send(&cancel(waiting, Code::Cancelled)).unwrap();
    server.send(&cancel(1, Code::Cancelled)).unwrap();
    assert!(server.sent().is_empty());
}

#[test]
fn a_reply_that_waits_for_the_budget_is_served_when_another_is_released() {
    let mut client = LoneClient::established();
    let waiting = client.exhaust_budget(&Call::echo(""), Flags::END_STREAM);
    assert_eq!(client.session.release(1), Some(0));
    let sent = client.sent();
    assert_eq!(sent[0].frame_type(), FrameType::Cancel);
    assert_eq!(
        (sent[1].frame_type(), sent[1].header.stream_id),
        (FrameType::Window, waiting)
    );
}

#[test]
fn what_is_handed_over_at_once_is_bounded_however_many_large_bodies_wait() {
    let mut pair = Pair::established();
    let calls: Vec<_> = (0..100)
        .map(|seed| pair.start(&Call::later(body(seed, 50_000))))
        .collect();
    let mut output = Output::default();
    pair.client.take_output(&mut output);
    assert!(output.remaining() < 300_000, "{} bytes", output.remaining());
    pair.up.output = output;
    pair.settle();
    for index in &calls {
        pair.answer(*index, &body(*index, 50_000));
    }
    let mut output = Output::default();
    pair.server.take_output(&mut output);
    assert!(output.remaining() < 300_000, "{} bytes", output.remaining());
    pair.down.output = output;
    pair.settle();
    assert!(
        calls
            .iter()
            .all(|index| pair.reply(*index) == body(*index, 50_000))
    );
}

#[test]
fn a_small_call_overtakes_a_large_one_that_was_started_before() {
    let mut pair = Pair::established();
    let large = pair.start(&Call::echo(body(1, 4 * MIB)));
    pair.up(1000).unwrap();
    let small = pair.start(&Call::echo("small"));
    while pair.is_open(small) {
        assert!(pair.up(usize::MAX).unwrap() + pair.down(usize::MAX).unwrap() > 0);
    }
    assert!(pair.is_open(large));
    assert!(
        pair.up.written < MIB as u64,
        "{} bytes went before it",
        pair.up.written
    );
    pair.settle();
    assert!(pair.reply(large) == body(1, 4 * MIB));
}

#[test]
fn large_messages_advance_alike() {
    let mut pair = Pair::established();
    for seed in 0..4 {
        pair.start(&Call::later(body(seed, MIB)));
    }
    while pair.handlers.dispatched.is_empty() {
        pair.up(16 * 1024).unwrap();
    }
    for _ in 0..8 {
        pair.up(16 * 1024).unwrap();
    }
    assert_eq!(
        pair.handlers.dispatched.len(),
        4,
        "they end within a frame of each other"
    );
}

#[test]
fn frames_are_no_longer_than_the_window_of_their_receiver() {
    let settings = Settings {
        max_frame_body: MAX_FRAME_BODY,
        ..Settings::default()
    };
    let mut pair = Pair::new(
        ClientConfig {
            settings: settings.clone(),
            ..ClientConfig::default()
        },
        server_with(settings),
    );
    pair.settle();
    let index = pair.start(&Call::echo(body(1, 3 * MIB)));
    pair.settle();
    assert!(pair.reply(index) == body(1, 3 * MIB));

    // A peer that promises what it cannot keep.
    let mut client = LoneClient::with_server(&Settings {
        max_frame_body: MAX_FRAME_BODY,
        ..Settings::default()
    });
    client.start(&Call::echo(body(1, 3 * MIB)));
    assert_eq!(client.sent()[0].body.len(), INITIAL_STREAM_WINDOW as usize);
}

#[test]
fn a_wider_window_holds_for_requests_that_were_pipelined_before_it_was_known() {
    let initial_stream_window = 8 * INITIAL_STREAM_WINDOW;
    let settings = Settings {
        initial_stream_window,
        ..Settings::default()
    };
    let mut pair = Pair::new(ClientConfig::default(), server_with(settings));
    let calls: Vec<_> = (0..3)
        .map(|seed| pair.start(&Call::echo(body(seed, 4 * MIB))))
        .collect();
    // The client uses the window that it knows up, and asks for more, before SETTINGS come.
    pair.up_in_all(u64::MAX);
    pair.settle();
    for index in calls {
        assert!(pair.reply(index) == body(index, 4 * MIB));
    }
}

#[test]
fn a_peer_that_never_grants_keeps_its_own_reply_waiting_only() {
    let mut server = LoneServer::established();
    server.send(&request(1, WHOLE, LATER, b"")).unwrap();
    let (_, responder) = server.session.responder(1).unwrap();
    responder.message(&mut BytesMut::from(&body(1, 2 * MIB)[..]), &Metadata::new());
    server.sent();
    assert_eq!(
        server.session.open_streams(),
        1,
        "it counts against max_concurrent_streams"
    );
    server.send(&request(2, WHOLE, ECHO, b"x")).unwrap();
    assert_eq!(server.sent_one().body, "x");
}
