//! What requests may cost.

use std::io::Write;

use flate2::write::GzEncoder;
use rpc_runtime::Compression;

use crate::harness::{Client, envelope, head, start_with};

const ECHO: &str = "/probe.Probe/Echo";
const JSON: &str = "application/json";

#[tokio::test]
async fn a_body_over_max_message_size_is_refused_before_it_is_read() {
    let server = start_with(|server| server.max_message_size(1_000)).await;
    let mut client = Client::connect(&server).await;
    let json = |length| format!(r#"{{"data":"{}"}}"#, "a".repeat(length));
    let answer = client.post(ECHO, JSON, json(988).as_bytes()).await;
    assert_eq!(answer.status, 200);
    let answer = client.post(ECHO, JSON, json(992).as_bytes()).await;
    assert_eq!(answer.status, 429);
    assert_eq!(
        answer.text(),
        r#"{"code":"resource_exhausted","message":"the request is over the server's limit max_message_size of 1000 bytes"}"#
    );
}

#[tokio::test]
async fn a_message_in_a_stream_over_max_message_size_is_refused() {
    let server = start_with(|server| server.max_message_size(1_000)).await;
    let mut client = Client::connect(&server).await;
    let request = envelope(0, &[b' '; 1_001]);
    let answer = client
        .post(
            "/streams.Streams/Chat",
            "application/connect+json",
            &request,
        )
        .await;
    assert!(String::from_utf8_lossy(&answer.body).contains("limit max_message_size of 1000 bytes"));
}

#[tokio::test]
async fn a_body_that_is_too_large_once_decompressed_is_refused() {
    let server = start_with(|server| {
        server
            .compression([Compression::Gzip])
            .max_message_size(100_000)
    })
    .await;
    let mut client = Client::connect(&server).await;
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![b' '; 1_000_000]).unwrap();
    let bomb = encoder.finish().unwrap();
    let headers = ["content-type: application/json", "content-encoding: gzip"];
    let answer = client.call(&format!("POST {ECHO}"), &headers, &bomb).await;
    assert_eq!(answer.status, 429);
    assert!(
        answer.text().contains("after decompression"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn json_that_nests_without_end_is_refused() {
    let server = start_with(|server| server).await;
    let mut client = Client::connect(&server).await;
    let answer = client
        .post(ECHO, JSON, "[".repeat(1_000_000).as_bytes())
        .await;
    assert_eq!(answer.status, 400);
    let deep = format!(r#"{{"data":{}"#, r#"{"a":"#.repeat(500_000));
    let answer = client.post(ECHO, JSON, deep.as_bytes()).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn a_client_that_stops_within_a_body_is_not_waited_for() {
    let server =
        start_with(|server| server.frame_timeout(std::time::Duration::from_millis(50))).await;
    let mut client = Client::connect(&server).await;
    let headers = [
        "content-type: application/json",
        "transfer-encoding: chunked",
    ];
    let request = [
        head(&format!("POST {ECHO}"), &headers),
        b"1\r\n{\r\n".to_vec(),
    ];
    client.send_raw(&request.concat()).await;
    let answer = rpc_tests::within(rpc_tests::LIMIT, client.answer()).await;
    assert_eq!(answer.status, 504);
    assert!(answer.text().contains("frame_timeout"), "{}", answer.text());
}
