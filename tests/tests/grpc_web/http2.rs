//! The same over HTTP/2.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Request;
use rpc_tests::streams::{CountRequest, Number};
use tokio::net::TcpStream;

use crate::harness::{COUNT, Reply, TEXT, WEB, from_text, request, start, to_text};

#[tokio::test]
async fn streams_are_answered_over_http2_without_its_trailers() {
    let server = start().await;
    let stream = TcpStream::connect(server.socket_addr()).await.unwrap();
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let body = request(&CountRequest {
        up_to: 2,
        ..Default::default()
    });
    for (content_type, body) in [(WEB, body.clone()), (TEXT, to_text(&body))] {
        let request = Request::post(format!("http://test{COUNT}"))
            .header("content-type", content_type)
            .body(())
            .unwrap();
        client = client.ready().await.unwrap();
        let (response, mut upload) = client.send_request(request, false).unwrap();
        upload.send_data(Bytes::from(body), true).unwrap();
        let mut download = response.await.unwrap().into_body();
        let mut read = Vec::new();
        while let Some(data) = download.data().await {
            read.extend(data.unwrap());
        }
        assert_eq!(download.trailers().await.unwrap(), None);
        let read = if content_type == TEXT {
            from_text(&read)
        } else {
            read
        };
        let reply = Reply::of(BTreeMap::new(), &read);
        assert_eq!(
            reply.messages::<Number>(),
            [1, 2].map(|value| Number { value })
        );
        assert_eq!(reply.status(), "0");
    }
}
