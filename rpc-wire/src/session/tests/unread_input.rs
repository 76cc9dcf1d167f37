//! What a server holds of requests that no handler has taken.

use super::lone::*;
use super::*;
use crate::frame::{Flags, Settings};

/// Room for one message of the largest size, and not for two.
const LIMIT: u64 = 1_500;
const LARGEST: u64 = 1_000;

fn server() -> LoneServer {
    LoneServer::with_client(
        ServerConfig {
            max_message_size: LARGEST,
            max_unread_input: LIMIT,
            ..ServerConfig::default()
        },
        &Settings::default(),
    )
}

#[test]
fn a_request_in_part_over_the_limit_is_refused_and_was_not_executed() {
    let mut server = server();
    let free = server.session.held();
    let part = |id| request(id, Flags::NONE, ECHO, &[0; 800]);
    server.send(&part(1)).unwrap();
    server.send(&part(3)).unwrap();
    let refused = server.sent_one();
    assert!(refused.has(Flags::NOT_EXECUTED));
    let (code, message) = refused.status();
    assert_eq!(code, Code::ResourceExhausted);
    assert!(
        message.contains("max_unread_input of 1500 bytes"),
        "{message}"
    );

    server.send(&data(1, WHOLE, &[0; 10])).unwrap();
    assert_eq!(server.sent_one().header.stream_id, 1, "the first goes on");
    assert_eq!(server.session.held(), free);
    server.send(&part(5)).unwrap();
    assert!(server.sent().is_empty(), "there is room again");
}

#[test]
fn messages_that_handlers_leave_unread_count_until_they_are_taken() {
    let mut server = server();
    let message = |id, flags| data(id, flags | Flags::END_MESSAGE, &[0; 600]);
    for id in [1, 3, 5] {
        server.send(&request(id, Flags::NONE, TALK, b"")).unwrap();
    }
    server.send(&message(1, Flags::END_STREAM)).unwrap();
    server.send(&message(3, Flags::NONE)).unwrap();
    assert!(server.sent().is_empty());
    server.send(&message(5, Flags::NONE)).unwrap();
    let refused = server.sent_one();
    assert_eq!(refused.header.stream_id, 5);
    assert!(!refused.has(Flags::NOT_EXECUTED), "its handler runs");
    assert_eq!(refused.status().0, Code::ResourceExhausted);

    server.session.consumed(1, message_cost(600));
    server.send(&message(3, Flags::NONE)).unwrap();
    assert!(server.sent().is_empty(), "there is room again");
}

#[test]
fn the_call_that_holds_most_ends_when_another_needs_room() {
    let mut server = server();
    server.send(&request(1, Flags::NONE, TALK, b"")).unwrap();
    server
        .send(&request(2, Flags::NONE, ECHO, &[0; 300]))
        .unwrap();
    server
        .send(&data(1, Flags::END_MESSAGE, &[0; 900]))
        .unwrap();
    assert!(server.sent().is_empty());
    for id in 3..30 {
        server
            .send(&request(id, Flags::NONE, ECHO, &[0; 250]))
            .unwrap();
        server.send(&data(id, WHOLE, &[0; 10])).unwrap();
    }
    let sent = server.sent();
    let refused: Vec<_> = sent
        .iter()
        .filter(|frame| frame.has(Flags::STATUS))
        .collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].header.stream_id, 1);
    let (code, message) = refused[0].status();
    assert_eq!(code, Code::ResourceExhausted);
    assert!(
        message.contains("this call has the most of them, 964 bytes"),
        "{message}"
    );
    assert_eq!(server.handlers.cancelled.len(), 1, "its handler is told");
    assert_eq!(sent.len(), 28, "all others are answered");
}
