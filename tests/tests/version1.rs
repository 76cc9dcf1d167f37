//! Clients of protocol version 1 are answered on the same port, as their own servers did.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use hello::Greeter;
use prost::Message;
use rpc_runtime::Protocol;
use rpc_tests::probe::{Payload, Seen};
use rpc_tests::{LIMIT, RawPeer, TestServer, V1Peer, v1_request, within};
use rpc_wire::frame::{FrameType, GoAwayCode, VERSION};

/// The bytes that a file of hexadecimal numbers stands for.
fn hex(text: &str) -> Vec<u8> {
    let numbers = text.split_whitespace();
    numbers
        .map(|number| u8::from_str_radix(number, 16).unwrap())
        .collect()
}

/// A request that a version 1 client sent, and what its server answered.
fn sample() -> (Vec<u8>, Vec<u8>) {
    (
        hex(include_str!("../samples/v1-request.hex")),
        hex(include_str!("../samples/v1-response.hex")),
    )
}

#[test]
fn the_document_shows_the_real_frames() {
    let document = include_str!("../../docs/version-1.md");
    let dumps = document.split("```hexdump\n").skip(1);
    let frames: Vec<_> = dumps
        .map(|dump| {
            let lines = dump.split("```").next().unwrap().lines();
            hex(&lines
                .map(|line| line.split('|').next().unwrap())
                .collect::<String>())
        })
        .collect();
    let (request, response) = sample();
    assert_eq!(frames, [request, response]);
}

/// A server that version 1 clients find the greeter in, under the name that they have for it.
async fn greeting() -> TestServer {
    TestServer::start_with(|server| server.service_as("helloworld", Greeter)).await
}

fn payload(data: impl Into<bytes::Bytes>) -> Payload {
    Payload { data: data.into() }
}

#[tokio::test]
async fn a_real_request_is_answered_byte_for_byte() {
    within(LIMIT, async {
        let server = greeting().await;
        let (request, response) = sample();
        let mut peer = V1Peer::connect(server.socket_addr()).await;
        for _ in 0..3 {
            peer.send(&request).await;
            assert_eq!(peer.bytes(response.len()).await, response);
        }
    })
    .await;
}

#[tokio::test]
async fn a_frame_may_be_split_at_every_byte() {
    within(LIMIT, async {
        let server = greeting().await;
        let (request, response) = sample();
        let mut same = V1Peer::connect(server.socket_addr()).await;
        for at in 1..request.len() {
            let mut new = V1Peer::connect(server.socket_addr()).await;
            new.send(&request[..at]).await;
            same.send(&request[..at]).await;
            server.settle().await;
            new.send(&request[at..]).await;
            same.send(&request[at..]).await;
            assert_eq!(new.bytes(response.len()).await, response, "{at}");
            assert_eq!(same.bytes(response.len()).await, response, "{at}");
        }
    })
    .await;
}

#[tokio::test]
async fn frames_that_come_together_are_all_answered() {
    within(LIMIT, async {
        let server = greeting().await;
        let (request, response) = sample();
        let mut peer = V1Peer::connect(server.socket_addr()).await;
        // The last one comes in two parts.
        let requests = request.repeat(5000);
        let (first, second) = requests.split_at(requests.len() - request.len() / 2);
        peer.send(first).await;
        server.settle().await;
        peer.send(second).await;
        let responses = response.repeat(5000);
        assert!(peer.bytes(responses.len()).await == responses);
    })
    .await;
}

#[tokio::test]
async fn a_hundred_calls_on_one_connection_run_at_a_time_and_end_in_any_order() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = V1Peer::connect(server.socket_addr()).await;
        let name = |sequence: u32| payload(sequence.to_be_bytes().to_vec());
        for sequence in 1..=100 {
            peer.request(sequence, "probe.Probe", "Hold", &name(sequence))
                .await;
        }
        server.probe.until_running(100).await;
        for sequence in (1..=100).rev() {
            server.probe.release(name(sequence).data);
            let answer = peer.answer().await;
            assert_eq!((answer.frame_type, answer.sequence), (1, sequence));
            assert_eq!(
                answer.protocol_data,
                r#"{"service_name":"probe.Probe","method_name":"Hold"}"#
            );
            assert_eq!(answer.body, name(sequence).encode_to_vec());
        }
    })
    .await;
}

#[tokio::test]
async fn a_sequence_id_may_be_in_flight_twice_and_is_given_back_as_it_came() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = V1Peer::connect(server.socket_addr()).await;
        let sequences = [7, 7, 0, u32::MAX];
        for (number, sequence) in sequences.iter().enumerate() {
            let data = payload(vec![number as u8]);
            peer.request(*sequence, "probe.Probe", "Hold", &data).await;
        }
        server.probe.until_running(sequences.len()).await;
        server.probe.release_all();
        let mut answered = BTreeMap::new();
        for _ in sequences {
            let answer = peer.answer().await;
            let data = Payload::decode(&*answer.body).unwrap().data;
            answered.insert(data[0], answer.sequence);
        }
        assert_eq!(answered.into_values().collect::<Vec<_>>(), sequences);
    })
    .await;
}

#[tokio::test]
async fn protocol_data_are_given_back_as_they_came() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = V1Peer::connect(server.socket_addr()).await;
        let data = r#" {"method_name":"Echo", "x":null, "service_name":"probe.\u0050robe"} "#;
        let mut frame = v1_request(1, "", "", b"");
        frame.truncate(16);
        frame[3] = 2;
        frame[11] = data.len() as u8;
        frame.extend(data.as_bytes());
        peer.send(&frame).await;
        let answer = peer.answer().await;
        assert_eq!((&*answer.protocol_data, answer.frame_type), (data, 1));
    })
    .await;
}

#[tokio::test]
async fn one_port_answers_native_and_version_1_clients() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let mut peer = V1Peer::connect(server.socket_addr()).await;
        for round in 0..10u8 {
            let data = payload(vec![round; 10]);
            peer.request(1, "probe.Probe", "Echo", &data).await;
            assert_eq!(client.echo(data.clone()).await.unwrap(), data);
            assert_eq!(peer.answer().await.body, data.encode_to_vec());
        }
    })
    .await;
}

#[tokio::test]
async fn a_handler_sees_the_peer_and_the_method_and_the_time_that_the_server_gives_it() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = V1Peer::connect(server.socket_addr()).await;
        peer.request(1, "probe.Probe", "Inspect", &()).await;
        let seen = Seen::decode(&*peer.answer().await.body).unwrap();
        assert_eq!(seen.method, "probe.Probe/Inspect");
        assert!(seen.peer.starts_with("127.0.0.1:"), "{}", seen.peer);
        assert!(seen.metadata.is_empty(), "{:?}", seen.metadata);
        // What is left of the default_timeout.
        let remaining = Duration::from_micros(seen.remaining_us);
        let given = Duration::from_micros(1)..=Duration::from_secs(30);
        assert!(given.contains(&remaining), "{remaining:?}");
    })
    .await;
}

#[tokio::test]
async fn large_messages_go_both_ways() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = V1Peer::connect(server.socket_addr()).await;
        let data = payload(vec![5; 4 * 1024 * 1024 - 100]);
        for sequence in 1..=3 {
            peer.request(sequence, "probe.Probe", "Echo", &data).await;
            let answer = peer.answer().await;
            assert_eq!(answer.sequence, sequence);
            assert!(answer.body == data.encode_to_vec());
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_without_version_1_tells_its_clients_what_it_speaks() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.without(Protocol::V1)).await;
        let mut peer = RawPeer::connect(server.socket_addr()).await;
        peer.send(&sample().0).await;
        let goaway = peer.expect(FrameType::GoAway).await.goaway();
        assert_eq!(goaway.code, GoAwayCode::UnsupportedVersion);
        assert_eq!(goaway.versions, [VERSION]);
    })
    .await;
}
