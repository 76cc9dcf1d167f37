//! Method numbers and stream ids.

use super::lone::*;
use super::*;
use crate::frame::RequestMetadata;
use crate::{MAX_METHOD_NUMBERS, MAX_PATH_LEN};

fn named(method: u32, path: &str) -> RequestMetadata {
    RequestMetadata {
        method,
        path: path.to_owned(),
        ..RequestMetadata::default()
    }
}

#[test]
fn the_path_is_sent_once_for_each_number() {
    let mut client = LoneClient::new(ClientConfig::default());
    for call in [
        Call::echo("a"),
        Call::later("b"),
        Call::echo("c"),
        Call::echo("d"),
    ] {
        client.start(&call);
    }
    let frames = client.sent();
    let metadata: Vec<_> = frames[1..].iter().map(Frame::request_metadata).collect();
    assert_eq!(
        metadata,
        [named(1, ECHO), named(2, LATER), named(1, ""), named(1, "")]
    );
}

#[test]
fn a_method_is_resolved_once_for_each_number() {
    let mut pair = Pair::established();
    for _ in 0..5 {
        pair.start(&Call::echo("x"));
        pair.start(&Call::new(ECHO, "without number"));
    }
    pair.settle();
    assert_eq!(
        pair.handlers.resolved.len(),
        1 + 5,
        "a path without number is looked up each time"
    );
    assert_eq!(pair.handlers.dispatched.len(), 10);
}

#[test]
fn numbers_that_the_protocol_does_not_have_are_not_sent() {
    let mut pair = Pair::established();
    for number in [0, MAX_METHOD_NUMBERS, MAX_METHOD_NUMBERS + 1, u16::MAX] {
        for _ in 0..2 {
            let call = Call {
                number: Some(number),
                ..Call::echo("x")
            };
            let index = pair.start(&call);
            pair.settle();
            assert_eq!(pair.reply(index), "x", "number {number}");
        }
    }
}

#[test]
fn a_number_may_be_defined_again_with_the_same_path_only() {
    let mut server = LoneServer::established();
    server
        .send(&request_with(1, WHOLE, &named(1, ECHO), b"a"))
        .unwrap();
    server
        .send(&request_with(2, WHOLE, &named(1, ECHO), b"b"))
        .unwrap();
    server
        .send(&request_with(3, WHOLE, &named(1, ""), b"c"))
        .unwrap();
    assert_eq!(server.handlers.resolved, [ECHO]);
    let error = server
        .send(&request_with(4, WHOLE, &named(1, LATER), b"d"))
        .unwrap_err();
    assert!(error.message().contains("method number 1"), "{error}");
    assert_eq!(server.handlers.dispatched.len(), 3);
}

#[test]
fn an_undefined_number_is_an_error() {
    let mut server = LoneServer::established();
    server
        .send(&request_with(1, WHOLE, &named(7, ECHO), b""))
        .unwrap();
    for number in [1, 6, 8, u32::from(MAX_METHOD_NUMBERS)] {
        let mut server = LoneServer::established();
        server
            .send(&request_with(1, WHOLE, &named(7, ECHO), b""))
            .unwrap();
        let error = server
            .send(&request_with(2, WHOLE, &named(number, ""), b""))
            .unwrap_err();
        assert!(error.message().contains("never defined"), "{error}");
    }
}

#[test]
fn neither_number_nor_path_is_an_error() {
    assert!(
        LoneServer::established()
            .send(&request_with(1, WHOLE, &named(0, ""), b""))
            .is_err()
    );
    let above = named(u32::from(MAX_METHOD_NUMBERS) + 1, ECHO);
    assert!(
        LoneServer::established()
            .send(&request_with(1, WHOLE, &above, b""))
            .is_err()
    );
}

#[test]
fn a_definition_stands_even_if_its_call_is_refused() {
    let settings = crate::frame::Settings {
        max_concurrent_streams: 1,
        ..Default::default()
    };
    let config = ServerConfig {
        settings,
        ..ServerConfig::default()
    };
    let mut pair = Pair::new(ClientConfig::default(), config);
    let running = pair.start(&Call::later("x"));
    let refused = pair.start(&Call::echo("x"));
    pair.settle();
    assert!(!pair.error(refused).may_have_run());
    pair.answer(running, b"");
    pair.settle();
    let again = pair.start(&Call::echo("again"));
    pair.settle();
    assert_eq!(pair.reply(again), "again");
}

#[test]
fn a_call_that_was_not_sent_defines_nothing() {
    let mut pair = Pair::established();
    let mut call = Call::echo("x");
    call.metadata.insert("large", "x".repeat(100_000)).unwrap();
    assert!(matches!(
        pair.try_start(&call),
        Err(StartError::OverLimit(_))
    ));
    let index = pair.start(&Call::echo("x"));
    pair.settle();
    assert_eq!(pair.reply(index), "x");
}

#[test]
fn a_path_that_is_too_long_is_not_sent() {
    let path: &'static str = "x".repeat(MAX_PATH_LEN + 1).leak();
    let mut pair = Pair::established();
    let Err(StartError::OverLimit(status)) = pair.try_start(&Call::new(path, "")) else {
        panic!("the path is over the limit")
    };
    assert!(status.message().contains("MAX_PATH_LEN"), "{status}");
    assert!(!pair.client.has_output());
}

#[test]
fn stream_ids_must_increase_and_may_have_gaps() {
    let mut server = LoneServer::established();
    server.send(&request(5, WHOLE, ECHO, b"")).unwrap();
    server.send(&request(1_000_000, WHOLE, ECHO, b"")).unwrap();
    for id in [1_000_000, 999_999, 5, 1] {
        let error = server.send(&request(id, WHOLE, ECHO, b"")).unwrap_err();
        assert!(error.message().contains("ids must increase"), "{error}");
    }
}

#[test]
fn frames_on_streams_that_were_never_opened_are_errors() {
    for bytes in [
        data(1, WHOLE, b""),
        cancel(1, Code::Cancelled),
        window(1, 0),
        window(1, 1),
    ] {
        assert!(LoneServer::established().send(&bytes).is_err());
        assert!(LoneClient::established().send(&bytes).is_err());
    }
    assert!(
        LoneClient::established()
            .send(&response(1, WHOLE, b""))
            .is_err()
    );
}

#[test]
fn a_client_drains_when_the_ids_run_out_and_its_open_calls_finish() {
    let first_stream_id = u32::MAX - 20;
    let config = ClientConfig {
        first_stream_id,
        ..ClientConfig::default()
    };
    let mut pair = Pair::new(config, ServerConfig::default());
    let mut calls = Vec::new();
    let refused = loop {
        match pair.try_start(&Call::later(body(calls.len(), 100))) {
            Ok(index) => calls.push(index),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, StartError::Draining));
    assert_eq!(calls.len(), 5);
    assert!(pair.client.is_draining() && !pair.client.is_finished());
    assert_eq!(pair.client.capacity(), 0);
    pair.settle();
    for index in calls {
        pair.answer(index, &body(index, 50));
        pair.settle();
        assert_eq!(pair.reply(index), body(index, 50));
    }
    assert!(pair.client.is_finished());
}
