//! Compressed requests and replies.

use std::io::{Read, Write};

use flate2::Compression as Level;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use rpc_runtime::Compression;

use crate::harness::{Client, envelope, envelopes, start, start_with};

const JSON: &str = "content-type: application/json";
const ECHO: &str = "POST /probe.Probe/Echo";

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Level::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn gunzip(packed: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut plain).unwrap();
    plain
}

fn large() -> String {
    format!(r#"{{"data":"{}"}}"#, "abcd".repeat(1_000))
}

async fn gzip_client() -> (rpc_tests::TestServer, Client) {
    let server = start_with(|server| server.compression([Compression::Gzip])).await;
    let client = Client::connect(&server).await;
    (server, client)
}

#[tokio::test]
async fn bodies_are_compressed_both_ways() {
    let (_server, mut client) = gzip_client().await;
    let headers = [
        JSON,
        "content-encoding: gzip",
        "accept-encoding: br, gzip;q=0.8",
    ];
    let answer = client.call(ECHO, &headers, &gzip(large().as_bytes())).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(gunzip(&answer.body), large().as_bytes());
}

#[tokio::test]
async fn who_does_not_ask_for_it_gets_plain_replies_and_so_do_small_ones() {
    let (_server, mut client) = gzip_client().await;
    for (accept, request) in [
        ("accept-encoding: identity", large()),
        ("accept-encoding: gzip;q=0", large()),
        ("accept-encoding: gzip", r#"{"data":"aGk="}"#.to_owned()),
    ] {
        let answer = client.call(ECHO, &[JSON, accept], request.as_bytes()).await;
        assert_eq!(answer.header("content-encoding"), None, "{accept}");
        assert_eq!(answer.text(), request);
    }
}

#[tokio::test]
async fn a_server_that_was_told_nothing_takes_compressed_requests() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let headers = [JSON, "content-encoding: gzip", "accept-encoding: gzip"];
    let answer = client.call(ECHO, &headers, &gzip(large().as_bytes())).await;
    assert_eq!(answer.header("content-encoding"), None);
    assert_eq!(answer.text(), large());
}

#[tokio::test]
async fn a_server_without_compression_refuses_compressed_requests() {
    let server = start_with(|server| server.compression([])).await;
    let mut client = Client::connect(&server).await;
    let headers = [JSON, "content-encoding: gzip"];
    let answer = client.call(ECHO, &headers, &gzip(b"{}")).await;
    assert_eq!(answer.status, 501);
    assert_eq!(answer.header("accept-encoding"), Some("identity"));
    let headers = [
        "content-type: application/connect+json",
        "connect-content-encoding: gzip",
    ];
    let answer = client
        .call("POST /streams.Streams/Count", &headers, b"")
        .await;
    assert_eq!(answer.header("connect-accept-encoding"), Some("identity"));
}

#[tokio::test]
async fn each_message_of_a_stream_is_compressed_alone() {
    let (_server, mut client) = gzip_client().await;
    let headers = [
        "content-type: application/connect+json",
        "connect-content-encoding: gzip",
        "connect-accept-encoding: gzip",
    ];
    let small = br#"{"data":"aGk="}"#;
    let body = [envelope(1, &gzip(large().as_bytes())), envelope(0, small)].concat();
    let answer = client
        .call("POST /streams.Streams/Chat", &headers, &body)
        .await;
    assert_eq!(answer.header("connect-content-encoding"), Some("gzip"));
    let envelopes = envelopes(&answer.body);
    assert_eq!(envelopes[0].0, 1);
    assert_eq!(gunzip(&envelopes[0].1), large().as_bytes());
    assert_eq!(envelopes[1], (0, small.to_vec()));
    assert_eq!(envelopes[2], (2, b"{}".to_vec()));
}

#[tokio::test]
async fn what_is_no_gzip_is_an_error() {
    let (_server, mut client) = gzip_client().await;
    let answer = client
        .call(ECHO, &[JSON, "content-encoding: gzip"], b"{}")
        .await;
    assert_eq!(answer.status, 400);
    let says =
        r#"{"code":"invalid_argument","message":"the request cannot be decompressed with gzip: "#;
    assert!(answer.text().starts_with(says), "{}", answer.text());
    let headers = [
        "content-type: application/connect+json",
        "connect-content-encoding: gzip",
    ];
    let answer = client
        .call("POST /streams.Streams/Count", &headers, &envelope(1, b"{}"))
        .await;
    let end = String::from_utf8(envelopes(&answer.body)[0].1.clone()).unwrap();
    assert!(end.contains("\"invalid_argument\""), "{end}");
}
