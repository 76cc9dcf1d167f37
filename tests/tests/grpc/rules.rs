//! The rules of gRPC over HTTP/2, and what is said to who breaks them.

use std::time::Duration;

use rpc_runtime::{Protocol, Server};
use rpc_tests::{LIMIT, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Grpc, RawGrpc};

async fn raw() -> (Grpc, RawGrpc) {
    let grpc = Grpc::start().await;
    let raw = RawGrpc::connect(&grpc.server).await;
    (grpc, raw)
}

#[tokio::test]
async fn requests_that_are_not_grpcs_are_answered_by_http() {
    let (_grpc, raw) = raw().await;
    for (method, content_type, status) in [
        ("POST", Some("application/x-unknown"), 415),
        ("POST", Some("application/grpcx"), 415),
        ("POST", None, 415),
        ("GET", None, 405),
        ("DELETE", None, 405),
        ("GET", Some("application/grpc"), 405),
        ("PUT", Some("application/grpc+proto"), 405),
    ] {
        let request = http::Request::builder()
            .method(method)
            .uri("http://localhost/probe.Probe/Echo");
        let request = match content_type {
            Some(content_type) => request.header("content-type", content_type),
            None => request,
        };
        let reply = within(LIMIT, raw.send(request.body(()).unwrap(), b"")).await;
        assert_eq!(reply.http_status(), status, "{method} {content_type:?}");
        assert!(!reply.body.is_empty(), "it says why");
    }
}

#[tokio::test]
async fn what_there_is_not_is_unimplemented() {
    let (_grpc, raw) = raw().await;
    for (path, says) in [
        ("/probe.Probe/Nothing", "has no method \"Nothing\""),
        (
            "/nothing.Nothing/Echo",
            "has no service \"nothing.Nothing\"",
        ),
        ("/nonsense", "is not of the form"),
        ("/", "is not of the form"),
    ] {
        let reply = raw.call(path, &[], b"").await;
        assert_eq!(reply.http_status(), 200);
        assert_eq!(reply.status(), "12", "{path}: {reply:?}");
        assert!(reply.message().contains(says), "{reply:?}");
        assert!(reply.trailers.is_none(), "trailers-only");
    }
}

#[tokio::test]
async fn replies_have_the_content_type_of_their_request() {
    let (_grpc, raw) = raw().await;
    for content_type in ["application/grpc", "application/grpc+proto"] {
        let headers = [("content-type", content_type)];
        let reply = raw.call("/probe.Probe/Echo", &headers, b"").await;
        assert_eq!(reply.headers.get("content-type").unwrap(), content_type);
        assert_eq!((reply.status(), reply.messages().len()), ("0", 1));
    }
    let headers = [("content-type", "application/grpc+json")];
    let reply = raw.call("/probe.Probe/Echo", &headers, b"").await;
    assert_eq!(reply.status(), "12", "{reply:?}");
    assert!(reply.message().contains("\"json\""), "{reply:?}");
}

#[tokio::test]
async fn malformed_requests_are_internal_errors() {
    let (_grpc, raw) = raw().await;
    for (body, code) in [
        // No message, and two.
        (&b""[..], "12"),
        (b"\0\0\0\0\0\0\0\0\0\0", "12"),
        // Cut off.
        (b"\0\0", "13"),
        (b"\0\0\0\0\x05ab", "13"),
        // A flag that does not exist.
        (b"\x02\0\0\0\0", "13"),
        // Compressed, nobody knows how.
        (b"\x01\0\0\0\x01a", "13"),
        // No protobuf.
        (b"\0\0\0\0\x01\xff", "3"),
    ] {
        let reply = within(LIMIT, raw.call_body("/probe.Probe/Echo", &[], body)).await;
        assert_eq!(reply.status(), code, "{}: {reply:?}", body.escape_ascii());
    }
}

#[tokio::test]
async fn metadata_come_and_go_as_they_are() {
    let (_grpc, raw) = raw().await;
    let headers = [
        ("tenant", "blue"),
        ("tenant", "green"),
        // Padded, not padded, and two joined by a proxy.
        ("padded-bin", "AP8="),
        ("plain-bin", "AP8"),
        ("joined-bin", "AQ==,Ag"),
        // HTTP's and gRPC's own are none.
        ("te", "trailers"),
        ("user-agent", "grpc-test/1"),
        ("grpc-tags-bin", "AA"),
        ("grpc-unknown", "1"),
    ];
    let reply = raw.call("/probe.Probe/Echo", &headers, b"").await;
    assert_eq!(reply.status(), "0");
    let all = |key| -> Vec<_> {
        let values = reply.headers.get_all(key).iter();
        values.map(|value| value.to_str().unwrap()).collect()
    };
    assert_eq!(all("tenant"), ["blue", "green"]);
    assert_eq!(all("padded-bin"), ["AP8"]);
    assert_eq!(all("plain-bin"), ["AP8"]);
    assert_eq!(all("joined-bin"), ["AQ", "Ag"]);
    for none in ["te", "grpc-tags-bin", "grpc-unknown"] {
        assert!(reply.headers.get(none).is_none(), "{none}");
    }
    let bad = raw.call("/probe.Probe/Echo", &[("bad-bin", "not base64")], b"");
    let bad = bad.await;
    assert_eq!(bad.status(), "13", "{bad:?}");
}

#[tokio::test]
async fn a_server_without_grpc_answers_none() {
    let without = |server: Server| server.without(Protocol::Grpc);
    let server = rpc_tests::TestServer::start_with(without).await;
    let native = server.client().await;
    native
        .echo(rpc_tests::probe::Payload::default())
        .await
        .unwrap();
    let raw = RawGrpc::try_connect(&server).await;
    let answered = match raw {
        Ok(raw) => raw
            .try_call("/probe.Probe/Echo", b"")
            .await
            .is_ok_and(|reply| reply.http_status() == 200),
        Err(_) => false,
    };
    assert!(!answered);
}

#[tokio::test]
async fn a_connection_of_http_1_may_be_idle_between_requests() {
    let timeout = Duration::from_millis(50);
    let grpc = Grpc::start_with(|server| server.frame_timeout(timeout)).await;
    let mut stream = TcpStream::connect(grpc.server.socket_addr()).await.unwrap();
    for _ in 0..2 {
        let mut answer = vec![0; 4096];
        let early = tokio::time::timeout(4 * timeout, stream.read(&mut answer)).await;
        assert!(early.is_err(), "nothing was asked");
        stream
            .write_all(b"GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        let length = within(LIMIT, stream.read(&mut answer)).await.unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 404"));
    }
}

#[tokio::test]
async fn grpc_over_http_1_is_told_what_it_takes() {
    let grpc = Grpc::start().await;
    let mut stream = TcpStream::connect(grpc.server.socket_addr()).await.unwrap();
    let request =
        b"POST /probe.Probe/Echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/grpc\r\n\
        content-length: 0\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    within(LIMIT, stream.read_to_string(&mut answer))
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 505"), "{answer}");
    assert!(answer.contains("HTTP/2"), "{answer}");
}
