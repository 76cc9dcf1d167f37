//! A client that speaks HTTP/1.1 byte by byte. It panics where a test is to fail.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

use std::collections::BTreeMap;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{LIMIT, TestServer, within};

/// A response, as it came.
#[derive(Debug)]
pub struct Http1Answer {
    /// The number of the status.
    pub status: u16,
    /// By names in lower case; several values have a comma between them.
    pub headers: BTreeMap<String, String>,
    /// All of the body; empty if only the head was read.
    pub body: Vec<u8>,
}

impl Http1Answer {
    /// The body, which is text.
    ///
    /// # Panics
    ///
    /// If it is not.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// A connection over HTTP/1.1.
pub struct Http1Client {
    stream: TcpStream,
    input: Vec<u8>,
}

impl Http1Client {
    /// A connection to a server.
    ///
    /// # Panics
    ///
    /// If it does not listen.
    pub async fn connect(server: &TestServer) -> Self {
        Http1Client {
            stream: TcpStream::connect(server.socket_addr()).await.unwrap(),
            input: Vec::new(),
        }
    }

    /// Sends a request with these lines behind the first, and this body.
    pub async fn send(&mut self, first: &str, headers: &[&str], body: &[u8]) {
        let length = format!("content-length: {}", body.len());
        let length = first.starts_with("POST").then_some(&*length);
        let headers: Vec<_> = headers.iter().copied().chain(length).collect();
        let request = [&request_head(first, &headers), body].concat();
        self.send_raw(&request).await;
    }

    /// Sends any bytes.
    pub async fn send_raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Sends a request and reads all of its response.
    pub async fn call(&mut self, first: &str, headers: &[&str], body: &[u8]) -> Http1Answer {
        self.send(first, headers, body).await;
        within(LIMIT, self.answer()).await
    }

    /// Posts a message.
    pub async fn post(&mut self, path: &str, content_type: &str, body: &[u8]) -> Http1Answer {
        let content_type = format!("content-type: {content_type}");
        self.call(&format!("POST {path}"), &[&content_type], body)
            .await
    }

    /// Reads all of a response.
    pub async fn answer(&mut self) -> Http1Answer {
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
    pub async fn head(&mut self) -> Http1Answer {
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
        Http1Answer {
            status,
            headers,
            body: Vec::new(),
        }
    }

    /// Reads so many bytes, and forgets them.
    pub async fn skip(&mut self, length: usize) {
        self.take(length).await;
    }

    /// The next chunk of a body.
    pub async fn chunk(&mut self) -> Option<Vec<u8>> {
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
pub fn request_head(first: &str, headers: &[&str]) -> Vec<u8> {
    let headers: String = headers
        .iter()
        .map(|header| format!("{header}\r\n"))
        .collect();
    format!("{first} HTTP/1.1\r\nhost: test\r\n{headers}\r\n").into_bytes()
}
