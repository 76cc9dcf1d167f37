//! A server of all test services, and a client that speaks HTTP/1.1 byte by byte.

use std::collections::BTreeMap;

use rpc_runtime::Server;
use rpc_tests::{LIMIT, TestServer, TestStreams, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Serves the test services, configured by the test.
pub(crate) async fn start_with(configure: impl FnOnce(Server) -> Server) -> TestServer {
    TestServer::start_with(|server| configure(server).service(TestStreams::default())).await
}

pub(crate) async fn start() -> TestServer {
    start_with(|server| server).await
}

/// A response, as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// By names in lower case; several values have a comma between them.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// A connection over HTTP/1.1.
pub(crate) struct Client {
    stream: TcpStream,
    input: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(server: &TestServer) -> Self {
        Client {
            stream: TcpStream::connect(server.socket_addr()).await.unwrap(),
            input: Vec::new(),
        }
    }

    /// Sends a request with these lines behind the first, and this body.
    pub(crate) async fn send(&mut self, first: &str, headers: &[&str], body: &[u8]) {
        let length = format!("content-length: {}", body.len());
        let length = first.starts_with("POST").then_some(&*length);
        let headers: Vec<_> = headers.iter().copied().chain(length).collect();
        let request = [&head(first, &headers), body].concat();
        self.send_raw(&request).await;
    }

    /// Sends any bytes.
    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Sends a request and reads all of its response.
    pub(crate) async fn call(&mut self, first: &str, headers: &[&str], body: &[u8]) -> Answer {
        self.send(first, headers, body).await;
        within(LIMIT, self.answer()).await
    }

    /// Posts a message.
    pub(crate) async fn post(&mut self, path: &str, content_type: &str, body: &[u8]) -> Answer {
        let content_type = format!("content-type: {content_type}");
        self.call(&format!("POST {path}"), &[&content_type], body)
            .await
    }

    /// Reads all of a response.
    pub(crate) async fn answer(&mut self) -> Answer {
        let mut answer = self.head().await;
        if answer.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk().await {
                answer.body.extend(chunk);
            }
        } else {
            let length = answer.header("content-length").unwrap_or("0");
            answer.body = self.take(length.parse().unwrap()).await;
        }
        answer
    }

    /// Reads a response as far as its body.
    pub(crate) async fn head(&mut self) -> Answer {
        let first = self.line().await;
        let status = first.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = BTreeMap::<String, String>::new();
        loop {
            let line = self.line().await;
            let Some((name, value)) = line.split_once(": ") else {
                break;
            };
            let values = headers.entry(name.to_ascii_lowercase()).or_default();
            if !values.is_empty() {
                values.push(',');
            }
            values.push_str(value);
        }
        Answer {
            status,
            headers,
            body: Vec::new(),
        }
    }

    /// The next chunk of a body.
    pub(crate) async fn chunk(&mut self) -> Option<Vec<u8>> {
        let length = usize::from_str_radix(&self.line().await, 16).unwrap();
        let chunk = self.take(length).await;
        self.line().await;
        (length > 0).then_some(chunk)
    }

    async fn line(&mut self) -> String {
        loop {
            if let Some(end) = self.input.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.take(end).await;
                self.take(2).await;
                return String::from_utf8(line).unwrap();
            }
            self.read().await;
        }
    }

    async fn take(&mut self, length: usize) -> Vec<u8> {
        while self.input.len() < length {
            self.read().await;
        }
        self.input.drain(..length).collect()
    }

    async fn read(&mut self) {
        let read = self.stream.read_buf(&mut self.input).await.unwrap();
        assert!(read > 0, "the connection ended within a response");
    }
}

/// A request as far as its body.
pub(crate) fn head(first: &str, headers: &[&str]) -> Vec<u8> {
    let headers: String = headers
        .iter()
        .map(|header| format!("{header}\r\n"))
        .collect();
    format!("{first} HTTP/1.1\r\nhost: test\r\n{headers}\r\n").into_bytes()
}

/// A message in an envelope.
pub(crate) fn envelope(flags: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flags][..], &length, message].concat()
}

/// The envelopes of a body, with their flags.
pub(crate) fn envelopes(mut body: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut envelopes = Vec::new();
    while let Some((flags, rest)) = body.split_first() {
        let (length, rest) = rest.split_first_chunk().unwrap();
        let (message, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        envelopes.push((*flags, message.to_vec()));
        body = rest;
    }
    envelopes
}

/// The envelopes of a body that are text.
pub(crate) fn texts(body: &[u8]) -> Vec<(u8, String)> {
    let envelopes = envelopes(body).into_iter();
    envelopes
        .map(|(flags, message)| (flags, String::from_utf8(message).unwrap()))
        .collect()
}
