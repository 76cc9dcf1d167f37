//! PING and PONG.

use super::lone::*;
use super::*;
use crate::DEFAULT_MIN_PING_INTERVAL;
use crate::frame::{FrameType, Settings};

/// Early pings that are forgiven.
const TOLERATED: u64 = 8;

#[test]
fn a_ping_is_answered_with_its_bytes_by_both_sides() {
    let mut server = LoneServer::established();
    server.send(&ping(0x0123_4567_89ab_cdef)).unwrap();
    let answer = server.sent_one();
    assert_eq!(answer.frame_type(), FrameType::Pong);
    assert_eq!(
        answer.body,
        0x0123_4567_89ab_cdef_u64.to_be_bytes().to_vec()
    );

    let mut client = LoneClient::established();
    client.send(&ping(7)).unwrap();
    let answers = client.sent();
    assert_eq!(answers[0].body, 7_u64.to_be_bytes().to_vec());
}

#[test]
fn a_pong_that_nobody_waits_for_is_dropped() {
    let mut server = LoneServer::established();
    server.send(&pong(*b"whatever")).unwrap();
    server.send(&pong(*b"draining")).unwrap();
    assert!(server.sent().is_empty());
    LoneClient::established().send(&pong(*b"whatever")).unwrap();
}

#[test]
fn a_flood_of_pings_is_an_excessive_load() {
    let mut server = LoneServer::established();
    for n in 0..=TOLERATED {
        server
            .send(&ping(n))
            .expect("the first is on time, eight more are forgiven");
    }
    let error = server.send(&ping(99)).unwrap_err();
    assert_eq!(error.code(), GoAwayCode::ExcessiveLoad);
    server.session.fail(&error);
    let last = server.sent().pop().unwrap().goaway();
    assert_eq!(last.code, GoAwayCode::ExcessiveLoad);
}

#[test]
fn pings_at_the_agreed_interval_are_never_abuse() {
    let mut server = LoneServer::established();
    for n in 0..100 {
        server.send(&ping(n)).unwrap();
        server.now += DEFAULT_MIN_PING_INTERVAL;
    }
}

#[test]
fn a_ping_on_time_makes_up_for_early_ones() {
    let mut client = LoneClient::established();
    for _ in 0..3 {
        for n in 0..=TOLERATED {
            client.send(&ping(n)).unwrap();
        }
        client.now += DEFAULT_MIN_PING_INTERVAL;
    }
}

#[test]
fn the_interval_is_the_receivers() {
    let min_ping_interval = Duration::from_millis(5);
    let settings = Settings {
        min_ping_interval,
        ..Settings::default()
    };
    let config = ServerConfig {
        settings,
        ..ServerConfig::default()
    };
    let mut server = LoneServer::with_client(config, &Settings::default());
    for n in 0..100 {
        server.send(&ping(n)).unwrap();
        server.now += min_ping_interval;
    }
}
