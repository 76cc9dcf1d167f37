//! Signs of life.

use super::lone::*;
use super::*;
use crate::DEFAULT_MIN_PING_INTERVAL;
use crate::frame::{Flags, FrameType, Settings};

const INTERVAL: Duration = Duration::from_secs(15);
const TIMEOUT: Duration = Duration::from_secs(5);

fn client(server: &Settings) -> LoneClient {
    let config = ClientConfig {
        keepalive: Some(Keepalive {
            interval: INTERVAL,
            timeout: TIMEOUT,
        }),
        ..ClientConfig::default()
    };
    let mut client = LoneClient::new(config);
    client.send(&settings(server)).unwrap();
    client.sent();
    client
}

fn expire(client: &mut LoneClient) -> Result<(), SessionError> {
    client.session.expire(client.now, &mut client.calls)
}

#[test]
fn a_silent_server_is_asked_and_given_up_when_it_does_not_answer() {
    let mut client = client(&Settings::default());
    client.start(&Call::later("x"));
    client.sent();
    assert_eq!(client.session.next_timeout(), Some(client.now + INTERVAL));
    client.now += INTERVAL;
    expire(&mut client).unwrap();
    assert_eq!(client.sent()[0].frame_type(), FrameType::Ping);
    assert_eq!(client.session.next_timeout(), Some(client.now + TIMEOUT));

    client.now += TIMEOUT;
    let error = expire(&mut client).unwrap_err();
    assert_eq!(error.code(), GoAwayCode::Timeout);
    assert!(
        error.message().contains("nothing came from it for 20s"),
        "{error}"
    );
}

#[test]
fn a_connection_without_calls_is_checked_by_one_ping_unless_the_server_was_heard_lately() {
    let mut client = client(&Settings::default());
    assert!(client.session.check_alive(client.now), "it sent SETTINGS");
    client.now += DEFAULT_MIN_PING_INTERVAL;
    assert!(!client.session.check_alive(client.now));
    assert!(!client.session.check_alive(client.now), "it owes an answer");
    let sent = client.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].frame_type(), FrameType::Ping);
    client.send(&pong(*b"anybody?")).unwrap();
    assert!(client.session.check_alive(client.now));
    assert!(client.sent().is_empty());
}

#[test]
fn whatever_arrives_is_a_sign_of_life() {
    let mut client = client(&Settings::default());
    client.start(&Call::later("x"));
    for bytes in [pong(*b"anything"), window(1, 10), ping(3)] {
        client.now += INTERVAL;
        expire(&mut client).unwrap();
        client.now += TIMEOUT / 2;
        client.send(&bytes).unwrap();
        assert_eq!(client.session.next_timeout(), Some(client.now + INTERVAL));
    }
}

#[test]
fn a_connection_without_calls_is_left_in_peace_and_asked_with_the_next_call() {
    let mut client = client(&Settings::default());
    assert_eq!(client.session.next_timeout(), None);
    client.now += 100 * INTERVAL;
    expire(&mut client).unwrap();
    assert!(client.sent().is_empty());

    client.start(&Call::later("x"));
    assert!(client.session.next_timeout() <= Some(client.now));
    expire(&mut client).unwrap();
    let sent = client.sent();
    assert_eq!(sent[1].frame_type(), FrameType::Ping, "behind the request");
}

#[test]
fn no_ping_comes_earlier_than_the_server_agreed_to() {
    let min_ping_interval = 10 * DEFAULT_MIN_PING_INTERVAL;
    let mut client = client(&Settings {
        min_ping_interval,
        ..Settings::default()
    });
    client.start(&Call::later("x"));
    assert_eq!(
        client.session.next_timeout(),
        Some(client.now + min_ping_interval)
    );
}

#[test]
fn a_server_gives_up_a_client_that_left_its_calls_behind_but_not_while_it_does_not_read() {
    let mut server = LoneServer::new(ServerConfig {
        keepalive: Some(Keepalive {
            interval: INTERVAL,
            timeout: TIMEOUT,
        }),
        ..ServerConfig::default()
    });
    server.send(&settings(&Settings::default())).unwrap();
    server.send(&request(1, WHOLE, LATER, b"x")).unwrap();
    server.sent();
    server.now += INTERVAL;
    server.session.not_reading(server.now);
    let expire = |server: &mut LoneServer| server.session.expire(server.now, &mut server.handlers);
    expire(&mut server).unwrap();
    assert!(server.sent().is_empty());

    server.now += INTERVAL;
    expire(&mut server).unwrap();
    assert_eq!(server.sent_one().frame_type(), FrameType::Ping);
    server.now += TIMEOUT;
    let error = expire(&mut server).unwrap_err();
    assert_eq!(error.code(), GoAwayCode::Timeout);
}

#[test]
fn a_side_that_receives_for_open_streams_says_every_few_seconds_that_it_is_there() {
    let mut server = LoneServer::established();
    server.send(&request(1, Flags::NONE, TALK, b"")).unwrap();
    server.sent();
    let piece = data(1, Flags::NONE, b"x");
    let mut signs = 0;
    for _ in 0..20 {
        server.now += Duration::from_secs(1);
        server.send(&piece).unwrap();
        signs += server.sent().len();
    }
    assert_eq!(signs, 3, "one in five seconds from the first on");
    server.send(&cancel(1, Code::Cancelled)).unwrap();
    server.now += Duration::from_secs(20);
    server.send(&window(1, 1)).unwrap();
    assert!(server.sent().is_empty(), "no stream is open");
}
