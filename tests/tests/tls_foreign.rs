//! TLS clients that are not ours, down to the name of the protocol (ALPN).
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::io;
use std::sync::Arc;

use rpc_runtime::{Server, Transport};
use rpc_tests::{
    Authority, HTTP2_PREFACE, LIMIT, TestServer, channel, http2_frame, v1_request, within,
};
use rpc_wire::frame::{FrameHeader, FrameType, HEADER_LEN, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A connection by rustls alone, which offers `protocols`.
async fn connect(
    server: &TestServer,
    authority: &Authority,
    protocols: &[&str],
) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(server.socket_addr()).await?;
    connect_over(stream, authority, protocols).await
}

async fn connect_over<T: Transport>(
    stream: T,
    authority: &Authority,
    protocols: &[&str],
) -> io::Result<TlsStream<T>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(authority.root().as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

async fn start() -> (Authority, TestServer) {
    let authority = Authority::new();
    let server = TestServer::start_with(|server| server.tls(authority.server())).await;
    (authority, server)
}

#[tokio::test]
async fn a_client_is_served_if_it_offers_our_protocol_or_none() {
    within(LIMIT, async {
        let (authority, server) = start().await;
        for protocols in [&[][..], &["rpc"], &["h2", "rpc"]] {
            let stream = connect(&server, &authority, protocols).await.unwrap();
            let agreed = stream.get_ref().1.alpn_protocol();
            let expected = (!protocols.is_empty()).then_some(&b"rpc"[..]);
            assert_eq!(agreed, expected);
            exchange_settings(stream).await;
        }
    })
    .await;
}

#[tokio::test]
async fn within_tls_a_protocol_is_known_by_its_first_bytes_whatever_name_was_agreed_on() {
    within(LIMIT, async {
        let (authority, server) = start().await;
        let http1 = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".to_vec();
        let http2 = [HTTP2_PREFACE, &http2_frame(4, 0, 0, &[])].concat();
        let json_rpc = br#"{"jsonrpc":"2.0","method":"Probe.Echo","id":1}"#.to_vec();
        let version_1 = v1_request(1, "probe.Probe", "Echo", b"");
        for (protocols, request, begins) in [
            (&["http/1.1"][..], &http1, &b"HTTP/1.1 200"[..]),
            (&[], &http1, b"HTTP/1.1 200"),
            (&["h2", "http/1.1"], &http2, b"\0\0"),
            (&[], &http2, b"\0\0"),
            (&[], &json_rpc, br#"{"jsonrpc""#),
            (&[], &version_1, b"\x12\x34\x01"),
        ] {
            let mut stream = connect(&server, &authority, protocols).await.unwrap();
            let (first, rest) = request.split_at(1);
            for part in [first, rest] {
                stream.write_all(part).await.unwrap();
                stream.flush().await.unwrap();
            }
            let mut answer = vec![0; begins.len()];
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(answer, begins, "{protocols:?}");
        }
    })
    .await;
}

/// Reads and writes at the same time: neither side reads while a pipe is full.
async fn exchange_settings(stream: impl Transport) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut settings = Vec::new();
    Settings::default().encode(&mut settings);
    let write = async {
        writer.write_all(&settings).await.unwrap();
        writer.flush().await.unwrap();
    };
    let mut header = [0; HEADER_LEN];
    let read = async { reader.read_exact(&mut header).await.unwrap() };
    tokio::join!(write, read);
    let header = FrameHeader::parse(&header).unwrap();
    assert_eq!(header.frame_type, FrameType::Settings);
}

#[tokio::test]
async fn nothing_is_left_in_the_buffers_of_tls_however_little_the_transport_takes_at_a_time() {
    within(LIMIT, async {
        let authority = Authority::new();
        let (sender, incoming) = channel(1);
        let server = Server::new().tls(authority.server());
        let serving = tokio::spawn(server.serve_incoming(incoming));
        let (client, server_end) = duplex(7);
        sender.send(io::Result::Ok(server_end)).await.unwrap();
        drop(sender);
        let stream = connect_over(client, &authority, &["rpc"]).await.unwrap();
        exchange_settings(stream).await;
        serving.await.unwrap().unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_client_that_offers_other_protocols_only_is_turned_away_in_the_handshake() {
    within(LIMIT, async {
        let (authority, server) = start().await;
        let error = connect(&server, &authority, &["imap"]).await.unwrap_err();
        assert!(
            error.to_string().contains("NoApplicationProtocol"),
            "{error}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_client_that_leaves_without_a_farewell_does_no_harm() {
    within(LIMIT, async {
        let (authority, server) = start().await;
        let stream = connect(&server, &authority, &["rpc"]).await.unwrap();
        // The socket alone is closed, without close_notify.
        drop(stream);
        connect(&server, &authority, &["rpc"]).await.unwrap();
        server.shut_down().await;
    })
    .await;
}
