//! Unary calls: every one is answered, with its own answer.

use super::*;
use crate::Stage;

#[test]
fn a_call_is_answered_with_the_bytes_and_metadata_of_its_handler() {
    let mut pair = Pair::default();
    let mut call = Call::echo("hello");
    call.metadata.insert("tenant", "blue").unwrap();
    call.metadata.append_bin("id-bin", vec![0, 255]).unwrap();
    let index = pair.start(&call);
    pair.settle();

    let Some(Outcome::Reply { body, metadata }) = &pair.calls.outcomes[index] else {
        panic!("no reply: {:?}", pair.calls.outcomes)
    };
    assert_eq!(body.bytes, "hello");
    assert_eq!(*metadata, call.metadata);
    let seen = &pair.handlers.dispatched[0];
    assert_eq!(
        (&seen.metadata, &seen.body.bytes[..]),
        (&call.metadata, &b"hello"[..])
    );
}

#[test]
fn an_error_comes_with_code_message_details_and_may_have_run() {
    let mut pair = Pair::default();
    let index = pair.start(&Call::fail("details"));
    pair.settle();
    let error = pair.error(index);
    assert_eq!(
        (error.code(), error.message()),
        (Code::NotFound, "no such thing")
    );
    assert_eq!(error.details(), b"details");
    assert_eq!(error.stage(), Some(Stage::Wait));
    assert!(error.may_have_run());
}

#[test]
fn an_error_is_never_ok() {
    let mut pair = Pair::established();
    let index = pair.start(&Call::later("x"));
    pair.settle();
    let (_, responder) = pair.server.responder(pair.calls.ids[index]).unwrap();
    responder.status(&Status::new(Code::Ok, "strange"), true);
    pair.settle();
    let error = pair.error(index);
    assert_eq!((error.code(), error.message()), (Code::Unknown, "strange"));
}

#[test]
fn a_method_that_the_server_does_not_have_was_not_executed() {
    let mut pair = Pair::default();
    let index = pair.start(&Call::new("test.Test/None", "x"));
    pair.settle();
    assert_eq!(pair.error(index).code(), Code::Unimplemented);
    assert!(!pair.error(index).may_have_run());
    assert!(!pair.was_dispatched(index));
}

#[test]
fn answers_reach_their_callers_in_any_order() {
    let mut pair = Pair::default();
    let calls: Vec<_> = (0..40)
        .map(|seed| pair.start(&Call::later(body(seed, 10))))
        .collect();
    pair.settle();
    for index in calls.iter().rev() {
        assert!(pair.answer(*index, &body(*index, 20 + index)));
        pair.settle();
    }
    for index in calls {
        assert_eq!(pair.reply(index), body(index, 20 + index));
    }
    assert_eq!(pair.server.open_streams(), 0);
}

#[test]
fn bodies_around_the_borders_of_frames_arrive_byte_by_byte_as_they_were() {
    let frame = DEFAULT_MAX_FRAME_BODY;
    let sizes = [
        0,
        1,
        SHARE_BODY_FROM - 1,
        SHARE_BODY_FROM,
        frame - 1,
        frame,
        frame + 1,
        5 * frame,
    ];
    let mut pair = Pair::default();
    let calls: Vec<_> = sizes
        .iter()
        .map(|size| pair.start(&Call::echo(body(*size, *size))))
        .collect();
    pair.settle();
    for (index, size) in calls.into_iter().zip(sizes) {
        assert!(
            pair.reply(index) == body(size, size),
            "body of {size} bytes"
        );
    }
}

#[test]
fn frames_that_are_split_at_every_byte_mean_the_same() {
    let mut pair = Pair::default();
    let small = pair.start(&Call::echo("small"));
    let large = pair.start(&Call::echo(body(7, 40_000)));
    let failing = pair.start(&Call::fail(""));
    pair.settle_by(1);
    assert_eq!(pair.reply(small), "small");
    assert!(pair.reply(large) == body(7, 40_000));
    assert_eq!(pair.error(failing).code(), Code::NotFound);
}

#[test]
fn a_status_larger_than_a_frame_arrives_whole() {
    let mut pair = Pair::default();
    let details = body(3, 100_000);
    let index = pair.start(&Call::fail(details.clone()));
    pair.settle();
    assert_eq!(pair.error(index).code(), Code::NotFound);
    assert!(pair.error(index).details() == details);
}

#[test]
fn a_released_slot_comes_back_once() {
    let mut pair = Pair::established();
    let index = pair.start(&Call::echo("x"));
    pair.settle();
    assert_eq!(
        pair.client.slot_mut(pair.calls.ids[index]),
        Some(&mut index.clone())
    );
    assert_eq!(pair.release(index), Some(index));
    assert_eq!(pair.release(index), None);
    assert!(!pair.client.has_output(), "an ended stream needs no CANCEL");
}

const DEFAULT_MAX_FRAME_BODY: usize = crate::DEFAULT_MAX_FRAME_BODY as usize;
