//! Small messages that are sent together.

use super::super::lone::{window as window_frame, *};
use super::*;
use crate::frame::{Features, Flags, Settings};
use crate::session::message_cost;
use crate::{DEFAULT_MAX_FRAME_BODY, INITIAL_STREAM_WINDOW};

/// A server with a stream of replies to a client of these settings, which are its own too.
fn replying(settings: &Settings) -> LoneServer {
    let config = ServerConfig {
        settings: settings.clone(),
        ..ServerConfig::default()
    };
    let mut server = LoneServer::with_client(config, settings);
    server.send(&request(1, WHOLE, LIST, b"")).unwrap();
    server.session.send_headers(1, &Metadata::new()).unwrap();
    server.sent();
    server
}

fn messages(lengths: impl IntoIterator<Item = usize>) -> Vec<Bytes> {
    let lengths = lengths.into_iter().enumerate();
    lengths.map(|(seed, length)| body(seed, length)).collect()
}

/// Messages of several lengths that come to two mebibytes.
fn many() -> Vec<Bytes> {
    messages([0, 1, 64, 0, 1000, 3, 1023].into_iter().cycle().take(7000))
}

fn send_together(server: &mut LoneServer, messages: &[Bytes]) -> usize {
    let messages = messages.iter().map(|message| &message[..]);
    server.session.send_run(1, messages)
}

/// Sends messages one by one; gives how many were taken.
fn send_each(server: &mut LoneServer, messages: &[Bytes]) -> usize {
    let send = |message: &&Bytes| server.session.send(1, (*message).clone()) == Offered::Taken;
    messages.iter().take_while(send).count()
}

#[test]
fn what_is_sent_together_is_what_would_be_sent_one_by_one() {
    let messages = many();
    for features in [0, Features::CHECKSUM] {
        let settings = Settings {
            features,
            ..Settings::default()
        };
        let mut together = replying(&settings);
        let mut each = replying(&settings);
        let count = send_together(&mut together, &messages);
        assert!(count > 100);
        assert_eq!(
            send_each(&mut each, &messages),
            count,
            "until the output is full"
        );
        let sent = together.sent();
        assert_eq!(sent, each.sent());
        let sealed = sent.iter().all(|frame| frame.has(Flags::CHECKSUM));
        assert_eq!(sealed, features == Features::CHECKSUM);
    }
}

#[test]
fn no_more_is_sent_together_than_the_window_allows() {
    let messages = many();
    let mut server = replying(&Settings::default());
    let mut sent = 0;
    loop {
        let count = send_together(&mut server, &messages[sent..]);
        if count == 0 {
            break;
        }
        assert_eq!(server.sent().len(), count);
        sent += count;
    }
    let cost = |messages: &[Bytes]| -> u64 {
        let costs = messages.iter().map(|message| message_cost(message.len()));
        costs.sum()
    };
    let window = u64::from(INITIAL_STREAM_WINDOW);
    assert!(
        cost(&messages[..sent - 1]) < window,
        "the last may take more than is left"
    );
    assert!(cost(&messages[..=sent]) > window);
    server.send(&window_frame(1, 1024)).unwrap();
    assert!(send_together(&mut server, &messages[sent..]) > 0);
}

#[test]
fn a_message_that_is_too_large_stays_behind_with_what_follows() {
    let frame = DEFAULT_MAX_FRAME_BODY as usize;
    for (limit, longest) in [(None, frame), (Some(999), 999)] {
        let mut server = replying(&Settings {
            max_message_size: limit,
            ..Settings::default()
        });
        let messages = messages([1, longest, longest + 1, 1]);
        assert_eq!(send_together(&mut server, &messages), 2);
        assert_eq!(server.sent().len(), 2);
    }
}

#[test]
fn nothing_is_sent_together_behind_a_message_that_is_sent_in_part_or_waits() {
    let small = messages([1]);
    let large = body(0, 2 * MIB);
    let mut server = replying(&Settings::default());
    assert_eq!(server.session.send(1, large.clone()), Offered::Taken);
    assert_eq!(send_together(&mut server, &small), 0);
    assert_eq!(server.session.send(1, large.clone()), Offered::Full);
    server.send(&window_frame(1, large.len() as u32)).unwrap();
    while !server.sent().is_empty() {}
    assert_eq!(
        send_together(&mut server, &small),
        0,
        "another waits already"
    );
    assert_eq!(server.session.send(1, body(0, 1)), Offered::Taken);
    assert_eq!(send_together(&mut server, &small), 1);
}

#[test]
fn nothing_is_sent_together_on_a_stream_that_is_not_open() {
    let mut server = LoneServer::established();
    assert_eq!(send_together(&mut server, &messages([1])), 0);
    server.send(&request(1, WHOLE, LIST, b"")).unwrap();
    assert_eq!(send_together(&mut server, &messages([1])), 0);
    assert!(server.sent().is_empty());
}
