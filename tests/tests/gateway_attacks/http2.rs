//! Attackers who speak HTTP/2.

use std::time::Duration;

use rpc_runtime::Server;
use rpc_tests::{HTTP2_PREFACE, TestServer, http2_frame as frame, http2_headers};

use crate::harness::{Attacker, body, http2, post, survives};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const SETTINGS: u8 = 4;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// Times that a flood repeats itself which does not end the connection.
const FLOOD: usize = 100_000;

const GRPC: &str = "application/grpc";

/// An attacker who has introduced himself.
async fn attacker(server: &TestServer) -> Attacker {
    let mut attacker = Attacker::connect(server.socket_addr()).await;
    attacker.send(HTTP2_PREFACE).await;
    attacker.send(frame(SETTINGS, 0, 0, &[])).await;
    attacker
}

#[tokio::test]
async fn streams_over_the_limit_are_refused_and_without_end_close_the_connection() {
    survives(
        |server| server.max_concurrent_streams(2),
        async |server| {
            let before = server.probe.counts().started;
            let mut attacker = attacker(server).await;
            let block = http2_headers("/probe.Probe/Hold", GRPC);
            let mut id = 1;
            loop {
                let head = frame(HEADERS, END_HEADERS, id, &block);
                let request = frame(DATA, END_STREAM, id, &[0; 5]);
                if !attacker.send([head, request].concat()).await {
                    break;
                }
                id += 2;
            }
            let started = server.probe.counts().started - before;
            assert!(started <= 2, "{started} calls ran");
            server.probe.until_running(1).await;
        },
    )
    .await;
}

#[tokio::test]
async fn headers_that_are_small_on_the_wire_and_large_in_memory_are_refused() {
    survives(
        |server| server,
        async |server| {
            let before = server.probe.counts().started;
            let mut attacker = attacker(server).await;
            // To be remembered, and then named by one byte each time.
            let mut block = http2_headers("/probe.Probe/Echo", GRPC);
            block.extend([0x40, 1, b'x', 0x7f, 0x81, 0x1e]);
            block.extend([b'y'; 4_000]);
            block.extend([0xbe; 8_000]);
            attacker
                .send(frame(HEADERS, END_HEADERS | END_STREAM, 1, &block))
                .await;
            attacker.some().await;
            server.settle().await;
            assert_eq!(server.probe.counts().started, before);
        },
    )
    .await;
}

#[tokio::test]
async fn more_headers_than_metadata_may_have_entries_are_refused() {
    survives(
        |server| server,
        async |server| {
            let client = http2(server.socket_addr()).await;
            let mut request = http::Request::post("http://localhost/probe.Probe/Echo");
            for number in 0..300 {
                request = request.header(format!("x{number}"), "");
            }
            let request = request.header("content-type", GRPC).body(()).unwrap();
            let before = server.probe.counts().started;
            let (response, _) = client
                .ready()
                .await
                .unwrap()
                .send_request(request, true)
                .unwrap();
            let response = response.await.unwrap();
            assert_eq!(response.headers()["grpc-status"], "8");
            let message = response.headers()["grpc-message"].to_str().unwrap();
            assert!(message.contains("MAX_METADATA_ENTRIES"), "{message}");
            assert_eq!(server.probe.counts().started, before);
        },
    )
    .await;
}

#[tokio::test]
async fn floods_of_frames_that_say_nothing_hold_up_nobody_else() {
    survives(
        |server| server,
        async |server| {
            let empty = frame(DATA, 0, 1, &[]);
            let window = frame(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes());
            let priority = frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 16]);
            let unknown = frame(0xbb, 0, 0, b"what?");
            for flood in [empty, window, priority, unknown] {
                let mut attacker = attacker(server).await;
                let block = http2_headers("/probe.Probe/Echo", GRPC);
                attacker.send(frame(HEADERS, END_HEADERS, 1, &block)).await;
                let part = flood.repeat(1_000);
                for _ in 0..FLOOD / 1_000 {
                    if !attacker.send(&part).await {
                        break;
                    }
                }
            }
        },
    )
    .await;
}

#[tokio::test]
async fn frames_and_headers_that_come_byte_by_byte_are_not_waited_for() {
    const SHORT: Duration = Duration::from_millis(100);
    survives(
        |server| server.keepalive_interval(SHORT).keepalive_timeout(SHORT),
        async |server| {
            let block = http2_headers("/probe.Probe/Echo", GRPC);
            let headers = frame(HEADERS, 0, 1, &block);
            let continued = [headers.clone(), frame(CONTINUATION, 0, 1, b"")].concat();
            for beginning in [&headers[..5], &headers[..30], &headers, &continued] {
                let mut attacker = attacker(server).await;
                attacker.send(beginning).await;
                attacker.rest().await;
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_body_that_does_not_go_on_ends_its_call_only() {
    survives(
        |server| server.frame_timeout(Duration::from_millis(100)),
        async |server| {
            let client = http2(server.socket_addr()).await;
            let request = http::Request::post("http://localhost/probe.Probe/Echo")
                .header("content-type", "application/json")
                .body(())
                .unwrap();
            let ready = client.clone().ready().await.unwrap();
            let (response, _sending) = { ready }.send_request(request, false).unwrap();
            assert_eq!(response.await.unwrap().status(), 504);
            let json = "application/json";
            let response = post(&client, "/probe.Probe/Echo", json, "{}").await;
            assert_eq!(body(response).await, b"{}");
        },
    )
    .await;
}

#[tokio::test]
async fn replies_in_json_that_the_client_does_not_read_have_a_limit() {
    survives(
        |server| server.max_queued_replies(1_000_000),
        async |server| {
            let (client, json) = (http2(server.socket_addr()).await, "application/json");
            let path = "/probe.Probe/Produce";
            let unread = post(&client, path, json, r#"{"bytes":600000}"#).await;
            assert_eq!(unread.status(), 200);
            for _ in 0..2 {
                let refused = post(&client, path, json, r#"{"bytes":600000}"#).await;
                assert_eq!(refused.status(), 429);
                let why = String::from_utf8(body(refused).await).unwrap();
                assert!(why.contains("max_queued_replies"), "{why}");
            }
            // As soon as it is read there is room again.
            assert!(body(unread).await.len() > 800_000);
            let reply = post(&client, path, json, r#"{"bytes":600000}"#).await;
            assert!(body(reply).await.len() > 800_000);
        },
    )
    .await;
}

#[tokio::test]
async fn bodies_that_are_not_whole_have_a_limit_together() {
    let configure = |server: Server| {
        let server = server.max_message_size(1_500_000);
        server.max_unread_input(2_000_000)
    };
    survives(configure, async |server| {
        let client = http2(server.socket_addr()).await;
        let (mut responses, mut bodies) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let request = http::Request::post("http://localhost/probe.Probe/Echo")
                .header("content-type", "application/json")
                .body(())
                .unwrap();
            let mut client = client.clone().ready().await.unwrap();
            let (response, mut sending) = client.send_request(request, false).unwrap();
            sending
                .send_data(vec![b' '; 900_000].into(), false)
                .unwrap();
            responses.push(response);
            bodies.push(sending);
        }
        let (refused, _, _) = futures_util::future::select_all(responses).await;
        let refused = refused.unwrap();
        assert_eq!(refused.status(), 429);
        let why = String::from_utf8(body(refused).await).unwrap();
        assert!(why.contains("max_unread_input"), "{why}");
    })
    .await;
}
