//! The same over HTTP/2.

use bytes::Bytes;
use http::{Request, StatusCode};
use tokio::net::TcpStream;

use crate::harness::start;

#[tokio::test]
async fn json_and_protobuf_are_answered_over_http2() {
    let server = start().await;
    let stream = TcpStream::connect(server.socket_addr()).await.unwrap();
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
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
            .body(())
            .unwrap();
        client = client.ready().await.unwrap();
        let (response, mut upload) = client.send_request(request, false).unwrap();
        upload.send_data(Bytes::from_static(body), true).unwrap();
        let response = response.await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let mut download = response.into_body();
        let mut read = Vec::new();
        while let Some(data) = download.data().await {
            read.extend(data.unwrap());
        }
        assert_eq!(read, reply, "{path}");
    }
}
