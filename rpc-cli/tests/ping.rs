//! `rpc ping`.
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod support;

use std::fs;

use rpc_runtime::{Server, ServerTls};
use rpc_tests::{Authority, TestServer};
use support::{rpc, server};

const QUICK: [&str; 4] = ["-c", "2", "--interval", "0s"];

#[tokio::test(flavor = "multi_thread")]
async fn round_trips_are_measured_on_every_transport() {
    let server = server().await;
    for (scheme, protocol) in [
        ("rpc://", "rpc, version 2"),
        ("grpc://", "gRPC over HTTP/2"),
        ("http://", "Connect over HTTP/1.1"),
        ("jsonrpc://", "JSON-RPC 2.0 over TCP"),
        ("jsonrpc+http://", "JSON-RPC 2.0 over HTTP/1.1"),
    ] {
        let target = format!("{scheme}{}", server.address());
        let args = [&["ping", &target][..], &QUICK].concat();
        let text = rpc(&args).await.ok();
        for part in [
            protocol,
            "resolve",
            "connect",
            "round trip 2:",
            "health SERVING",
            "round trips: 2, min ",
        ] {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
        let json = rpc(&[&args[..], &["--json"]].concat()).await.json();
        assert_eq!(json["protocol"], protocol);
        assert_eq!(json["round_trips_ms"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_protocol_of_an_unknown_server_is_found_by_trying() {
    let server = server().await;
    let address = server.address();
    let args = [&["ping", &address][..], &QUICK].concat();
    let text = rpc(&args).await.ok();
    assert!(text.contains("speaks rpc, version 2"), "{text}");
    assert!(
        text.contains(&format!(
            "grpc://{address}, http://{address}, jsonrpc://{address}"
        )),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_shown_with_its_certificate() {
    let authority = Authority::new();
    let identity = authority.issue(&["localhost", "127.0.0.1"]);
    let tls = ServerTls::from_pem(&identity.certificate, &identity.key).unwrap();
    let server = TestServer::start_with(|server: Server| server.tls(tls)).await;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root.pem");
    fs::write(&root, authority.root()).unwrap();
    let root = root.to_str().unwrap();
    for (scheme, alpn) in [
        ("rpcs://", "ALPN rpc"),
        ("grpcs://", "ALPN h2"),
        ("https://", "ALPN h2"),
    ] {
        let target = format!("{scheme}{}", server.socket_addr());
        let args = [&["ping", &target, "--ca", root][..], &QUICK].concat();
        let text = rpc(&args).await.ok();
        for part in [
            alpn,
            "TLS 1.3, TLS13_",
            "issued by CN=authority",
            "for localhost, 127.0.0.1",
            "days are left",
        ] {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
    }
}
