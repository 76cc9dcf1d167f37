//! Clients that cancel their calls, honestly and otherwise.

use super::lone::*;
use super::*;
use crate::frame::Settings;

/// Calls that may be cancelled within a second.
const TOLERATED: u32 = 1_000;

/// A server that allows so few streams that the least is tolerated.
fn server() -> LoneServer {
    let settings = Settings {
        max_concurrent_streams: TOLERATED / 10,
        ..Settings::default()
    };
    let config = ServerConfig {
        settings,
        ..ServerConfig::default()
    };
    LoneServer::with_client(config, &Settings::default())
}

/// A call that is cancelled at once.
fn begin_and_cancel(server: &mut LoneServer, id: u32) -> Result<(), SessionError> {
    server.send(&request(id, WHOLE, LATER, b"x"))?;
    server.send(&cancel(id, Code::Cancelled))
}

#[test]
fn a_client_that_only_cancels_is_told_to_leave_and_started_no_more_handlers_than_that() {
    let mut server = server();
    for id in 1..=TOLERATED {
        begin_and_cancel(&mut server, id).unwrap();
    }
    let error = begin_and_cancel(&mut server, TOLERATED + 1).unwrap_err();
    assert_eq!(error.code(), GoAwayCode::ExcessiveLoad);
    let message = error.message();
    assert!(
        message.contains("1001 calls cancelled within a second and 0 let finish: 1000 and"),
        "{message}"
    );
    assert!(
        message.contains("max_concurrent_streams is 100"),
        "{message}"
    );
    let started = server.handlers.dispatched.len();
    assert_eq!(started, TOLERATED as usize + 1);
}

#[test]
fn more_streams_allow_for_more_cancelled_calls() {
    let mut server = LoneServer::established();
    for id in 1..=10 * crate::DEFAULT_MAX_CONCURRENT_STREAMS {
        begin_and_cancel(&mut server, id).unwrap();
    }
}

#[test]
fn a_client_that_cancels_everything_in_bursts_stays() {
    let mut server = server();
    for burst in 0..20 {
        for id in 1..=TOLERATED {
            begin_and_cancel(&mut server, burst * TOLERATED + id).unwrap();
        }
        server.now += Duration::from_secs(1);
    }
}

#[test]
fn a_client_that_lets_the_first_of_three_calls_finish_may_cancel_the_others_at_any_rate() {
    let mut server = server();
    for id in (1..50 * TOLERATED).step_by(3) {
        server.send(&request(id, WHOLE, ECHO, b"x")).unwrap();
        begin_and_cancel(&mut server, id + 1).unwrap();
        begin_and_cancel(&mut server, id + 2).unwrap();
    }
}

#[test]
fn a_call_that_is_refused_does_not_count_as_finished() {
    let mut server = server();
    for id in (1..2 * TOLERATED).step_by(2) {
        server.send(&request(id, WHOLE, "no/Such", b"x")).unwrap();
        begin_and_cancel(&mut server, id + 1).unwrap();
    }
    let error = begin_and_cancel(&mut server, 2 * TOLERATED + 1).unwrap_err();
    assert_eq!(error.code(), GoAwayCode::ExcessiveLoad);
}

#[test]
fn a_call_that_ended_before_its_cancel_came_is_not_counted() {
    let mut server = server();
    for id in 1..5 * TOLERATED {
        server.send(&request(id, WHOLE, ECHO, b"x")).unwrap();
        server.send(&cancel(id, Code::Cancelled)).unwrap();
    }
}
