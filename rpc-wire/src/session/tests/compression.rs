//! Compressed messages: agreed in SETTINGS, marked where they begin, counted as they are sent.

use super::lone::*;
use super::*;
use crate::frame::{Flags, FrameType, Settings};

const COMPRESSED: Flags = Flags::COMPRESSED;

fn server() -> LoneServer {
    let config = ServerConfig {
        settings: compressing(&["zstd", "gzip"]),
        ..ServerConfig::default()
    };
    LoneServer::with_client(config, &compressing(&["gzip", "zstd"]))
}

fn client() -> LoneClient {
    let config = ClientConfig {
        settings: compressing(&["gzip", "zstd"]),
        ..ClientConfig::default()
    };
    LoneClient::with(config, &compressing(&["zstd", "gzip"]))
}

fn compressed(bytes: impl Into<Bytes>) -> Encoded {
    Encoded {
        bytes: bytes.into(),
        compressed: true,
    }
}

#[test]
fn the_clients_first_choice_that_the_server_has_is_agreed_on() {
    let agreed = |offered: &[&str], supported: &[&str]| {
        let (client, server) = (compressing(offered), compressing(supported));
        let mut pair = Pair::new(
            ClientConfig {
                settings: client,
                ..ClientConfig::default()
            },
            ServerConfig {
                settings: server,
                ..ServerConfig::default()
            },
        );
        assert_eq!(pair.client.compression(), None, "nothing is known");
        pair.settle();
        let known = pair.client.compression().map(str::to_owned);
        assert_eq!(pair.handlers.compression, known, "both know the same");
        known
    };
    assert_eq!(
        agreed(&["gzip", "zstd"], &["zstd", "gzip"]).as_deref(),
        Some("gzip")
    );
    assert_eq!(
        agreed(&["lzma", "zstd"], &["zstd", "gzip"]).as_deref(),
        Some("zstd")
    );
    assert_eq!(agreed(&["lzma"], &["zstd", "gzip"]), None);
    assert_eq!(agreed(&[], &["zstd"]), None);
    assert_eq!(agreed(&["zstd"], &[]), None);
}

#[test]
fn a_compressed_request_and_reply_are_marked_at_both_ends() {
    for size in [0, 10, 10_000, 50_000, 3_000_000] {
        let mut client = client();
        let call = Call {
            compressed: true,
            ..Call::echo(body(1, size))
        };
        client.start(&call);
        let frames = client.sent();
        assert!(frames[0].has(COMPRESSED));
        assert!(
            frames[1..].iter().all(|frame| !frame.has(COMPRESSED)),
            "it is not repeated"
        );

        let mut server = server();
        let flags = WHOLE | COMPRESSED;
        let body = body(2, size.min(16_384));
        server.send(&request(1, flags, ECHO, &body)).unwrap();
        assert_eq!(server.handlers.dispatched[0].body, compressed(body.clone()));
        assert!(
            server.sent_one().has(COMPRESSED),
            "the echo answers in kind"
        );

        client.send(&response(1, flags, &body)).unwrap();
        let Outcome::Reply { body: reply, .. } = client.outcome() else {
            panic!("{:?}", client.outcome())
        };
        assert_eq!(*reply, compressed(body));
    }
}

#[test]
fn the_mark_is_on_the_frame_with_the_first_byte() {
    let mut client = client();
    // The output is full, so the body of the last request begins in DATA.
    for _ in 0..20 {
        client.start(&Call::echo(body(1, 16_384)));
    }
    let id = client.start(&Call {
        compressed: true,
        ..Call::echo(body(2, 40_000))
    });
    let frames = client.sent();
    let of_call: Vec<_> = frames
        .iter()
        .filter(|frame| frame.header.stream_id == id)
        .collect();
    assert!(of_call[0].body.is_empty() && !of_call[0].has(COMPRESSED));
    assert!(of_call[1].has(COMPRESSED) && !of_call[2].has(COMPRESSED));

    let mut server = server();
    for frame in of_call {
        let Frame {
            header,
            metadata,
            body,
        } = frame;
        let metadata = match header.frame_type {
            // The number of the method was defined by an earlier call.
            FrameType::Request => request(1, header.flags, ECHO, body),
            _ => lone::frame(header.frame_type, header.flags, 1, metadata, body),
        };
        server.send(&metadata).unwrap();
    }
    assert_eq!(
        server.handlers.dispatched[0].body,
        compressed(body(2, 40_000))
    );
}

#[test]
fn messages_of_streams_are_marked_one_by_one() {
    let mut client = client();
    let id = client.start(&Call::new(TALK, ""));
    client.session.send(id, compressed(body(1, 20_000)));
    client.session.send(id, body(2, 10));
    let mut flags: Vec<_> = client
        .sent()
        .iter()
        .map(|frame| frame.has(COMPRESSED))
        .collect();
    client.session.send(id, body(2, 10));
    flags.extend(client.sent().iter().map(|frame| frame.has(COMPRESSED)));
    assert_eq!(flags, [false, true, false, false]);

    let mut server = server();
    server.send(&request(1, Flags::NONE, TALK, b"")).unwrap();
    server.send(&data(1, COMPRESSED, b"one ")).unwrap();
    server.send(&data(1, Flags::END_MESSAGE, b"half")).unwrap();
    server
        .send(&data(1, COMPRESSED | Flags::END_MESSAGE, b"whole"))
        .unwrap();
    server.send(&data(1, Flags::END_MESSAGE, b"plain")).unwrap();
    let unread: Vec<_> = server.handlers.arrived[&1].unread.iter().cloned().collect();
    let plain = Encoded::from(Bytes::from("plain"));
    assert_eq!(unread, [compressed("one half"), compressed("whole"), plain]);
}

#[test]
fn a_compressed_status_is_an_error_of_the_connection_also_where_it_goes_on_in_data() {
    let mut client = client();
    client.start(&Call::echo(""));
    let flags = Flags::END_STREAM | Flags::STATUS;
    client.send(&response(1, flags, b"")).unwrap();
    let error = client
        .send(&data(1, COMPRESSED | Flags::END_MESSAGE, b"x"))
        .unwrap_err();
    assert!(error.message().contains("no message begins"), "{error}");
}

#[test]
fn a_mark_where_no_message_begins_is_an_error_of_the_connection() {
    let begun = request(1, COMPRESSED, LATER, b"begun");
    let empty = request(1, COMPRESSED, LATER, b"");
    let mut server = server();
    let error = server.send(&empty).unwrap_err();
    assert!(error.message().contains("no message begins"), "{error}");
    for path in [LATER, TALK] {
        let mut server = self::server();
        server
            .send(&request(1, COMPRESSED, path, b"begun"))
            .unwrap();
        assert!(server.send(&data(1, COMPRESSED, b"on")).is_err(), "{path}");
    }
    let mut server = self::server();
    server.send(&begun).unwrap();
    assert!(server.sent().is_empty(), "it waits for the rest");

    let mut client = client();
    client.start(&Call::new(TALK, ""));
    client.send(&response(1, Flags::NONE, b"")).unwrap();
    client.send(&data(1, COMPRESSED, b"begun")).unwrap();
    assert!(client.send(&data(1, COMPRESSED, b"on")).is_err());
}

#[test]
fn compression_without_agreement_is_refused_with_what_is_supported() {
    let config = ServerConfig {
        settings: compressing(&["zstd", "gzip"]),
        ..ServerConfig::default()
    };
    let mut server = LoneServer::with_client(config, &Settings::default());
    server
        .send(&request(1, WHOLE | COMPRESSED, ECHO, b"x"))
        .unwrap();
    let answer = server.sent_one();
    let (code, message) = answer.status();
    assert_eq!(code, Code::Unimplemented);
    assert!(message.ends_with("supported here: zstd, gzip"), "{message}");
    assert!(answer.has(Flags::NOT_EXECUTED));
    server.send(&request(2, WHOLE, ECHO, b"plain")).unwrap();
    assert_eq!(server.sent_one().body, "plain", "the connection lives on");
}
