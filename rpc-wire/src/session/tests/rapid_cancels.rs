//! Clients that cancel their calls, honestly and otherwise.

use super::lone::*;
use super::*;
use crate::frame::{RequestMetadata, Settings};

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

/// Calls that are cancelled at once, as many as there are ids.
fn begin_and_cancel(server: &mut LoneServer, ids: impl IntoIterator<Item = u32>) {
    for id in ids {
        server.send(&request(id, WHOLE, LATER, b"x")).unwrap();
        server.send(&cancel(id, Code::Cancelled)).unwrap();
    }
}

#[test]
fn a_client_that_only_cancels_is_not_read_until_the_second_is_over() {
    let mut server = server();
    let begun = server.now;
    begin_and_cancel(&mut server, 1..=TOLERATED);
    assert_eq!(server.session.pause(), None);
    server.now += Duration::from_millis(900);
    begin_and_cancel(&mut server, [TOLERATED + 1]);
    let second = Duration::from_secs(1);
    assert_eq!(server.session.pause(), Some(begun + second));
    server.now = begun + second;
    begin_and_cancel(&mut server, [TOLERATED + 2]);
    assert_eq!(server.session.pause(), None);
}

#[test]
fn more_streams_allow_for_more_cancelled_calls() {
    let mut server = LoneServer::established();
    let tolerated = 10 * crate::DEFAULT_MAX_CONCURRENT_STREAMS;
    begin_and_cancel(&mut server, 1..=tolerated);
    assert_eq!(server.session.pause(), None);
    begin_and_cancel(&mut server, [tolerated + 1]);
    assert!(server.session.pause().is_some());
}

#[test]
fn a_client_that_cancels_everything_in_bursts_is_read() {
    let mut server = server();
    for burst in 0..20 {
        let first = burst * TOLERATED + 1;
        begin_and_cancel(&mut server, first..first + TOLERATED);
        assert_eq!(server.session.pause(), None);
        server.now += Duration::from_secs(1);
    }
}

#[test]
fn a_client_that_lets_the_first_of_three_calls_finish_may_cancel_the_others_at_any_rate() {
    let mut server = server();
    for id in (1..50 * TOLERATED).step_by(3) {
        server.send(&request(id, WHOLE, ECHO, b"x")).unwrap();
        begin_and_cancel(&mut server, id + 1..id + 3);
        assert_eq!(server.session.pause(), None);
    }
}

#[test]
fn a_call_that_is_refused_does_not_count_as_finished() {
    let mut server = server();
    for id in (1..=2 * TOLERATED + 1).step_by(2) {
        server.send(&request(id, WHOLE, "no/Such", b"x")).unwrap();
        begin_and_cancel(&mut server, [id + 1]);
    }
    assert!(server.session.pause().is_some());
}

#[test]
fn a_call_that_ended_before_its_cancel_came_is_not_counted() {
    let mut server = server();
    for id in 1..5 * TOLERATED {
        server.send(&request(id, WHOLE, ECHO, b"x")).unwrap();
        server.send(&cancel(id, Code::Cancelled)).unwrap();
    }
    assert_eq!(server.session.pause(), None);
}

#[test]
fn a_deadline_of_a_microsecond_is_no_way_around_the_limit() {
    let mut server = server();
    let metadata = RequestMetadata {
        path: LATER.to_owned(),
        timeout_us: 1,
        ..RequestMetadata::default()
    };
    let begun = server.now;
    for id in 1..=TOLERATED + 1 {
        assert_eq!(server.session.pause(), None, "call {id}");
        server
            .send(&request_with(id, WHOLE, &metadata, b"x"))
            .unwrap();
        server.now += Duration::from_micros(2);
        let (session, handlers) = (&mut server.session, &mut server.handlers);
        session.expire(server.now, handlers).unwrap();
    }
    let pause = server.session.pause().expect("the client is slowed down");
    assert_eq!(
        pause,
        begun + Duration::from_micros(2) + Duration::from_secs(1)
    );
}

#[test]
fn calls_that_all_end_at_deadlines_of_a_tenth_of_a_second_are_read() {
    let mut server = server();
    let streams = TOLERATED / 10;
    let metadata = RequestMetadata {
        path: LATER.to_owned(),
        timeout_us: 100_000,
        ..RequestMetadata::default()
    };
    for burst in 0..100 {
        for id in 1..=streams {
            let request = request_with(burst * streams + id, WHOLE, &metadata, b"x");
            server.send(&request).unwrap();
        }
        server.now += Duration::from_millis(100);
        let (session, handlers) = (&mut server.session, &mut server.handlers);
        session.expire(server.now, handlers).unwrap();
        assert_eq!(server.session.pause(), None, "burst {burst}");
    }
}
