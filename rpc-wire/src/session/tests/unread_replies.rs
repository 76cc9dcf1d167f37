//! What a server holds of replies that its client does not let it send.

use super::lone::*;
use super::*;
use crate::frame::{Flags, FrameType, Settings};

/// Room for one large reply; the second goes beyond it, and a third finds none.
const LIMIT: usize = 5 * 1024 * 1024;

/// Far more than a client grants without being asked.
const LARGE: usize = 3 * 1024 * 1024;

fn server() -> LoneServer {
    let config = ServerConfig {
        max_queued_replies: LIMIT,
        ..ServerConfig::default()
    };
    LoneServer::with_client(config, &Settings::default())
}

/// Begins calls that are answered later.
fn begin(server: &mut LoneServer, ids: impl IntoIterator<Item = u32>) {
    for id in ids {
        server.send(&request(id, WHOLE, LATER, b"x")).unwrap();
    }
}

fn answer(server: &mut LoneServer, id: u32, length: usize) {
    let (_, responder) = server.session.responder(id).expect("the call runs");
    responder.message(&mut BytesMut::zeroed(length), &Metadata::new());
}

/// The error that a stream was answered with, and whether a handler was started for it.
fn error(sent: &[Frame], id: u32) -> (Code, String, bool) {
    let is_error = |frame: &&Frame| frame.header.stream_id == id && frame.has(Flags::STATUS);
    let frame = sent.iter().find(is_error).expect("an error");
    let (code, message) = frame.status();
    (code, message, !frame.has(Flags::NOT_EXECUTED))
}

#[test]
fn a_large_reply_over_the_limit_becomes_an_error_and_small_ones_do_not() {
    let mut server = server();
    begin(&mut server, 1..=4);
    for id in 1..=3 {
        answer(&mut server, id, LARGE);
        assert_eq!(
            error_count(&server.sent()),
            usize::from(id == 3),
            "reply {id}"
        );
    }
    answer(&mut server, 4, 1000);
    assert!(server.sent_one().has(WHOLE));
}

fn error_count(sent: &[Frame]) -> usize {
    sent.iter().filter(|frame| frame.has(Flags::STATUS)).count()
}

#[test]
fn errors_name_the_limit_and_say_whether_a_handler_was_started() {
    let mut server = server();
    begin(&mut server, 1..=3);
    (1..=3).for_each(|id| answer(&mut server, id, LARGE));
    begin(&mut server, [4]);
    let sent = server.sent();
    for (id, expected) in [(3, true), (4, false)] {
        let (code, message, executed) = error(&sent, id);
        assert_eq!((code, executed), (Code::ResourceExhausted, expected));
        let named = "max_queued_replies of 5242880 bytes";
        assert!(message.contains(named), "{message}");
    }
    assert_eq!(server.handlers.dispatched.len(), 3);
}

#[test]
fn there_is_room_again_once_the_client_takes_a_reply_or_cancels_it() {
    for cancels in [false, true] {
        let mut server = server();
        let free = server.session.held();
        begin(&mut server, 1..=2);
        (1..=2).for_each(|id| answer(&mut server, id, LARGE));
        server.sent();
        // A part of a reply keeps all of it in memory.
        server.send(&window(1, 1024 * 1024)).unwrap();
        server.sent();
        begin(&mut server, [3]);
        assert_eq!(error_count(&server.sent()), 1);
        for id in 1..=2 {
            match cancels {
                true => server.send(&cancel(id, Code::Cancelled)).unwrap(),
                false => server.send(&window(id, LARGE as u32)).unwrap(),
            }
        }
        server.sent();
        begin(&mut server, [4]);
        assert!(server.sent().is_empty());
        answer(&mut server, 4, LARGE);
        assert_eq!(error_count(&server.sent()), 0);
        server.send(&window(4, LARGE as u32)).unwrap();
        assert!(server.sent().last().unwrap().has(Flags::END_MESSAGE));
        assert_eq!(server.session.held(), free);
        assert_eq!(server.session.queued_replies(), 0);
    }
}

#[test]
fn the_largest_reply_has_room_alone_however_small_the_limit_is() {
    let config = ServerConfig {
        max_queued_replies: 0,
        ..ServerConfig::default()
    };
    let mut server = LoneServer::with_client(config, &Settings::default());
    begin(&mut server, [1]);
    answer(&mut server, 1, LARGE);
    assert_eq!(error_count(&server.sent()), 0);
}

#[test]
fn replies_that_fit_into_frames_of_the_client_count_before_they_are_written() {
    let config = ServerConfig {
        max_queued_replies: LIMIT,
        ..ServerConfig::default()
    };
    let client = Settings {
        max_frame_body: crate::MAX_FRAME_BODY,
        initial_stream_window: crate::MAX_FRAME_BODY,
        ..Settings::default()
    };
    let mut server = LoneServer::with_client(config, &client);
    begin(&mut server, 1..=3);
    (1..=3).for_each(|id| answer(&mut server, id, LARGE));
    let sent = server.sent();
    assert_eq!(error(&sent, 3).0, Code::ResourceExhausted);
    assert_eq!(sent.len(), 3);
}

/// Whether a message of `length` bytes may be sent on stream `id`.
fn has_room(server: &mut LoneServer, id: u32, length: usize) -> bool {
    server.session.no_room_for_reply(id, length).is_none()
}

#[test]
fn messages_of_streams_count_in_part_and_while_they_wait() {
    let mut server = server();
    for id in 1..=3 {
        server.send(&request(id, WHOLE, LIST, b"")).unwrap();
        server.session.send_headers(id, &Metadata::new()).unwrap();
    }
    let message = Bytes::from(vec![0; LARGE]);
    assert!(has_room(&mut server, 1, LARGE));
    assert_eq!(server.session.send(1, message.clone()), Offered::Taken);
    server.sent();
    assert!(has_room(&mut server, 1, LARGE));
    assert_eq!(server.session.send(1, message.clone()), Offered::Full);
    assert_eq!(server.session.queued_replies(), 2 * LARGE);
    let status = server.session.no_room_for_reply(2, LARGE).expect("no room");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(has_room(&mut server, 2, 100), "it is small");
    assert!(has_room(&mut server, 1, LARGE), "it is counted already");

    server.send(&window(1, LARGE as u32)).unwrap();
    server.sent();
    assert_eq!(server.session.send(1, message), Offered::Taken);
    assert_eq!(server.session.queued_replies(), LARGE);
    assert!(has_room(&mut server, 2, LARGE));
}

#[test]
fn answers_that_wait_for_the_client_are_known_until_it_lets_them_go_on() {
    let mut server = server();
    begin(&mut server, [1]);
    server.send(&request(2, WHOLE, LIST, b"")).unwrap();
    server.session.send_headers(2, &Metadata::new()).unwrap();
    assert_eq!(server.session.awaits_grant(), None);
    answer(&mut server, 1, LARGE);
    assert_eq!(
        server.session.awaits_grant(),
        None,
        "there is something to send"
    );
    server.sent();
    let before = server.session.awaits_grant().expect("it waits");
    server.send(&ping(1)).unwrap();
    server.sent();
    assert_eq!(
        server.session.awaits_grant(),
        Some(before),
        "a PING grants nothing"
    );
    server.send(&window(2, 1)).unwrap();
    let other = server.session.awaits_grant();
    assert_ne!(other, Some(before), "another stream's reader goes on");
    server.send(&window(1, 1)).unwrap();
    server.sent();
    assert_ne!(server.session.awaits_grant(), other);
    assert!(server.session.awaits_grant().is_some());
    server.send(&window(1, LARGE as u32)).unwrap();
    server.sent();
    assert_eq!(server.session.awaits_grant(), None);
}

#[test]
fn a_stream_whose_reader_takes_its_time_is_no_answer_that_waits() {
    let mut server = server();
    server.send(&request(1, WHOLE, LIST, b"")).unwrap();
    server.session.send_headers(1, &Metadata::new()).unwrap();
    let message = Bytes::from(vec![0; LARGE]);
    assert_eq!(server.session.send(1, message), Offered::Taken);
    let sent = server.sent();
    assert_eq!(sent.last().unwrap().frame_type(), FrameType::Window);
    assert_eq!(server.session.awaits_grant(), None);
}
