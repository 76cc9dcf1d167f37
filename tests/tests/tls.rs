//! TLS: calls work as without, and whatever is wrong with a certificate is told to both sides.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::time::Duration;

use rpc_runtime::{Channel, ChannelBuilder, ClientTls, Code, Server, ServerTls, Stage, Status};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy, ProbeClientProxy};
use rpc_tests::streams::{CountRequest, StreamsAsyncClientProxy, StreamsClientProxy};
use rpc_tests::{Authority, Expected, LIMIT, RawPeer, TestServer, TestStreams, within};

const MEBI: usize = 1024 * 1024;

/// A connection that did not come about.
const NO_CONNECTION: Expected<'_> = Expected {
    code: Code::Unavailable,
    stage: Some(Stage::Connect),
    may_have_run: false,
    address: None,
    method: None,
    says: &[],
};

fn payload(size: usize) -> Payload {
    Payload {
        data: vec![b'x'; size].into(),
    }
}

async fn start(tls: ServerTls) -> TestServer {
    TestServer::start_with(|server| server.service(TestStreams::default()).tls(tls)).await
}

fn builder(server: &TestServer, tls: ClientTls) -> ChannelBuilder {
    Channel::builder(server.address()).tls(tls)
}

async fn connect(server: &TestServer, tls: ClientTls) -> Result<ProbeAsyncClientProxy, Status> {
    let channel = builder(server, tls).connect().await?;
    Ok(ProbeAsyncClientProxy::with(channel))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_proxy_makes_every_kind_of_call() {
    within(LIMIT, async {
        let authority = Authority::new();
        let server = start(authority.server()).await;
        assert!(
            server.address().starts_with("rpcs://"),
            "{}",
            server.address()
        );
        let count = || CountRequest {
            up_to: 3,
            ..CountRequest::default()
        };
        let channel = builder(&server, authority.client())
            .connect()
            .await
            .unwrap();
        let probe = ProbeAsyncClientProxy::with(channel.clone());
        // More than TLS and the sockets hold between them, both ways.
        for size in [0, 1, 16 * 1024, 4 * MEBI - 16] {
            assert_eq!(probe.echo(payload(size)).await.unwrap(), payload(size));
        }
        let calls: Vec<_> = (0..100)
            .map(|_| probe.echo(payload(50_000)).start())
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), payload(50_000));
        }
        let streams = StreamsAsyncClientProxy::with(channel);
        let mut numbers = streams.count(count()).await.unwrap();
        for _ in 0..3 {
            assert!(numbers.message().await.unwrap().is_some());
        }
        assert!(numbers.message().await.unwrap().is_none());

        let builder = builder(&server, authority.client());
        tokio::task::spawn_blocking(move || {
            let channel = builder.connect_blocking().unwrap();
            let probe = ProbeClientProxy::with(channel.clone());
            assert_eq!(probe.echo(payload(9)).unwrap(), payload(9));
            let streams = StreamsClientProxy::with(channel);
            assert_eq!(streams.count(count()).unwrap().count(), 3);
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_server_that_cannot_prove_who_it_is_is_not_spoken_to() {
    within(LIMIT, async {
        let authority = Authority::new();
        let stranger = Authority::new();
        let local = &["127.0.0.1"][..];
        for (identity, says) in [
            (
                stranger.issue(local),
                &["UnknownIssuer", "ClientTls::roots_pem"][..],
            ),
            (
                authority.issue_expired(local),
                &["expired", "renew the server's certificate"],
            ),
            (
                authority.issue(&["example.org", "example.com"]),
                &[
                    "not valid for name",
                    "127.0.0.1",
                    "example.org",
                    "ClientTls::server_name",
                ],
            ),
        ] {
            let server = start(identity.server()).await;
            let expected = Expected {
                address: Some(&server.address()),
                says: &[&["the TLS handshake failed"], says].concat(),
                ..NO_CONNECTION
            };
            expected.check_err(connect(&server, authority.client()).await);

            let lazy = builder(&server, authority.client()).connect_lazy().unwrap();
            let called = Expected {
                method: Some("probe.Probe/Echo"),
                ..expected
            };
            called.check_err(ProbeAsyncClientProxy::with(lazy).echo(payload(1)).await);
            assert_eq!(server.probe.counts().started, 0);
        }
    })
    .await;
}

#[tokio::test]
async fn a_certificate_for_another_name_is_accepted_if_the_client_expects_that_name() {
    within(LIMIT, async {
        let authority = Authority::new();
        let server = start(authority.issue(&["example.org"]).server()).await;
        let tls = authority.client().server_name("example.org").unwrap();
        let probe = connect(&server, tls).await.unwrap();
        probe.echo(payload(1)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn only_the_roots_of_the_operating_system_are_trusted_unless_others_are_given() {
    within(LIMIT, async {
        let authority = Authority::new();
        let server = start(authority.server()).await;
        // Where the system has no roots at all, it is that what the error says.
        let status = Channel::connect(server.address()).await.unwrap_err();
        assert!(
            status.message().contains("ClientTls::roots_pem"),
            "{status}"
        );
        assert!(!status.may_have_run(), "{status}");
    })
    .await;
}

#[tokio::test]
async fn a_certificate_is_replaced_without_a_restart_and_open_connections_stay() {
    within(LIMIT, async {
        let (old, new) = (Authority::new(), Authority::new());
        let tls = old.server();
        let server = start(tls.clone()).await;
        let before = connect(&server, old.client()).await.unwrap();
        connect(&server, new.client()).await.unwrap_err();

        let identity = new.issue(&["127.0.0.1"]);
        tls.replace_pem(&identity.certificate, &identity.key)
            .unwrap();
        let after = connect(&server, new.client()).await.unwrap();
        connect(&server, old.client()).await.unwrap_err();
        for client in [&before, &after] {
            client.echo(payload(1)).await.unwrap();
        }

        // What cannot be used changes nothing.
        tls.replace_pem(&identity.certificate, "no key")
            .unwrap_err();
        connect(&server, new.client()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_client_without_tls_is_told_that_the_server_speaks_it() {
    within(LIMIT, async {
        let server = start(Authority::new().server()).await;
        let address = server.socket_addr().to_string();
        let expected = Expected {
            address: Some(&address),
            says: &["are those of TLS", "check address, port and scheme"],
            ..NO_CONNECTION
        };
        expected.check_err(ProbeAsyncClientProxy::connect(&address).await);

        // Also if it is in the midst of sending, when an end without delay would cut it short.
        let lazy = ProbeAsyncClientProxy::connect_lazy(&address).unwrap();
        let status = lazy.echo(payload(MEBI)).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.message().contains("are those of TLS"), "{status}");
    })
    .await;
}

#[tokio::test]
async fn a_client_with_tls_is_told_that_the_server_does_not_speak_it() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let target = format!("rpcs://{}", server.address());
        let expected = Expected {
            address: Some(&target),
            says: &["the TLS handshake failed", "use the scheme rpc"],
            ..NO_CONNECTION
        };
        let tls = Authority::new().client();
        expected.check_err(Channel::builder(&target).tls(tls).connect().await);
    })
    .await;
}

#[tokio::test]
async fn clients_that_do_not_shake_hands_hold_up_nobody_and_are_cut() {
    within(LIMIT, async {
        let authority = Authority::new();
        let server = TestServer::start_with(|server| {
            server
                .tls(authority.server())
                .handshake_timeout(Duration::from_secs(1))
        })
        .await;
        let mut silent = Vec::new();
        for _ in 0..20 {
            silent.push(RawPeer::connect(server.socket_addr()).await);
        }
        let probe = connect(&server, authority.client()).await.unwrap();
        probe.echo(payload(1)).await.unwrap();
        for peer in silent {
            assert!(peer.rest().await.is_empty());
        }
        probe.echo(payload(1)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn handshakes_do_not_delay_the_shutdown() {
    within(LIMIT, async {
        let authority = Authority::new();
        let server = TestServer::start_with(|server| {
            server
                .tls(authority.server())
                .handshake_timeout(2 * LIMIT)
                .shutdown_grace(2 * LIMIT)
        })
        .await;
        let silent = RawPeer::connect(server.socket_addr()).await;
        // Whoever comes later is accepted later.
        connect(&server, authority.client()).await.unwrap();
        server.shut_down().await;
        assert!(silent.rest().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_server_that_dies_without_a_farewell_has_closed_the_connection() {
    within(LIMIT, async {
        let authority = Authority::new();
        let server = start(authority.server()).await;
        let probe = connect(&server, authority.client()).await.unwrap();
        let held = probe.hold(payload(1)).start();
        server.probe.until_running(1).await;
        server.kill().await;
        let status = held.await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(status.message(), "the server closed the connection");
    })
    .await;
}

#[tokio::test]
async fn a_client_over_a_limit_of_connections_hears_it_over_tls_too() {
    within(LIMIT, async {
        let authority = Authority::new();
        let configure = |server: Server| server.tls(authority.server()).max_connections(0);
        let server = TestServer::start_with(configure).await;
        let expected = Expected {
            address: Some(&server.address()),
            says: &["max_connections"],
            ..NO_CONNECTION
        };
        expected.check_err(connect(&server, authority.client()).await);
    })
    .await;
}

#[tokio::test]
async fn what_contradicts_itself_is_an_error_before_anything_is_sent() {
    let authority = Authority::new();
    for target in [
        "127.0.0.1:1",
        "rpc://127.0.0.1:1",
        "unix:/tmp/socket",
        "mem:x",
    ] {
        let lazy = Channel::builder(target)
            .tls(authority.client())
            .connect_lazy();
        let status = lazy.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{target}");
        let text = status.message();
        assert!(text.contains("write rpcs://host:port"), "{text}");
    }
    for address in ["unix:/tmp/socket", "mem:x"] {
        let bound = Server::new().tls(authority.server()).bind(address).await;
        let text = bound.unwrap_err().to_string();
        assert!(text.contains("Server::tls is for TCP"), "{text}");
    }
    let name = Channel::connect_lazy("rpcs://not a name:1").unwrap_err();
    assert!(name.message().contains("neither a DNS name"), "{name}");
}

#[test]
fn certificates_and_keys_that_cannot_be_used_say_why() {
    let authority = Authority::new();
    let (one, other) = (authority.issue(&["a"]), authority.issue(&["b"]));
    for (certificate, key, says) in [
        (&*one.certificate, &*other.key, "KeyMismatch"),
        (&*one.key, &*one.key, "there is no certificate in PEM"),
        (&*one.certificate, &*one.certificate, "not one private key"),
        ("", &*one.key, "there is no certificate in PEM"),
    ] {
        let error = ServerTls::from_pem(certificate, key)
            .unwrap_err()
            .to_string();
        assert!(error.contains(says), "{error}");
        let error = ClientTls::new().identity_pem(certificate, key).unwrap_err();
        let status = Status::from(error);
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().contains(says), "{status}");
    }
    ClientTls::new().roots_pem("no roots").unwrap_err();
    let keys = format!("{:?} {:?}", one.server(), one.of_client(authority.client()));
    assert!(!keys.contains("PRIVATE"), "{keys}");
}
