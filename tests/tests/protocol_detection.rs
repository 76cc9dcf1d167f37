//! What protocol a connection speaks is known by its first bytes, wherever they are cut. None has to wait for more
//! of them than it has.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::time::Duration;

use prost::Message;
use rpc_runtime::Server;
use rpc_tests::probe::Payload;
use rpc_tests::{
    HTTP2_PREFACE, LIMIT, TestServer, http2_frame, http2_headers, request_frame, v1_request, within,
};
use rpc_wire::frame::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Beyond these bytes no protocol has anything to tell from others.
const LONGEST_PREFIX: usize = 32;

/// A protocol: its name, a whole request, and what its answer begins with and has in it.
struct Speaker {
    name: &'static str,
    request: Vec<u8>,
    begins: &'static [u8],
    has: &'static [u8],
}

/// A text that the answers give back.
const TEXT: &[u8] = b"here and back";

fn speakers() -> Vec<Speaker> {
    let payload = Payload { data: TEXT.into() }.encode_to_vec();
    let mut native = Vec::new();
    Settings::default().encode(&mut native);
    native.extend(request_frame(1, "probe.Probe/Echo", &payload));
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let framed = [&[0][..], &length, &payload].concat();
    let headers = http2_headers("/probe.Probe/Echo", "application/grpc");
    let grpc = [
        HTTP2_PREFACE,
        &http2_frame(4, 0, 0, &[]),
        &http2_frame(1, 4, 1, &headers),
        &http2_frame(0, 1, 1, &framed),
    ];
    // In base64 it is the same for both.
    let json = r#"{"data":"aGVyZSBhbmQgYmFjaw=="}"#;
    let length = json.len();
    let http1 = |method: &str| {
        format!(
            "{method} /probe.Probe/Echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{json}"
        )
    };
    let call = format!(r#"{{"jsonrpc":"2.0","method":"Probe.Echo","params":{json},"id":1}}"#);
    let base64 = b"aGVyZSBhbmQgYmFjaw==";
    let speaker = |name, request, begins, has| Speaker {
        name,
        request,
        begins,
        has,
    };
    vec![
        speaker("native", native, b"\x12\x34\x02", TEXT),
        speaker(
            "version 1",
            v1_request(1, "probe.Probe", "Echo", &payload),
            b"\x12\x34\x01",
            TEXT,
        ),
        speaker("gRPC", grpc.concat(), b"\0\0", TEXT),
        speaker("HTTP/1.1", http1("POST").into(), b"HTTP/1.1 200", base64),
        speaker(
            "HTTP/1.1 behind an empty line",
            format!("\r\n{}", http1("POST")).into(),
            b"HTTP/1.1 200",
            base64,
        ),
        speaker(
            "HTTP/1.1, not allowed",
            http1("PATCH").into(),
            b"HTTP/1.1 405",
            b"POST",
        ),
        speaker(
            "healthz",
            b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
            b"HTTP/1.1 200",
            b"SERVING",
        ),
        speaker("JSON-RPC", call.clone().into(), b"{", base64),
        speaker(
            "JSON-RPC behind spaces",
            format!(" \r\n\t{call}").into(),
            b"{",
            base64,
        ),
        speaker(
            "JSON-RPC, a batch",
            format!("[{call}]").into(),
            b"[{",
            base64,
        ),
    ]
}

impl Speaker {
    /// Reads until the answer has what it should.
    async fn hear(&self, stream: &mut TcpStream, how: &str) {
        let mut answer = Vec::new();
        while !answer.windows(self.has.len()).any(|part| part == self.has) {
            let read = stream.read_buf(&mut answer).await.unwrap();
            let said = answer.escape_ascii();
            assert!(read > 0, "{}, {how}: closed after {said}", self.name);
        }
        let said = answer.escape_ascii();
        assert!(
            answer.starts_with(self.begins),
            "{}, {how}: {said}",
            self.name
        );
    }
}

#[tokio::test]
async fn every_protocol_is_known_wherever_its_first_bytes_are_cut() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        for speaker in speakers() {
            for cut in 1..LONGEST_PREFIX.min(speaker.request.len()) {
                let mut stream = TcpStream::connect(server.socket_addr()).await.unwrap();
                let (first, rest) = speaker.request.split_at(cut);
                stream.write_all(first).await.unwrap();
                // The server has read it, and nothing else.
                server.settle().await;
                stream.write_all(rest).await.unwrap();
                speaker.hear(&mut stream, &format!("cut at {cut}")).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn every_protocol_is_known_though_its_bytes_come_one_by_one() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        for speaker in speakers() {
            let mut stream = TcpStream::connect(server.socket_addr()).await.unwrap();
            stream.set_nodelay(true).unwrap();
            for byte in &speaker.request {
                stream.write_all(&[*byte]).await.unwrap();
                tokio::task::yield_now().await;
            }
            speaker.hear(&mut stream, "byte by byte").await;
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_shows_no_protocol_in_time_loses_the_connection() {
    within(LIMIT, async {
        let timeout = Duration::from_millis(50);
        let configure = |server: Server| server.handshake_timeout(timeout);
        let server = TestServer::start_with(configure).await;
        let beginnings: [&[u8]; 9] = [
            b"",
            b"\x12",
            b"\x12\x34",
            b"P",
            b"POS",
            b"PRI * HT",
            b"G",
            b" ",
            b"\r\n\t",
        ];
        for beginning in beginnings {
            let mut stream = TcpStream::connect(server.socket_addr()).await.unwrap();
            stream.write_all(beginning).await.unwrap();
            stream.read_to_end(&mut Vec::new()).await.unwrap();
        }
    })
    .await;
}
