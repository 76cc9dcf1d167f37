//! The order of frames on one stream.

use super::lone::*;
use super::*;
use crate::frame::Flags;

#[test]
fn a_request_may_come_in_many_pieces_and_end_on_its_own() {
    let mut server = LoneServer::established();
    server.send(&request(1, Flags::NONE, ECHO, b"")).unwrap();
    server.send(&data(1, Flags::NONE, b"one ")).unwrap();
    server.send(&data(1, Flags::END_MESSAGE, b"two")).unwrap();
    assert!(
        server.handlers.dispatched.is_empty(),
        "the client may have more to say"
    );
    server.send(&data(1, Flags::END_STREAM, b"")).unwrap();
    assert_eq!(server.sent_one().body, "one two");
}

#[test]
fn an_empty_message_is_a_message() {
    let mut server = LoneServer::established();
    server.send(&request(1, Flags::NONE, ECHO, b"")).unwrap();
    server.send(&data(1, WHOLE, b"")).unwrap();
    assert_eq!(server.sent_one().body, "");
    assert_eq!(server.handlers.dispatched.len(), 1);
}

#[test]
fn a_second_message_is_refused_as_not_executed_even_if_it_is_empty() {
    for second in [data(1, Flags::NONE, b"x"), data(1, WHOLE, b"")] {
        let mut server = LoneServer::established();
        server
            .send(&request(1, Flags::END_MESSAGE, ECHO, b"first"))
            .unwrap();
        server.send(&second).unwrap();
        let answer = server.sent_one();
        assert_eq!(answer.status().0, Code::Unimplemented);
        assert!(answer.has(Flags::NOT_EXECUTED));
        assert!(server.handlers.dispatched.is_empty());
    }
}

#[test]
fn a_request_that_ends_within_its_message_is_refused_as_not_executed() {
    let mut server = LoneServer::established();
    server
        .send(&request(1, Flags::END_STREAM, ECHO, b"half"))
        .unwrap();
    server
        .send(&request(2, Flags::NONE, ECHO, b"half"))
        .unwrap();
    server.send(&data(2, Flags::END_STREAM, b"")).unwrap();
    let answers = server.sent();
    assert_eq!(answers.len(), 2);
    for answer in answers {
        assert_eq!(answer.status().0, Code::Internal);
        assert!(answer.has(Flags::NOT_EXECUTED));
    }
    assert!(server.handlers.dispatched.is_empty());
    assert_eq!(server.session.open_streams(), 0);
}

#[test]
fn data_behind_the_end_of_a_request_is_an_error() {
    let mut server = LoneServer::established();
    server.send(&request(1, WHOLE, LATER, b"")).unwrap();
    let error = server.send(&data(1, WHOLE, b"more")).unwrap_err();
    assert!(error.message().contains("behind the end"), "{error}");
}

#[test]
fn data_before_its_response_is_an_error() {
    let mut client = LoneClient::established();
    client.start(&Call::echo(""));
    assert!(client.send(&data(1, Flags::END_MESSAGE, b"x")).is_err());
}

#[test]
fn a_second_response_is_an_error_until_the_first_is_complete() {
    let mut client = LoneClient::established();
    client.start(&Call::echo(""));
    client
        .send(&response(1, Flags::END_STREAM, b"half"))
        .unwrap();
    assert!(client.send(&response(1, WHOLE, b"x")).is_err());
}

#[test]
fn a_reply_is_neither_a_status_nor_not_executed() {
    for flag in [Flags::STATUS, Flags::NOT_EXECUTED] {
        let mut client = LoneClient::established();
        client.start(&Call::echo(""));
        assert!(client.send(&response(1, WHOLE | flag, b"")).is_err());
    }
}

#[test]
fn a_call_is_answered_only_once() {
    let mut pair = Pair::established();
    let index = pair.start(&Call::later("x"));
    pair.settle();
    assert!(pair.answer(index, b"first"));
    assert!(!pair.answer(index, b"second"));
    pair.settle();
    assert_eq!(pair.reply(index), "first");
}

#[test]
fn a_request_that_still_arrives_has_no_responder() {
    let mut server = LoneServer::established();
    server
        .send(&request(1, Flags::NONE, ECHO, b"half"))
        .unwrap();
    assert!(server.session.responder(1).is_none());
    server.send(&data(1, WHOLE, b" whole")).unwrap();
    assert_eq!(server.sent_one().body, "half whole");
}
