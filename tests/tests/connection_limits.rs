//! Servers take a limited number of connections. Whoever is refused is told the limit, provided
//! that it spoke first, and nothing that it asked for is executed.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use rpc_runtime::{Channel, ChannelBuilder, Code, Stage, Status};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{Expected, LIMIT, RawPeer, TestServer, within};
use rpc_wire::frame::{FrameType, GoAwayCode, Settings};

/// Clients that are told at one time why they are refused.
const TOLD_AT_ONCE: usize = 64;

/// A channel with a connection of its own.
fn own(server: &TestServer) -> ChannelBuilder {
    Channel::builder(server.address()).connect_timeout(LIMIT)
}

async fn connect(server: &TestServer) -> Result<ProbeAsyncClientProxy, Status> {
    own(server).connect().await.map(ProbeAsyncClientProxy::with)
}

const REFUSED: Expected<'_> = Expected {
    code: Code::Unavailable,
    stage: Some(Stage::Connect),
    may_have_run: false,
    address: None,
    method: None,
    says: &[],
};

#[tokio::test]
async fn a_connection_too_many_of_one_peer_is_told_the_limit_and_executes_nothing() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.max_connections_per_peer(2)).await;
        let first = connect(&server).await.unwrap();
        let second = connect(&server).await.unwrap();
        let says = &[
            "ExcessiveLoad",
            "the server has as many connections from 127.0.0.1",
            "2 (max_connections_per_peer)",
            "share connections",
        ];
        let expected = Expected {
            address: Some(&server.address()),
            says,
            ..REFUSED
        };
        for _ in 0..10 {
            expected.check_err(connect(&server).await);
        }
        let lazy = ProbeAsyncClientProxy::with(own(&server).connect_lazy().unwrap());
        let called = Expected {
            stage: Some(Stage::Wait),
            method: Some("probe.Probe/Echo"),
            says: &says[1..],
            ..expected
        };
        called.check_err(lazy.echo(Payload::default()).await);
        assert_eq!(server.probe.counts().started, 0);
        for client in [first, second] {
            client.echo(Payload::default()).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_connection_too_many_in_all_is_told_the_limit_on_every_transport() {
    within(LIMIT, async {
        for address in ["127.0.0.1:0", "mem:a_connection_too_many_in_all"] {
            let server = TestServer::start_at(address, |server| server.max_connections(1)).await;
            let _first = connect(&server).await.unwrap();
            let expected = Expected {
                address: Some(&server.address()),
                says: &[
                    "the server has as many connections",
                    "1 (max_connections)",
                    "try another server",
                ],
                ..REFUSED
            };
            expected.check_err(connect(&server).await);
        }
    })
    .await;
}

#[tokio::test]
async fn a_place_is_free_again_when_its_connection_has_ended() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.max_connections_per_peer(1)).await;
        for _ in 0..3 {
            // The server may learn of the end of the one before a little later.
            let client = loop {
                if let Ok(client) = connect(&server).await {
                    break client;
                }
            };
            client.echo(Payload::default()).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_that_is_refused_hears_it_after_its_first_bytes_and_a_stranger_hears_nothing() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.max_connections(0)).await;
        let mut client = RawPeer::connect(server.socket_addr()).await;
        client.send_settings(&Settings::default()).await;
        client.send_request(1, "probe.Probe/Echo", b"").await;
        client.expect(FrameType::Settings).await;
        let goaway = client.expect(FrameType::GoAway).await.goaway();
        assert_eq!(
            (goaway.code, goaway.last_stream_id),
            (GoAwayCode::ExcessiveLoad, 0)
        );
        assert_eq!(client.next_frame().await, None);

        let mut stranger = RawPeer::connect(server.socket_addr()).await;
        stranger.send(b"HELO example.org\r\n").await;
        assert!(stranger.rest().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn of_a_flood_of_refused_connections_only_some_are_kept_to_be_told() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.max_connections(1)).await;
        let client = connect(&server).await.unwrap();
        // On a slow machine the first have been given up before the last come.
        while !flood_is_cut(&server).await {}
        client.echo(Payload::default()).await.unwrap();
    })
    .await;
}

/// Whether, while many who say nothing are being told, the next one is cut.
async fn flood_is_cut(server: &TestServer) -> bool {
    let mut silent = Vec::new();
    for _ in 0..TOLD_AT_ONCE {
        silent.push(RawPeer::connect(server.socket_addr()).await);
    }
    let mut next = RawPeer::connect(server.socket_addr()).await;
    let mut settings = Vec::new();
    Settings::default().encode(&mut settings);
    // Whoever is cut may find it out while sending.
    next.try_send(&settings).await;
    next.next_frame_or_cut().await.is_none()
}
