//! Deadlines at both ends, under the virtual clock.

use super::lone::*;
use super::*;
use crate::frame::{Flags, RequestMetadata};

const SECOND: Duration = Duration::from_secs(1);

fn within(timeout: Duration, call: Call) -> Call {
    Call {
        timeout: Some(timeout),
        ..call
    }
}

#[test]
fn the_remaining_time_travels_with_the_call() {
    let mut pair = Pair::established();
    pair.start(&within(SECOND, Call::later("x")));
    pair.start(&Call::later("x"));
    pair.now += SECOND * 100;
    pair.settle();
    assert_eq!(
        pair.handlers.dispatched[0].deadline,
        Some(pair.now + SECOND)
    );
    assert_eq!(pair.handlers.dispatched[1].deadline, None);
}

#[test]
fn a_call_ends_at_its_deadline_and_is_cancelled_at_the_server() {
    let mut pair = Pair::established();
    let index = pair.start(&within(SECOND, Call::later("x")));
    assert_eq!(pair.client.next_timeout(), Some(pair.now + SECOND));
    pair.settle();
    let now = pair.now + SECOND;
    pair.client
        .expire(now - Duration::from_nanos(1), &mut pair.calls)
        .unwrap();
    assert!(pair.is_open(index));
    pair.client.expire(now, &mut pair.calls).unwrap();
    assert_eq!(pair.error(index).code(), Code::DeadlineExceeded);
    pair.settle();
    assert_eq!(
        pair.handlers.cancelled,
        [(pair.calls.ids[index], Code::DeadlineExceeded)]
    );
    assert_eq!(
        (pair.client.open_streams(), pair.server.open_streams()),
        (0, 0)
    );
    assert_eq!(pair.client.next_timeout(), None);
}

#[test]
fn the_server_ends_a_call_at_its_deadline_by_itself() {
    let mut pair = Pair::established();
    let index = pair.start(&within(SECOND, Call::later("x")));
    pair.settle();
    let deadline = pair.server.next_timeout().unwrap();
    pair.server.expire(deadline, &mut pair.handlers).unwrap();
    assert_eq!(
        pair.handlers.cancelled,
        [(pair.calls.ids[index], Code::DeadlineExceeded)]
    );
    assert!(!pair.answer(index, b"too late"));
    pair.settle();
    assert_eq!(pair.error(index).code(), Code::DeadlineExceeded);
    assert!(pair.error(index).may_have_run());
    assert_eq!(pair.server.next_timeout(), None);
}

#[test]
fn a_request_that_does_not_arrive_whole_in_time_was_not_executed() {
    let mut server = LoneServer::established();
    let metadata = RequestMetadata {
        path: ECHO.to_owned(),
        timeout_us: 1_000_000,
        ..RequestMetadata::default()
    };
    server
        .send(&request_with(1, Flags::NONE, &metadata, b"half"))
        .unwrap();
    server
        .session
        .expire(server.now + SECOND, &mut server.handlers)
        .unwrap();
    let answer = server.sent_one();
    assert_eq!(answer.status().0, Code::DeadlineExceeded);
    assert!(answer.has(Flags::NOT_EXECUTED));
    server.send(&data(1, WHOLE, b"other half")).unwrap();
    assert_eq!(server.session.stats().late_frames, 1);
    assert!(server.handlers.dispatched.is_empty());
}

#[test]
fn calls_end_in_the_order_of_their_deadlines_and_no_earlier() {
    let mut pair = Pair::established();
    let seconds = [5, 1, 4, 2, 3];
    let calls: Vec<_> = seconds
        .iter()
        .map(|n| pair.start(&within(SECOND * *n, Call::later("x"))))
        .collect();
    let forever = pair.start(&Call::later("x"));
    pair.settle();
    for elapsed in 1..=5 {
        assert_eq!(pair.client.next_timeout(), Some(pair.now + SECOND));
        pair.advance(SECOND);
        pair.settle();
        for (index, seconds) in calls.iter().zip(seconds) {
            assert_eq!(pair.is_open(*index), seconds > elapsed);
        }
    }
    assert!(pair.is_open(forever));
    assert_eq!(
        (pair.client.next_timeout(), pair.server.next_timeout()),
        (None, None)
    );
}

#[test]
fn an_early_look_at_the_clock_finds_the_next_deadline() {
    let mut pair = Pair::established();
    let first = pair.start(&within(SECOND, Call::echo("x")));
    pair.start(&within(SECOND * 2, Call::later("x")));
    pair.settle();
    assert!(!pair.is_open(first));
    // The deadline of a call that has ended is not forgotten at once.
    pair.advance(SECOND);
    assert_eq!(pair.client.next_timeout(), Some(pair.now + SECOND));
}

#[test]
fn a_deadline_that_has_passed_is_sent_as_the_shortest_time() {
    let mut pair = Pair::established();
    let index = pair.start(&within(Duration::ZERO, Call::later("x")));
    pair.settle();
    let deadline = pair.handlers.dispatched[0].deadline;
    assert_eq!(deadline, Some(pair.now + Duration::from_micros(1)));
    pair.advance(Duration::ZERO);
    assert_eq!(pair.error(index).code(), Code::DeadlineExceeded);
}

#[test]
fn a_time_beyond_the_clock_is_no_deadline() {
    let mut server = LoneServer::established();
    let metadata = RequestMetadata {
        path: LATER.to_owned(),
        timeout_us: u64::MAX,
        ..RequestMetadata::default()
    };
    server
        .send(&request_with(1, WHOLE, &metadata, b""))
        .unwrap();
    assert_eq!(server.handlers.dispatched.len(), 1);
}

#[test]
fn a_reply_that_has_begun_ends_at_the_deadline_too() {
    let mut pair = Pair::established();
    let held = pair.client.held();
    let index = pair.start(&within(SECOND, Call::later("x")));
    pair.settle();
    pair.answer(index, &body(1, 2_000_000));
    pair.down_in_all(700_000);
    assert!(
        pair.client.held().2 != held.2,
        "a part of the budget is granted"
    );
    pair.advance(SECOND);
    assert_eq!(pair.error(index).code(), Code::DeadlineExceeded);
    assert_eq!(pair.client.held(), held);
    pair.settle();
    assert_eq!(pair.server.open_streams(), 0);
}
