//! JSON-RPC over WebSocket, as jsonrpsee's client speaks it, and as others may.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt, stream};
use jsonrpsee_core::client::{BatchResponse, ClientT, Error};
use jsonrpsee_core::params::{BatchRequestBuilder, ObjectParams};
use jsonrpsee_core::rpc_params;
use jsonrpsee_ws_client::{WsClient, WsClientBuilder};
use rpc_runtime::{Accepted, Cors, Protocol, Server};
use rpc_tests::{Http1Client, LIMIT, TestProbe, TestServer, within};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::{self, Bytes, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

const ECHO: &str = r#"{"jsonrpc":"2.0","method":"Probe.Echo","params":{"data":"AAAA"},"id":1}"#;
const ECHOED: &str = r#"{"jsonrpc":"2.0","result":{"data":"AAAA"},"id":1}"#;
const HOLD: &str = r#"{"jsonrpc":"2.0","method":"Probe.Hold","id":2}"#;
const HELD: &str = r#"{"jsonrpc":"2.0","result":{},"id":2}"#;

/// A client that does what a test has it do.
struct Client(WebSocketStream<TcpStream>);

impl Client {
    async fn connect(server: &TestServer) -> Self {
        Self::connect_with(server, &[]).await.unwrap()
    }

    async fn connect_with(
        server: &TestServer,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, tungstenite::Error> {
        let address = server.socket_addr();
        let mut request = format!("ws://{address}/rpc").into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(address).await.unwrap();
        let (socket, _) = client_async(request, stream).await?;
        Ok(Client(socket))
    }

    async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn next(&mut self) -> Message {
        let next = within(LIMIT, self.0.next()).await;
        next.expect("the connection goes on").unwrap()
    }

    async fn text(&mut self) -> String {
        self.next().await.into_text().unwrap().to_string()
    }

    /// The code of the end of the connection, and the text with it.
    async fn end(&mut self) -> (CloseCode, String) {
        match self.next().await {
            Message::Close(Some(frame)) => (frame.code, frame.reason.to_string()),
            other => panic!("{other:?}"),
        }
    }

    async fn json(&mut self) -> Value {
        serde_json::from_str(&self.text().await).unwrap()
    }
}

async fn jsonrpsee(server: &TestServer) -> WsClient {
    let url = format!("ws://{}", server.socket_addr());
    WsClientBuilder::default().build(url).await.unwrap()
}

fn data(value: &str) -> ObjectParams {
    let mut params = ObjectParams::new();
    params.insert("data", value).unwrap();
    params
}

#[tokio::test]
async fn jsonrpsee_calls_and_sees_errors() {
    let server = TestServer::start().await;
    let client = jsonrpsee(&server).await;
    let reply: Value = client.request("Probe.Echo", data("AQI=")).await.unwrap();
    assert_eq!(reply, json!({"data": "AQI="}));
    let params = rpc_params![5, "no user 7"];
    let Err(Error::Call(error)) = client.request::<Value, _>("Probe.Fail", params).await else {
        panic!("it fails");
    };
    let seen = (i64::from(error.code()), error.message());
    assert_eq!(seen, (-32005, "no user 7"));
}

#[tokio::test]
async fn jsonrpsee_sends_batches_and_notifications() {
    let server = TestServer::start().await;
    let client = jsonrpsee(&server).await;
    let mut batch = BatchRequestBuilder::new();
    for value in ["AAAA", "BBBB"] {
        batch.insert("Probe.Echo", data(value)).unwrap();
    }
    let answers: BatchResponse<'_, Value> = client.batch_request(batch).await.unwrap();
    assert_eq!(answers.num_successful_calls(), 2);
    let notified = client.notification("Probe.Echo", rpc_params![]).await;
    notified.unwrap();
    server.probe.until(|counts| counts.finished == 3).await;
}

#[tokio::test]
async fn a_message_is_a_request_or_a_batch_and_so_are_answers() {
    let server = TestServer::start().await;
    let mut client = Client::connect(&server).await;
    client.send(ECHO).await;
    assert_eq!(client.text().await, ECHOED);
    client.send(&format!(" \n[{ECHO},{ECHO}]\n")).await;
    assert_eq!(client.text().await, format!("[{ECHOED},{ECHOED}]"));
    // Two requests are no message.
    client.send(&format!("{ECHO}{ECHO}")).await;
    assert_eq!(client.json().await["error"]["code"], -32700);
    for nonsense in ["", "nonsense", "{", "[1"] {
        client.send(nonsense).await;
        let answer = client.json().await;
        assert_eq!(answer["error"]["code"], -32700, "{nonsense:?}: {answer}");
    }
    // Whoever has only bytes may send them.
    client.0.send(Message::binary(ECHO)).await.unwrap();
    assert_eq!(client.text().await, ECHOED);
}

#[tokio::test]
async fn a_message_in_pieces_is_one_and_pings_between_them_are_answered() {
    let server = TestServer::start().await;
    let mut client = Client::connect(&server).await;
    let (start, end) = ECHO.split_at(20);
    let piece = |data, text: &str, last| {
        let text = Bytes::copy_from_slice(text.as_bytes());
        Message::Frame(Frame::message(text, OpCode::Data(data), last))
    };
    client
        .0
        .send(piece(Data::Text, start, false))
        .await
        .unwrap();
    client.0.send(Message::Ping("there?".into())).await.unwrap();
    assert_eq!(client.next().await, Message::Pong("there?".into()));
    client
        .0
        .send(piece(Data::Continue, end, true))
        .await
        .unwrap();
    assert_eq!(client.text().await, ECHOED);
}

#[tokio::test]
async fn calls_are_answered_when_they_end() {
    let server = TestServer::start().await;
    let mut client = Client::connect(&server).await;
    client.send(HOLD).await;
    client.send(ECHO).await;
    assert_eq!(client.text().await, ECHOED);
    server.probe.release_all();
    assert_eq!(client.text().await, HELD);
}

#[tokio::test]
async fn large_answers_arrive_whole() {
    let server = TestServer::start().await;
    let mut client = Client::connect(&server).await;
    for bytes in [90_usize, 100, 50_000, 1_000_000] {
        let request =
            json!({"jsonrpc": "2.0", "method": "Probe.Produce", "params": [bytes], "id": 1});
        client.send(&request.to_string()).await;
        let answer = client.json().await;
        let data = answer["result"]["data"].as_str().unwrap();
        assert_eq!(data.len(), bytes.div_ceil(3) * 4);
    }
}

#[tokio::test]
async fn a_message_that_is_too_large_is_answered_and_ends_the_connection_after_other_calls() {
    let server = TestServer::start_with(|server| server.max_message_size(1_000)).await;
    let mut client = Client::connect(&server).await;
    client.send(HOLD).await;
    client.send(&" ".repeat(1_001)).await;
    let answer = client.json().await;
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("max_message_size of 1000"), "{message}");
    server.probe.release_all();
    assert_eq!(client.text().await, HELD);
    let (code, reason) = client.end().await;
    assert_eq!(code, CloseCode::Size);
    assert!(reason.contains("max_message_size"), "{reason}");
}

#[tokio::test]
async fn pieces_that_are_too_large_together_end_the_connection() {
    let server = TestServer::start_with(|server| server.max_message_size(1_000)).await;
    let mut client = Client::connect(&server).await;
    for opcode in [Data::Text, Data::Continue] {
        let frame = Frame::message(vec![b' '; 600], OpCode::Data(opcode), false);
        client.0.send(Message::Frame(frame)).await.unwrap();
    }
    assert!(client.text().await.contains("max_message_size"));
    assert_eq!(client.end().await.0, CloseCode::Size);
}

#[tokio::test]
async fn who_breaks_the_protocol_is_told_so_by_the_code_of_the_end() {
    let server = TestServer::start().await;
    let text = |bytes: &'static [u8]| Frame::message(bytes, OpCode::Data(Data::Text), true);
    let mut reserved = text(b"{}");
    reserved.header_mut().rsv1 = true;
    let unfinished = Frame::message("{}", OpCode::Data(Data::Continue), true);
    for (frame, code) in [
        (text(b"\"\xff\""), CloseCode::Invalid),
        (reserved, CloseCode::Protocol),
        (unfinished, CloseCode::Protocol),
    ] {
        let mut client = Client::connect(&server).await;
        client.0.send(Message::Frame(frame)).await.unwrap();
        assert_eq!(client.json().await["error"]["code"], -32700);
        assert_eq!(client.end().await.0, code);
    }
}

#[tokio::test]
async fn a_client_that_says_goodbye_is_answered_and_its_calls_are_cancelled() {
    let server = TestServer::start().await;
    let mut client = Client::connect(&server).await;
    client.send(HOLD).await;
    within(LIMIT, server.probe.until_running(1)).await;
    client.0.close(None).await.unwrap();
    assert_eq!(client.next().await, Message::Close(None));
    assert!(within(LIMIT, client.0.next()).await.is_none());
    within(LIMIT, server.probe.until_running(0)).await;
}

#[tokio::test]
async fn a_client_that_is_gone_has_its_calls_cancelled() {
    let server = TestServer::start().await;
    let mut client = Client::connect(&server).await;
    client.send(HOLD).await;
    within(LIMIT, server.probe.until_running(1)).await;
    drop(client);
    within(LIMIT, server.probe.until_running(0)).await;
}

#[tokio::test]
async fn a_silent_client_with_calls_is_asked_whether_it_is_there() {
    let brief = Duration::from_millis(20);
    let keepalive = |server: Server| server.keepalive_interval(brief);
    let server = TestServer::start_with(|server| keepalive(server).keepalive_timeout(brief)).await;
    let mut silent = Client::connect(&server).await;
    silent.send(HOLD).await;
    within(LIMIT, server.probe.until_running(1)).await;
    // It reads nothing, and so answers nothing.
    within(LIMIT, server.probe.until_running(0)).await;

    let server = TestServer::start_with(|server| keepalive(server).keepalive_timeout(LIMIT)).await;
    let mut client = Client::connect(&server).await;
    client.send(HOLD).await;
    for _ in 0..3 {
        assert_eq!(client.next().await, Message::Ping(Bytes::new()));
    }
    server.probe.release_all();
    while let Message::Ping(_) = client.next().await {}
}

#[tokio::test]
async fn pings_give_a_message_that_does_not_go_on_no_more_time() {
    let brief = Duration::from_millis(50);
    let server = TestServer::start_with(|server| server.frame_timeout(brief)).await;
    let mut client = Client::connect(&server).await;
    let frame = Frame::message("{", OpCode::Data(Data::Text), false);
    client.0.send(Message::Frame(frame)).await.unwrap();
    let told = async {
        loop {
            client.0.send(Message::Ping("there?".into())).await.unwrap();
            match client.next().await {
                Message::Pong(_) => {}
                told => return told,
            }
        }
    };
    let told = within(LIMIT, told).await.into_text().unwrap();
    assert!(told.contains("frame_timeout"), "{told}");
}

#[tokio::test]
async fn no_batch_begins_beside_those_whose_answers_wait_in_large_numbers() {
    const BATCHES: usize = 100;
    let configure = |server: Server| {
        let server = server.max_queued_replies(100_000);
        server.max_concurrent_streams(50)
    };
    let server = TestServer::start_with(configure).await;
    let mut client = Client::connect(&server).await;
    let small = r#"{"jsonrpc":"2.0","method":"Probe.Produce","params":{"bytes":"5000"},"id":1}"#;
    let batch = format!("[{HOLD},{small},{small},{small},{small}]");
    for _ in 0..BATCHES {
        client.send(&batch).await;
    }
    for _ in 0..20 {
        server.settle().await;
    }
    let made = server.probe.counts().started;
    assert!(
        made <= 50,
        "{made} calls were begun, though nothing can be answered"
    );
    server.probe.release_all();
    for _ in 0..BATCHES {
        assert_eq!(client.json().await.as_array().unwrap().len(), 5);
    }
}

#[tokio::test]
async fn a_frame_that_does_not_go_on_ends_the_connection() {
    let brief = Duration::from_millis(50);
    let server = TestServer::start_with(|server| server.frame_timeout(brief)).await;
    let mut client = Client::connect(&server).await;
    let frame = Frame::message("{", OpCode::Data(Data::Text), false);
    client.0.send(Message::Frame(frame)).await.unwrap();
    assert!(client.text().await.contains("frame_timeout"));
    assert_eq!(client.end().await.0, CloseCode::Policy);
}

#[tokio::test]
async fn at_shutdown_calls_are_answered_and_then_the_client_is_told() {
    let mut server = TestServer::start().await;
    let mut client = Client::connect(&server).await;
    client.send(HOLD).await;
    within(LIMIT, server.probe.until_running(1)).await;
    server.begin_shutdown();
    server.probe.release_all();
    assert_eq!(client.text().await, HELD);
    let (code, reason) = client.end().await;
    assert_eq!(code, CloseCode::Away);
    assert!(reason.contains("shutting down"), "{reason}");
    drop(client);
    within(LIMIT, server.shut_down()).await;
}

#[tokio::test]
async fn headers_are_metadata_of_every_call() {
    let server = TestServer::start().await;
    let headers = [("x-tenant", "blue"), ("cookie", "a=b")];
    let mut client = Client::connect_with(&server, &headers).await.unwrap();
    let seen = seen(&mut client).await;
    assert_eq!(seen["x-tenant"], "blue");
    assert_eq!(seen["cookie"], "a=b");
    assert!(seen.get("sec-websocket-key").is_none(), "{seen}");
}

async fn seen(client: &mut Client) -> Value {
    client
        .send(r#"{"jsonrpc":"2.0","method":"Probe.Inspect","id":1}"#)
        .await;
    client.json().await["result"]["metadata"].take()
}

#[tokio::test]
async fn pages_connect_from_the_servers_own_address_or_where_the_server_lets_them() {
    let server = TestServer::start().await;
    let own = format!("http://{}", server.socket_addr());
    let with = |origin| [("origin", origin), ("cookie", "a=b")];
    let mut client = Client::connect_with(&server, &with(&own)).await.unwrap();
    assert_eq!(seen(&mut client).await["cookie"], "a=b");

    let page = "https://app.example.com";
    let cors = Cors::origins([page]);
    let server = TestServer::start_with(|server| server.cors(cors.clone())).await;
    let mut client = Client::connect_with(&server, &with(page)).await.unwrap();
    let metadata = seen(&mut client).await;
    assert!(metadata.get("cookie").is_none(), "the browser added it");
    for other in ["https://evil.example.com", "null"] {
        let refused = Client::connect_with(&server, &with(other)).await;
        let Err(tungstenite::Error::Http(response)) = refused.map(drop) else {
            panic!("it is refused");
        };
        assert_eq!(response.status(), 403);
        let why = String::from_utf8(response.into_body().unwrap()).unwrap();
        assert!(why.contains("Server::cors"), "{why}");
    }

    let cors = cors.allow_credentials(true);
    let server = TestServer::start_with(|server| server.cors(cors)).await;
    let mut client = Client::connect_with(&server, &with(page)).await.unwrap();
    assert_eq!(seen(&mut client).await["cookie"], "a=b");
}

/// What the server sends to a client that sends these bytes with its handshake, as far as it ends.
async fn sent_with_handshake(server: &TestServer, frames: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.socket_addr()).await.unwrap();
    let head = "GET / HTTP/1.1\r\nhost: x\r\nconnection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\n\
                sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    let sent = [head.as_bytes(), frames].concat();
    stream.write_all(&sent).await.unwrap();
    let mut answer = Vec::new();
    within(LIMIT, stream.read_to_end(&mut answer))
        .await
        .unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 101"));
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    answer.split_off(end.unwrap() + 4)
}

#[tokio::test]
async fn what_was_sent_with_the_request_for_a_websocket_is_not_lost() {
    let server = TestServer::start().await;
    // A close frame, whose mask changes nothing.
    let goodbye = [0x88, 0x80, 0, 0, 0, 0];
    assert_eq!(sent_with_handshake(&server, &goodbye).await, b"\x88\0");
}

#[tokio::test]
async fn a_length_over_the_limit_is_refused_before_the_message_is_there() {
    let server = TestServer::start().await;
    let announced = (1_u64 << 40).to_be_bytes();
    let frame = [&[0x81, 0xff][..], &announced, &[0; 4]].concat();
    let answer = sent_with_handshake(&server, &frame).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.contains("max_message_size"), "{answer}");
}

#[tokio::test]
async fn a_request_that_is_no_handshake_is_told_what_is() {
    let server = TestServer::start().await;
    let mut client = Http1Client::connect(&server).await;
    let headers = ["connection: upgrade", "upgrade: websocket"];
    let answer = client.call("GET /", &headers, b"").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("sec-websocket-version"), Some("13"));
    assert!(
        answer.text().contains("Sec-WebSocket-Version"),
        "{}",
        answer.text()
    );
    // Longer paths are methods'.
    let answer = client.call("GET /probe.Probe/Echo", &headers, b"").await;
    assert_eq!(answer.status, 405);
    let handshake = [
        "connection: upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
        "content-length: 4",
    ];
    let answer = client.call("GET /", &handshake, b"body").await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("has no body"), "{}", answer.text());

    let server = TestServer::start_with(|server| server.without(Protocol::JsonRpc)).await;
    assert!(Client::connect_with(&server, &[]).await.is_err());
}

/// A connection that brings bytes, and breaks when something is written.
struct Deaf(&'static [u8]);

impl AsyncRead for Deaf {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let length = self.0.len().min(buf.remaining());
        let (read, rest) = self.0.split_at(length);
        buf.put_slice(read);
        self.0 = rest;
        match length {
            0 => Poll::Pending,
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Deaf {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn nothing_is_called_of_a_client_that_cannot_be_told_of_its_websocket() {
    // Behind the request, a message in a frame with the key 0.
    let sent = b"GET / HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\
        \x81\xb0\0\0\0\0{\"jsonrpc\":\"2.0\",\"method\":\"Probe.Hold\",\"id\":1}";
    let probe = TestProbe::new();
    let server = Server::new().service(probe.clone());
    let incoming = stream::iter([io::Result::Ok(Accepted::new(Deaf(sent)))]);
    within(LIMIT, server.serve_incoming(incoming))
        .await
        .unwrap();
    assert_eq!(probe.counts().started, 0);
}
