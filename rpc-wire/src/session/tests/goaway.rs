//! GOAWAY: the orderly end in two phases, and the end because of an error.

use super::lone::*;
use super::*;
use crate::frame::{Flags, FrameType, GoAway, VERSION};

fn goaway(last_stream_id: u32, code: GoAwayCode) -> Vec<u8> {
    let mut bytes = Vec::new();
    let message = "because".to_owned();
    GoAway {
        last_stream_id,
        code,
        message,
        versions: vec![3],
    }
    .encode(&mut bytes);
    bytes
}

#[test]
fn an_orderly_end_is_announced_confirmed_and_final() {
    let mut server = LoneServer::established();
    server.send(&request(1, WHOLE, LATER, b"")).unwrap();
    server.session.drain("shutting down");
    let announced = server.sent();
    assert_eq!(announced[0].goaway().last_stream_id, u32::MAX);
    assert_eq!(announced[0].goaway().code, GoAwayCode::NoError);
    assert_eq!(announced[1].frame_type(), FrameType::Ping);

    // The client opened this one before it knew.
    server.send(&request(2, WHOLE, LATER, b"")).unwrap();
    let opaque = announced[1].body[..].try_into().unwrap();
    server.send(&pong(opaque)).unwrap();
    assert_eq!(server.sent_one().goaway().last_stream_id, 2);
    assert!(!server.session.is_finished());

    server.send(&request(3, WHOLE, LATER, b"")).unwrap();
    let refused = server.sent_one();
    assert_eq!(refused.status().0, Code::Unavailable);
    assert!(refused.has(Flags::NOT_EXECUTED));
    assert_eq!(server.handlers.dispatched.len(), 2);

    for id in [1, 2] {
        assert!(!server.session.is_finished());
        let (_, responder) = server.session.responder(id).unwrap();
        responder.message(&mut BytesMut::new(), &Metadata::new());
    }
    assert!(server.session.is_finished());
}

#[test]
fn the_client_is_asked_behind_the_last_reply_whether_it_has_everything() {
    let mut server = LoneServer::established();
    server.send(&request(1, WHOLE, LATER, b"")).unwrap();
    server.session.drain("shutting down");
    server.session.finish_drain();
    server.session.ask_receipt();
    assert!(
        server
            .sent()
            .iter()
            .filter(|frame| frame.frame_type() == FrameType::Ping)
            .count()
            == 1
    );

    let (_, responder) = server.session.responder(1).unwrap();
    responder.message(&mut BytesMut::new(), &Metadata::new());
    server.session.ask_receipt();
    server.session.ask_receipt();
    let sent = server.sent();
    let types: Vec<_> = sent.iter().map(|frame| frame.frame_type()).collect();
    assert_eq!(types, [FrameType::Response, FrameType::Ping]);
    server.send(&pong(*b"another.")).unwrap();
    assert!(!server.session.is_received());
    server
        .send(&pong(sent[1].body[..].try_into().unwrap()))
        .unwrap();
    assert!(server.session.is_received());
}

#[test]
fn a_client_that_opened_no_stream_has_nothing_to_miss() {
    let mut server = LoneServer::established();
    server.session.drain("shutting down");
    server.session.finish_drain();
    assert!(!server.session.is_received());
    server.session.ask_receipt();
    assert!(server.session.is_received());
    assert_eq!(
        server.sent().len(),
        3,
        "two GOAWAYs and the PING between them"
    );
}

#[test]
fn calls_that_are_open_finish_while_both_sides_drain() {
    let mut pair = Pair::established();
    let running = pair.start(&Call::later("x"));
    pair.settle();
    let on_its_way = pair.start(&Call::later("y"));
    pair.server.drain("shutting down");
    pair.server.drain("shutting down");
    pair.settle();
    assert!(pair.client.is_draining() && !pair.client.is_finished());
    assert!(matches!(
        pair.try_start(&Call::echo("z")),
        Err(StartError::Draining)
    ));
    assert_eq!(
        pair.client.goaway().unwrap().last_stream_id,
        pair.calls.ids[on_its_way]
    );
    for index in [running, on_its_way] {
        pair.answer(index, &body(index, 100_000));
        pair.settle();
        assert!(pair.reply(index) == body(index, 100_000));
    }
    assert!(pair.client.is_finished() && pair.server.is_finished());
}

#[test]
fn a_server_that_cannot_wait_for_the_pong_refuses_what_comes_later() {
    let mut pair = Pair::established();
    let served = pair.start(&Call::echo("x"));
    pair.up(usize::MAX).unwrap();
    let late = pair.start(&Call::echo("y"));
    pair.server.drain("shutting down");
    pair.server.finish_drain();
    pair.settle();
    assert_eq!(pair.reply(served), "x");
    assert_eq!(pair.error(late).code(), Code::Unavailable);
    assert!(!pair.error(late).may_have_run() && !pair.was_dispatched(late));
    assert!(pair.server.is_finished());
    // The PONG that comes after all changes nothing.
    assert_eq!(
        pair.client.goaway().unwrap().last_stream_id,
        pair.calls.ids[served]
    );
}

#[test]
fn a_large_request_that_was_begun_is_served_while_the_server_drains() {
    let mut pair = Pair::established();
    let index = pair.start(&Call::echo(body(1, 3_000_000)));
    pair.up_in_all(100_000);
    pair.server.drain("shutting down");
    pair.settle();
    assert!(pair.reply(index) == body(1, 3_000_000));
    assert!(pair.server.is_finished());
}

#[test]
fn calls_above_the_last_id_end_as_not_executed_and_those_below_go_on() {
    let mut client = LoneClient::established();
    let ids: Vec<_> = (0..4).map(|_| client.start(&Call::echo("x"))).collect();
    client.send(&goaway(ids[1], GoAwayCode::NoError)).unwrap();
    assert!(client.calls.outcomes[..2].iter().all(Option::is_none));
    for outcome in &client.calls.outcomes[2..] {
        let Some(Outcome::Failed(status)) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.message().contains("because"), "{status}");
        assert!(!status.may_have_run());
    }
    client.send(&response(ids[0], WHOLE, b"done")).unwrap();
    assert!(matches!(client.outcome(), Outcome::Reply { .. }));
    // A lower id later ends more of them.
    client.send(&goaway(0, GoAwayCode::NoError)).unwrap();
    assert!(client.calls.outcomes.iter().all(Option::is_some));
    assert!(client.session.is_finished());
}

#[test]
fn an_error_of_the_connection_is_told_in_the_servers_last_frame() {
    let mut server = LoneServer::established();
    server.send(&request(1, WHOLE, LATER, b"")).unwrap();
    server.send(&request(2, WHOLE, ECHO, &[])).unwrap();
    server.send(&request(3, WHOLE, LATER, b"")).unwrap();
    let (_, responder) = server.session.responder(3).unwrap();
    responder.message(&mut BytesMut::from(&body(3, 900_000)[..]), &Metadata::new());
    server.handlers.running.remove(&3);
    let error = server.send(&request(1, WHOLE, ECHO, b"")).unwrap_err();
    server.session.fail(&error);
    server.session.cancel_all(&mut server.handlers);
    let last = server.sent().pop().unwrap().goaway();
    assert_eq!(
        (last.code, last.last_stream_id),
        (GoAwayCode::ProtocolError, 3)
    );
    assert!(last.message.contains("ids must increase"));
    assert_eq!(server.handlers.cancelled, [(1, Code::Cancelled)]);
    assert_eq!(server.session.open_streams(), 0);
}

#[test]
fn the_last_id_never_rises() {
    let mut server = LoneServer::established();
    server.send(&request(1, WHOLE, ECHO, b"")).unwrap();
    server.session.drain("shutting down");
    server.session.finish_drain();
    server.send(&request(9, WHOLE, ECHO, b"")).unwrap();
    let error = server.send(&request(9, WHOLE, ECHO, b"")).unwrap_err();
    server.session.fail(&error);
    assert_eq!(server.sent().pop().unwrap().goaway().last_stream_id, 1);
}

#[test]
fn an_unknown_version_is_answered_with_the_versions_that_are_spoken() {
    let mut server = LoneServer::new(ServerConfig::default());
    // Version 1 and what is left of a header.
    let error = server.send(&[0x12, 0x34, 1]).unwrap_err();
    assert_eq!(error.code(), GoAwayCode::UnsupportedVersion);
    server.session.fail(&error);
    let goaway = server.sent_one().goaway();
    assert_eq!(
        (goaway.code, goaway.last_stream_id),
        (GoAwayCode::UnsupportedVersion, 0)
    );
    assert_eq!(goaway.versions, [VERSION]);
}

#[test]
fn a_client_of_an_unknown_version_learns_it_and_nothing_was_executed() {
    let mut client = LoneClient::new(ClientConfig::default());
    client.start(&Call::echo("x"));
    client
        .send(&goaway(0, GoAwayCode::UnsupportedVersion))
        .unwrap();
    assert_eq!(client.session.goaway().unwrap().versions, [3]);
    assert!(!client.error().may_have_run());
    assert!(client.session.is_finished() && !client.session.is_established());
}

#[test]
fn a_stranger_gets_nothing() {
    for hello in [
        &b"GET / HTTP/1.1\r\n"[..],
        b"PRI * HTTP/2.0",
        b"\x16\x03\x01",
        b"x",
    ] {
        let mut server = LoneServer::new(ServerConfig::default());
        let error = server.send(hello).unwrap_err();
        assert!(error.is_stranger(), "{error}");
        server.session.fail(&error);
        assert!(server.sent().is_empty());
    }
    let mut server = LoneServer::new(ServerConfig::default());
    server.send(&[0x12, 0x34]).expect("may become a client");
    assert!(server.sent().is_empty());
}

#[test]
fn a_client_that_leaves_is_not_an_error() {
    let mut pair = Pair::established();
    pair.client.send_goaway(GoAwayCode::NoError, "bye");
    pair.settle();
}
