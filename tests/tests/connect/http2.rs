//! The same over HTTP/2.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::harness::start;

#[tokio::test]
async fn json_and_protobuf_are_answered_over_http2() {
    let server = start().await;
    let stream = TcpStream::connect(server.socket_addr()).await.unwrap();
    let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut client, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    for (path, content_type, body, reply) in [
        (
            "/probe.Probe/Echo",
            "application/json",
            &br#"{"data":"aGk="}"#[..],
            &br#"{"data":"aGk="}"#[..],
        ),
        (
            "/streams.Streams/Count",
            "application/json",
            br#"{"upTo":1}"#,
            b"{\"value\":\"1\"}\n",
        ),
        ("/probe.Probe/Echo", "application/proto", &[0x0a, 0], b""),
    ] {
        let request = Request::post(format!("http://test{path}"))
            .header("content-type", content_type)
            .body(Full::new(Bytes::from_static(body)))
            .unwrap();
        let response = client.send_request(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let read = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(read, reply, "{path}");
    }
}
