//! Checksums: a bit that was changed on the way is noticed, and reaches nobody.
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use bytes::Bytes;
use rpc_runtime::{Channel, Code, Stage, Status};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{Expected, LIMIT, RawFrame, TestServer, Wiretap, within};
use rpc_wire::frame::{Flags, FrameType};

fn payload(length: usize) -> Payload {
    let data: Bytes = (0..length).map(|byte| byte as u8).collect();
    Payload { data }
}

async fn client(wire: &Wiretap) -> ProbeAsyncClientProxy {
    let channel = Channel::builder(wire.address()).checksum(true);
    ProbeAsyncClientProxy::with(channel.connect().await.unwrap())
}

async fn echo(client: &ProbeAsyncClientProxy, length: usize) -> Result<Payload, Status> {
    within(LIMIT, client.echo(payload(length))).await
}

/// A length whose frames are small, and one whose body is large.
const LENGTHS: [usize; 2] = [100, 40_000];

#[tokio::test]
async fn a_client_that_wants_checksums_gets_them_both_ways() {
    let server = TestServer::start().await;
    let wire = Wiretap::to(server.socket_addr()).await;
    let client = client(&wire).await;
    for length in LENGTHS {
        assert_eq!(echo(&client, length).await.unwrap(), payload(length));
    }
    let from_clients = wire.from_clients();
    assert_eq!(from_clients[0].header.frame_type, FrameType::Settings);
    let frames = [&from_clients[1..], &wire.from_server()].concat();
    assert!(frames.len() > 6 && frames.iter().all(has_checksum));
}

fn has_checksum(frame: &RawFrame) -> bool {
    frame.header.flags.contains(Flags::CHECKSUM)
}

#[tokio::test]
async fn a_client_that_does_not_ask_or_a_server_that_does_not_want_has_none() {
    let refusing = TestServer::start_with(|server| server.checksum(false)).await;
    let wire = Wiretap::to(refusing.socket_addr()).await;
    echo(&client(&wire).await, 100).await.unwrap();
    let other = TestServer::start().await;
    let other_wire = Wiretap::to(other.socket_addr()).await;
    let plain = ProbeAsyncClientProxy::connect(other_wire.address()).await;
    echo(&plain.unwrap(), 100).await.unwrap();
    for wire in [wire, other_wire] {
        let frames = [wire.from_clients(), wire.from_server()].concat();
        assert!(frames.len() >= 4 && !frames.iter().any(has_checksum));
    }
}

#[tokio::test]
async fn a_request_that_was_changed_on_the_way_goes_to_no_handler_and_over_another_connection() {
    let server = TestServer::start().await;
    let wire = Wiretap::to(server.socket_addr()).await;
    let client = client(&wire).await;
    echo(&client, 100).await.unwrap();
    // In the body: without a checksum it would be another message.
    wire.damage_from_clients(8 * 90);
    assert_eq!(echo(&client, 100).await.unwrap(), payload(100));
    assert_eq!(server.probe.counts().started, 2, "once for each call");
    let frames = wire.from_server();
    let goaway = frames
        .iter()
        .find(|frame| frame.header.frame_type == FrameType::GoAway);
    let goaway = goaway.unwrap().goaway();
    assert_eq!(goaway.last_stream_id, 1, "the damaged one was not believed");
    assert!(
        goaway.message.contains("wrong checksum"),
        "{}",
        goaway.message
    );
}

#[tokio::test]
async fn a_request_that_was_changed_after_it_began_is_an_error_that_says_so() {
    let server = TestServer::start().await;
    let wire = Wiretap::to(server.socket_addr()).await;
    let client = client(&wire).await;
    echo(&client, 100).await.unwrap();
    wire.damage_from_clients(8 * 20_000);
    let address = wire.address();
    let expected = Expected {
        code: Code::Unavailable,
        stage: Some(Stage::Wait),
        // All that a GOAWAY says is that the stream was opened.
        may_have_run: true,
        address: Some(&address),
        method: Some("probe.Probe/Echo"),
        says: &["DATA frame on stream 2 with a wrong checksum: bytes were changed on the way"],
    };
    expected.check_err(echo(&client, 40_000).await);
    assert_eq!(server.probe.counts().started, 1);
    assert_eq!(echo(&client, 40_000).await.unwrap(), payload(40_000));
}

#[tokio::test]
async fn a_reply_that_was_changed_on_the_way_is_an_error_and_the_call_is_not_made_again() {
    for length in LENGTHS {
        let server = TestServer::start().await;
        let wire = Wiretap::to(server.socket_addr()).await;
        let client = client(&wire).await;
        echo(&client, length).await.unwrap();
        wire.damage_from_server(8 * (length / 2 + 20));
        let address = wire.address();
        let expected = Expected {
            code: Code::Unavailable,
            stage: Some(Stage::Wait),
            may_have_run: true,
            address: Some(&address),
            method: Some("probe.Probe/Echo"),
            says: &["frame on stream 2 with a wrong checksum: bytes were changed on the way"],
        };
        expected.check_err(echo(&client, length).await);
        assert_eq!(server.probe.counts().started, 2);
        assert_eq!(echo(&client, length).await.unwrap(), payload(length));
    }
}
