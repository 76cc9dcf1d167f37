//! The connection is gone: which calls may have run.

use super::lone::*;
use super::*;
use crate::Stage;
use crate::frame::Flags;

#[test]
fn calls_that_were_written_may_have_run_and_others_have_not() {
    let mut pair = Pair::established();
    let written = pair.start(&Call::later("x"));
    pair.settle();
    let before = pair.up.written;
    let half_written = pair.start(&Call::later("y"));
    pair.up(5).unwrap();
    assert_eq!(pair.up.written, before + 5);
    let not_taken = pair.start(&Call::later("z"));
    pair.lose("cable cut");
    for (index, sent) in [(written, true), (half_written, false), (not_taken, false)] {
        let error = pair.error(index);
        assert_eq!(
            (error.code(), error.message()),
            (Code::Unavailable, "cable cut")
        );
        assert_eq!(error.may_have_run(), sent, "call {index}");
        assert_eq!(
            error.stage(),
            Some(if sent { Stage::Wait } else { Stage::Send })
        );
    }
}

#[test]
fn the_last_byte_of_a_request_decides_whether_it_was_sent() {
    for missing in [0, 1] {
        for size in [0, 10, 20_000, 2_000_000] {
            let mut pair = Pair::established();
            let index = pair.start(&Call::later(body(1, size)));
            // Other traffic stands before and behind it.
            let behind = pair.start(&Call::later("x"));
            let mut whole = Pair::established();
            whole.start(&Call::later(body(1, size)));
            whole.start(&Call::later("x"));
            let (length, ended_at) = sent_whole(&mut whole);
            assert!(ended_at <= length);
            while pair.up.written < ended_at - missing {
                let left = (ended_at - missing - pair.up.written) as usize;
                pair.up(left).unwrap();
                pair.down(usize::MAX).unwrap();
            }
            pair.lose("cut");
            let error = pair.error(index);
            assert_eq!(
                error.may_have_run(),
                missing == 0,
                "{size} bytes, {missing} missing"
            );
            assert_eq!(pair.was_dispatched(index), missing == 0);
            assert!(!pair.is_open(behind));
        }
    }
}

/// Moves everything in small steps; gives the bytes written in all and those written when the first
/// call came to its handler.
fn sent_whole(pair: &mut Pair) -> (u64, u64) {
    let mut ended_at = 0;
    loop {
        let quiet = pair.down(usize::MAX).unwrap() == 0;
        // Close to the end of the request every byte counts.
        let step = if pair.server.held().0 == 0 { 1 } else { 7 };
        let moved = pair.up(step).unwrap();
        if ended_at == 0 && pair.was_dispatched(0) {
            ended_at = pair.up.written;
        }
        if quiet && moved == 0 {
            return (pair.up.written, ended_at);
        }
    }
}

#[test]
fn a_large_request_of_which_a_part_is_queued_was_not_executed() {
    let mut pair = Pair::established();
    let large = pair.start(&Call::later(body(1, 3_000_000)));
    let small = pair.start(&Call::later("x"));
    for _ in 0..4 {
        pair.up(usize::MAX).unwrap();
    }
    assert!(
        pair.client.held().1 == 1,
        "the rest waits for its turn or a grant"
    );
    pair.lose("cut");
    assert!(!pair.error(large).may_have_run());
    assert!(
        pair.error(small).may_have_run(),
        "it overtook the large one"
    );
}

#[test]
fn what_was_not_written_is_not_written_later() {
    let mut pair = Pair::established();
    let calls = [Call::later("x"), Call::later(body(1, 2_000_000))].map(|call| pair.start(&call));
    pair.lose("the server broke the protocol");
    pair.client
        .send_goaway(GoAwayCode::ProtocolError, "you broke the protocol");
    pair.settle();
    assert!(pair.handlers.resolved.is_empty() && pair.handlers.dispatched.is_empty());
    assert!(calls.iter().all(|index| !pair.error(*index).may_have_run()));
}

#[test]
fn an_answer_that_has_begun_shows_that_the_call_may_have_run() {
    let mut pair = Pair::established();
    let index = pair.start(&Call::later("x"));
    pair.settle();
    pair.answer(index, &body(1, 500_000));
    pair.down(100_000).unwrap();
    pair.lose("cut");
    assert!(pair.error(index).may_have_run());
}

#[test]
fn an_answer_to_a_request_that_was_not_sent_whole_counts_too() {
    let mut client = LoneClient::established();
    client.start(&Call::echo(body(1, 900_000)));
    client
        .send(&response(1, Flags::END_STREAM, b"half"))
        .unwrap();
    client
        .session
        .lost(u64::MAX, &Status::unavailable("cut"), &mut client.calls);
    assert!(client.error().may_have_run());
}

#[test]
fn a_lost_session_holds_nothing_and_starts_nothing() {
    let mut pair = Pair::established();
    let held = pair.client.held();
    let timeout = Some(Duration::from_secs(1));
    let ended = pair.start(&Call::echo("x"));
    pair.start(&Call {
        timeout,
        ..Call::later("y")
    });
    pair.start(&Call::later(body(1, 2_000_000)));
    for _ in 0..4 {
        pair.up(usize::MAX).unwrap();
        pair.down(usize::MAX).unwrap();
    }
    pair.lose("cut");
    assert_eq!(pair.reply(ended), "x", "a call ends once");
    assert_eq!(pair.client.held(), held);
    assert_eq!(pair.client.next_timeout(), None);
    assert!(pair.client.is_finished() && !pair.client.has_output());
    assert!(matches!(
        pair.try_start(&Call::echo("z")),
        Err(StartError::Draining)
    ));
    assert_eq!(pair.release(ended), Some(ended));
}
