//! Checksums: agreed in SETTINGS, on every frame from then on, and nothing is believed without.

use super::lone::*;
use super::*;
use crate::frame::{Features, Flags, FrameType, GoAway, RequestMetadata, Settings, checksum};

fn wanted() -> Settings {
    Settings {
        features: Features::CHECKSUM,
        ..Settings::default()
    }
}

fn server_config() -> ServerConfig {
    ServerConfig {
        settings: wanted(),
        ..ServerConfig::default()
    }
}

fn client_config() -> ClientConfig {
    ClientConfig {
        settings: wanted(),
        ..ClientConfig::default()
    }
}

fn server() -> LoneServer {
    LoneServer::with_client(server_config(), &wanted())
}

fn client() -> LoneClient {
    LoneClient::with(client_config(), &wanted())
}

/// A frame with its checksum.
fn sealed(mut frame: Vec<u8>) -> Vec<u8> {
    let checksum = checksum::seal(&mut frame, &[]);
    frame.extend_from_slice(&checksum.to_be_bytes());
    frame
}

/// Everything that a server may send to a client with two calls, the first of which streams replies.
fn from_server() -> Vec<Vec<u8>> {
    let goaway = GoAway {
        last_stream_id: u32::MAX,
        code: GoAwayCode::NoError,
        message: "bye".to_owned(),
        versions: Vec::new(),
    };
    let mut encoded = Vec::new();
    goaway.encode(&mut encoded);
    let frames = [
        ping(7),
        window(1, 3),
        response(1, Flags::NONE, b""),
        data(1, Flags::END_MESSAGE, b"a message"),
        response(1, WHOLE, b""),
        pong(*b"whatever"),
        encoded,
        response(2, WHOLE, b"a reply"),
    ];
    frames.into_iter().map(sealed).collect()
}

/// Everything that a client may send.
fn from_client() -> Vec<Vec<u8>> {
    let metadata = RequestMetadata {
        path: "p".repeat(20_000),
        ..RequestMetadata::default()
    };
    let frames = [
        ping(7),
        request(1, WHOLE, ECHO, b"a request"),
        request(2, Flags::NONE, TALK, b""),
        data(2, Flags::END_MESSAGE, b"a message"),
        window(2, 3),
        cancel(2, Code::Cancelled),
        pong(*b"whatever"),
        request_with(3, WHOLE, &metadata, b"skipped"),
        request(4, WHOLE, ECHO, b"the last"),
    ];
    frames.into_iter().map(sealed).collect()
}

/// The bits to be flipped: all of a short frame, those of both ends of a long one.
fn bits(frame: &[u8]) -> impl Iterator<Item = usize> + use<> {
    let bits = frame.len() * 8;
    (0..bits).filter(move |bit| *bit < 1_000 || *bit >= bits - 200)
}

fn flip(frame: &[u8], bit: usize) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame[bit / 8] ^= 1 << (bit % 8);
    frame
}

/// Feeds what comes behind a damaged frame, whose length may be damaged, until there is an error.
fn error_behind(mut send: impl FnMut(&[u8]) -> Result<(), SessionError>) -> SessionError {
    let rest = vec![0x5a; 64 * 1024];
    for _ in 0..300 {
        if let Err(error) = send(&rest) {
            return error;
        }
    }
    panic!("more bytes than a frame can have");
}

#[test]
fn every_frame_has_a_checksum_once_both_sides_want_it() {
    let mut server = LoneServer::new(server_config());
    server.send(&settings(&wanted())).unwrap();
    let first = server.sent_one();
    assert_eq!(first.frame_type(), FrameType::Settings);
    assert!(first.has(Flags::CHECKSUM), "the client wants it");
    for bytes in from_client() {
        server.send(&bytes).unwrap();
    }
    server.session.drain("bye");
    let mut client = LoneClient::new(client_config());
    let first = client.sent();
    assert!(!first[0].has(Flags::CHECKSUM), "nothing is agreed");
    client.start(&Call::new(TALK, ""));
    assert!(!client.sent()[0].has(Flags::CHECKSUM), "nothing is agreed");
    client.send(&sealed(settings(&wanted()))).unwrap();
    client.start(&Call::echo(body(1, 50_000)));
    client.session.send(1, body(2, 50_000));
    client.session.finish_sending(1);
    client.send(&sealed(ping(1))).unwrap();
    client.session.release(2);
    client.session.send_goaway(GoAwayCode::NoError, "bye");
    for frame in server.sent().iter().chain(&client.sent()) {
        assert!(frame.has(Flags::CHECKSUM), "{frame:?}");
    }
}

#[test]
fn one_side_alone_gets_no_checksums() {
    let mut server = LoneServer::with_client(server_config(), &Settings::default());
    server.send(&request(1, WHOLE, ECHO, b"x")).unwrap();
    assert!(!server.sent_one().has(Flags::CHECKSUM));
    let mut client = LoneClient::with(client_config(), &Settings::default());
    client.start(&Call::echo("x"));
    assert!(!client.sent()[0].has(Flags::CHECKSUM));
}

#[test]
fn calls_of_all_sizes_succeed_with_checksums() {
    let mut pair = Pair::new(client_config(), server_config());
    let sizes = [0, 1, 8_191, 8_192, 16_384, 16_385, 3_000_000];
    let calls: Vec<_> = sizes
        .iter()
        .map(|size| pair.start(&Call::echo(body(*size, *size))))
        .collect();
    pair.settle_by(10_007);
    for (index, size) in calls.into_iter().zip(sizes) {
        assert_eq!(pair.reply(index), body(size, size));
    }
}

#[test]
fn a_flipped_bit_anywhere_in_a_clients_frame_is_an_error_before_the_frame_is_believed() {
    let frames = from_client();
    for (place, frame) in frames.iter().enumerate().skip(1) {
        for bit in bits(frame) {
            let mut server = server();
            server.send(&frames[..place].concat()).unwrap();
            let learned = |server: &LoneServer| {
                let Handlers {
                    dispatched,
                    cancelled,
                    arrived,
                    ..
                } = &server.handlers;
                let unread: u64 = arrived.values().map(Arrived::unread_bytes).sum();
                (dispatched.len(), cancelled.len(), unread)
            };
            let before = learned(&server);
            let sent = server.sent().len();
            let damaged = flip(frame, bit);
            let error = match server.send(&damaged) {
                Err(error) => error,
                Ok(()) => error_behind(|rest| server.send(rest)),
            };
            assert_eq!(
                error.code(),
                GoAwayCode::ProtocolError,
                "bit {bit}: {error}"
            );
            assert!(!error.is_stranger(), "bit {bit}: {error}");
            assert_eq!(learned(&server), before, "bit {bit} of frame {place}");
            assert!(
                server.sent().is_empty(),
                "bit {bit} of {place}, after {sent}"
            );
        }
    }
}

#[test]
fn a_flipped_bit_anywhere_in_a_servers_frame_is_an_error_before_the_frame_is_believed() {
    let frames = from_server();
    for (place, frame) in frames.iter().enumerate().skip(1) {
        for bit in bits(frame) {
            let mut client = client();
            client.start(&Call::new(TALK, ""));
            client.start(&Call::echo(""));
            client.send(&frames[..place].concat()).unwrap();
            let learned = |client: &LoneClient| {
                let Calls {
                    outcomes, arrived, ..
                } = &client.calls;
                let began = arrived[0].headers.is_some();
                let ended = outcomes.iter().flatten().count();
                (ended, began, arrived[0].unread_bytes())
            };
            let before = (learned(&client), client.session.is_draining());
            let error = match client.send(&flip(frame, bit)) {
                Err(error) => error,
                Ok(()) => error_behind(|rest| client.send(rest)),
            };
            assert_eq!(
                error.code(),
                GoAwayCode::ProtocolError,
                "bit {bit}: {error}"
            );
            let after = (learned(&client), client.session.is_draining());
            assert_eq!(after, before, "bit {bit} of frame {place}");
        }
    }
}

#[test]
fn a_flipped_bit_in_the_servers_settings_is_an_error() {
    let frame = sealed(settings(&wanted()));
    for bit in bits(&frame) {
        let mut client = LoneClient::new(client_config());
        if client.send(&flip(&frame, bit)).is_ok() {
            // Without its flag the checksum is what no frame begins with.
            error_behind(|rest| client.send(rest));
        }
    }
}

#[test]
fn the_error_names_the_frame() {
    let mut frame = sealed(request(5, WHOLE, ECHO, b"x"));
    *frame.last_mut().unwrap() ^= 1;
    let error = server().send(&frame).unwrap_err();
    let expected = "REQUEST frame on stream 5 with a wrong checksum: bytes were changed on the way";
    assert_eq!(error.message(), expected);

    let mut server = server();
    server.send(&sealed(ping(1))).unwrap();
    let error = server.send(&window(1, 1)).unwrap_err();
    assert!(
        error
            .message()
            .starts_with("WINDOW frame on stream 1 without a checksum"),
        "{error}"
    );

    let error = LoneServer::established().send(b"GET / HTTP/1.1");
    let error = error.unwrap_err();
    assert!(error.message().contains("no frame begins"), "{error}");
}

#[test]
fn settings_with_a_checksum_that_their_sender_does_not_want_are_an_error() {
    let frame = sealed(settings(&Settings::default()));
    let error = LoneClient::new(client_config()).send(&frame).unwrap_err();
    assert!(error.message().contains("without agreement"), "{error}");
    let error = LoneClient::new(ClientConfig::default())
        .send(&frame)
        .unwrap_err();
    assert!(error.message().contains("without agreement"), "{error}");
}

#[test]
fn an_extensions_checksum_counts_where_checksums_are_agreed() {
    let extension = frame(
        FrameType::Extension(0x80),
        Flags::IGNORABLE,
        9,
        b"meta",
        b"body",
    );
    let mut server = server();
    server.send(&sealed(extension.clone())).unwrap();
    let mut damaged = sealed(extension);
    damaged[20] ^= 1;
    let error = server.send(&damaged).unwrap_err();
    assert!(
        error
            .message()
            .starts_with("extension 0x80 frame on stream 9"),
        "{error}"
    );
}
