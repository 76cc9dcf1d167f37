//! Every way to move bytes carries every kind of call.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::io;
use std::net::SocketAddr;

use rpc_runtime::{Accepted, Channel, Code, ServeError, Server};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy, ProbeClientProxy};
use rpc_tests::streams::{CountRequest, StreamsAsyncClientProxy, StreamsClientProxy};
use rpc_tests::{Expected, LIMIT, TestProbe, TestServer, TestStreams, channel, once, within};
use tokio::io::{DuplexStream, duplex};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

fn payload() -> Payload {
    Payload {
        data: "bytes".into(),
    }
}

fn with_streams(server: Server) -> Server {
    server.service(TestStreams::default())
}

fn count(up_to: u64) -> CountRequest {
    CountRequest {
        up_to,
        ..CountRequest::default()
    }
}

/// A unary call and a call with a stream, through both kinds of proxies.
async fn everything_works(target: &str) {
    let channel = Channel::connect(target).await.unwrap();
    let probe = ProbeAsyncClientProxy::with(channel.clone());
    assert_eq!(probe.echo(payload()).await.unwrap(), payload());
    let streams = StreamsAsyncClientProxy::with(channel);
    let mut numbers = streams.count(count(3)).await.unwrap();
    for expected in 1..=3 {
        assert_eq!(
            numbers.message().await.unwrap().map(|number| number.value),
            Some(expected)
        );
    }
    assert_eq!(numbers.message().await.unwrap(), None);

    let target = target.to_owned();
    let blocking = tokio::task::spawn_blocking(move || {
        let probe = ProbeClientProxy::connect(&target).unwrap();
        assert_eq!(probe.echo(payload()).unwrap(), payload());
        let streams = StreamsClientProxy::connect_lazy(&target).unwrap();
        let numbers: Vec<_> = streams.count(count(3)).unwrap().collect();
        assert_eq!(numbers.len(), 3);
    });
    blocking.await.unwrap();
}

fn has_ipv6() -> bool {
    std::net::TcpListener::bind("[::1]:0").is_ok()
}

#[tokio::test]
async fn tcp_works_by_address_and_by_name() {
    within(LIMIT, async {
        for address in ["127.0.0.1:0", "rpc://127.0.0.1:0", "localhost:0", "[::1]:0"] {
            if address.starts_with('[') && !has_ipv6() {
                continue;
            }
            let server = TestServer::start_at(address, with_streams).await;
            everything_works(&server.address()).await;
            everything_works(&format!("rpc://{}", server.address())).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_name_is_listened_on_at_all_its_addresses_on_one_port() {
    within(LIMIT, async {
        let server = TestServer::start_at("localhost:0", with_streams).await;
        let port = server.socket_addr().port();
        for address in tokio::net::lookup_host(("localhost", port)).await.unwrap() {
            if address.is_ipv4() || has_ipv6() {
                everything_works(&address.to_string()).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_listens_on_each_of_the_given_addresses() {
    within(LIMIT, async {
        let addresses = ["127.0.0.1:0", "127.0.0.2:0"].map(|text| text.parse().unwrap());
        let listeners = std::net::TcpListener::bind("127.0.0.2:0");
        if listeners.is_err() {
            // Not every system has more than one address of its own.
            return;
        }
        let server = TestServer::start_at(&addresses[..], with_streams).await;
        let port = server.socket_addr().port();
        everything_works(&server.address()).await;
        everything_works(&format!("127.0.0.2:{port}")).await;
    })
    .await;
}

#[tokio::test]
async fn an_address_that_the_machine_does_not_have_is_passed_over_unless_it_is_the_only_one() {
    within(LIMIT, async {
        let addresses = ["192.0.2.1:0", "127.0.0.1:0"].map(|text| text.parse().unwrap());
        let server = TestServer::start_at(&addresses[..], with_streams).await;
        assert_eq!(server.socket_addr().ip(), addresses[1].ip());
        everything_works(&server.address()).await;
        Server::new().bind(addresses[0]).await.unwrap_err();
    })
    .await;
}

#[tokio::test]
async fn a_server_on_all_ipv6_addresses_takes_ipv4_too_and_knows_its_peers_by_it() {
    if !has_ipv6() {
        return;
    }
    within(LIMIT, async {
        let server = TestServer::start_at("[::]:0", with_streams).await;
        let port = server.socket_addr().port();
        for address in [format!("[::1]:{port}"), format!("127.0.0.1:{port}")] {
            everything_works(&address).await;
            let probe = ProbeAsyncClientProxy::connect(&address).await.unwrap();
            let peer: SocketAddr = probe.inspect(()).await.unwrap().peer.parse().unwrap();
            let expected: SocketAddr = address.parse().unwrap();
            assert_eq!(peer.ip(), expected.ip());
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_in_memory_is_reached_by_its_name() {
    within(LIMIT, async {
        let name = "mem:a_server_in_memory_is_reached_by_its_name";
        let server = TestServer::start_at(name, with_streams).await;
        assert_eq!(server.address(), name);
        everything_works(name).await;
        everything_works(&name.replace("mem:", "mem://")).await;
    })
    .await;
}

#[tokio::test]
async fn a_name_in_memory_is_free_again_when_its_server_has_ended() {
    within(LIMIT, async {
        let name = "mem:a_name_in_memory_is_free_again_when_its_server_has_ended";
        let server = TestServer::start_at(name, with_streams).await;
        let error = Server::new().bind(name).await.unwrap_err();
        assert!(matches!(error, ServeError::Bind { .. }), "{error:?}");
        let text = error.to_string();
        assert!(
            text.contains(name) && text.contains("choose another name"),
            "{text}"
        );

        server.shut_down().await;
        let expected = Expected {
            code: Code::Unavailable,
            stage: Some(rpc_runtime::Stage::Connect),
            may_have_run: false,
            address: Some(name),
            method: None,
            says: &["nobody in this process listens on", "is the server running"],
        };
        expected.check_err(ProbeAsyncClientProxy::connect(name).await);
        let _again = TestServer::start_at(name, with_streams).await;
        everything_works(name).await;
    })
    .await;
}

/// Pipes to a server, and what connects to it over them.
fn pipes() -> (
    mpsc::Sender<io::Result<DuplexStream>>,
    impl futures_core::Stream<Item = io::Result<DuplexStream>>,
) {
    channel(1)
}

#[tokio::test]
async fn a_server_takes_the_callers_own_connections_until_there_are_no_more() {
    within(LIMIT, async {
        let (sender, incoming) = pipes();
        let server = with_streams(Server::new().service(TestProbe::new()));
        let serving = tokio::spawn(server.serve_incoming(incoming));
        let opening = sender.clone();
        let connector = move || {
            let sender = opening.clone();
            async move {
                let (client, server) = duplex(1024);
                let sent = sender.send(Ok(server)).await;
                sent.map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
                Ok(client)
            }
        };
        // Whatever a stream of connections reports, others may follow.
        for error in [io::ErrorKind::ConnectionReset, io::ErrorKind::OutOfMemory] {
            sender.send(Err(error.into())).await.unwrap();
        }
        let probe = ProbeAsyncClientProxy::connect_with(connector.clone())
            .await
            .unwrap();
        assert_eq!(probe.echo(payload()).await.unwrap(), payload());
        tokio::task::spawn_blocking({
            let connector = connector.clone();
            move || {
                let probe = ProbeClientProxy::connect_with(connector).unwrap();
                assert_eq!(probe.echo(payload()).unwrap(), payload());
            }
        })
        .await
        .unwrap();

        // The last connections outlive the stream, and the server ends with them.
        let (client, server_end) = duplex(1024);
        sender.send(Ok(server_end)).await.unwrap();
        let last = ProbeAsyncClientProxy::connect_with(once(client))
            .await
            .unwrap();
        drop((probe, connector, sender));
        assert_eq!(last.echo(payload()).await.unwrap(), payload());
        assert!(!serving.is_finished());
        drop(last);
        serving.await.unwrap().unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_server_of_the_callers_own_connections_shuts_down_as_every_other() {
    within(LIMIT, async {
        let (sender, incoming) = pipes();
        let probe = TestProbe::new();
        let server = Server::new().service(probe.clone());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(server.serve_incoming_with_shutdown(incoming, async {
            let _ = stopped.await;
        }));
        let client = ProbeAsyncClientProxy::connect_with(move || {
            let sender = sender.clone();
            async move {
                let (client, server) = duplex(1024);
                let sent = sender.send(Ok(server)).await;
                sent.map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
                Ok(client)
            }
        })
        .await
        .unwrap();
        let held = client.hold(payload()).start();
        probe.until_running(1).await;
        stop.send(()).unwrap();
        probe.release_all();
        assert_eq!(held.await.unwrap(), payload());
        serving.await.unwrap().unwrap();
    })
    .await;
}

#[tokio::test]
async fn whoever_accepts_connections_says_who_the_peers_are() {
    within(LIMIT, async {
        let (sender, incoming) = channel::<io::Result<Accepted>>(1);
        let serving = Server::new()
            .service(TestProbe::new())
            .serve_incoming(incoming);
        tokio::spawn(serving);
        let peer: SocketAddr = "[::ffff:192.0.2.1]:7".parse().unwrap();
        let probe = ProbeAsyncClientProxy::connect_with(move || {
            let sender = sender.clone();
            async move {
                let (client, server) = duplex(1024);
                let accepted = Accepted::new(server).with_peer(peer);
                sender.send(Ok(accepted)).await.unwrap();
                Ok(client)
            }
        })
        .await
        .unwrap();
        assert_eq!(probe.inspect(()).await.unwrap().peer, "192.0.2.1:7");
    })
    .await;
}

#[tokio::test]
async fn a_given_listener_is_served() {
    within(LIMIT, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = with_streams(Server::new().service(TestProbe::new()));
        tokio::spawn(server.serve_with_listener(listener));
        everything_works(&address).await;
    })
    .await;
}

#[tokio::test]
async fn an_address_that_cannot_be_listened_on_says_why() {
    for (address, reasons) in [
        ("127.0.0.1", &["has no port", "write host:port"][..]),
        (
            "ftp://127.0.0.1:0",
            &["unknown scheme ftp", "write host:port"],
        ),
        (
            "no-such-host.invalid:0",
            &["cannot resolve the host", "check the name"],
        ),
        ("192.0.2.1:0", &["check the address"]),
        ("rpcs://127.0.0.1:0", &["rpcs", "Server::tls"]),
        (
            "unix:/no/such/folder/socket",
            &["check that its folder exists"],
        ),
    ] {
        let error = Server::new().bind(address).await.unwrap_err().to_string();
        let begins = format!("cannot listen on {address}: ");
        assert!(error.starts_with(&begins), "{error}");
        for reason in reasons {
            assert!(error.contains(reason), "{error}");
        }
    }
}
