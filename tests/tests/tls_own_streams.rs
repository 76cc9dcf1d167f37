//! TLS over streams that the caller opens and accepts.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::io;

use rpc_runtime::{ClientTls, Code, Connector, Server, Status};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy, ProbeClientProxy};
use rpc_tests::{Authority, LIMIT, TestProbe, channel, within};
use tokio::io::{DuplexStream, duplex};
use tokio::sync::mpsc;

fn payload() -> Payload {
    Payload {
        data: vec![b'x'; 100_000].into(),
    }
}

/// Starts a server for whatever is sent.
fn start(authority: &Authority) -> mpsc::Sender<io::Result<DuplexStream>> {
    let (sender, incoming) = channel(1);
    let server = Server::new()
        .service(TestProbe::new())
        .tls(authority.issue(&["hello.example.com"]).server());
    tokio::spawn(server.serve_incoming(incoming));
    sender
}

/// Opens pipes to a server.
fn tunnel(server: &mpsc::Sender<io::Result<DuplexStream>>) -> impl Connector + Clone + use<> {
    let server = server.clone();
    move || {
        let server = server.clone();
        async move {
            let (client, server_end) = duplex(1024);
            let sent = server.send(Ok(server_end)).await;
            sent.map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
            Ok(client)
        }
    }
}

#[tokio::test]
async fn a_connector_wrapped_in_tls_reaches_a_server_of_the_callers_own_connections() {
    within(LIMIT, async {
        let authority = Authority::new();
        let tunnel = tunnel(&start(&authority));
        let over = |tls: ClientTls| tls.over(tunnel.clone(), "hello.example.com").unwrap();
        let probe = ProbeAsyncClientProxy::connect_with(over(authority.client()));
        assert_eq!(
            probe.await.unwrap().echo(payload()).await.unwrap(),
            payload()
        );
        let connector = over(authority.client());
        tokio::task::spawn_blocking(move || {
            let probe = ProbeClientProxy::connect_with(connector).unwrap();
            assert_eq!(probe.echo(payload()).unwrap(), payload());
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_certificate_is_that_of_the_host_or_of_the_name_that_is_expected_instead() {
    within(LIMIT, async {
        let authority = Authority::new();
        let tunnel = tunnel(&start(&authority));
        let over = |tls: ClientTls| tls.over(tunnel.clone(), "localhost").unwrap();
        let refused = ProbeAsyncClientProxy::connect_with(over(authority.client())).await;
        let status = refused.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        let text = status.to_string();
        for part in [
            "localhost by TLS over the given connector",
            "hello.example.com",
        ] {
            assert!(text.contains(part), "{text}");
        }
        let named = authority.client().server_name("hello.example.com").unwrap();
        ProbeAsyncClientProxy::connect_with(over(named))
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_the_stream_is_told_as_without_tls() {
    let failing = || async { io::Result::<DuplexStream>::Err(io::ErrorKind::NotConnected.into()) };
    let tls = || Authority::new().client();
    let connector = tls().over(failing, "localhost").unwrap();
    let status = ProbeAsyncClientProxy::connect_with(connector).await;
    assert!(status.unwrap_err().message().starts_with("cannot connect"));

    let unnamed = tls().over(failing, "not a name").err().map(Status::from);
    let status = unnamed.unwrap();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("neither a DNS name"), "{status}");
}
