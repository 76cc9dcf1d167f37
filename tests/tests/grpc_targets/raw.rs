//! A server that speaks HTTP/2 frame by frame, and keeps no rule but the test's own.

use std::net::SocketAddr;

use rpc_runtime::{Channel, ChannelBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;

/// Flags.
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const ACK: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) struct RawServer {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) id: u32,
    pub(crate) payload: Vec<u8>,
}

impl RawServer {
    pub(crate) async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        RawServer { listener, address }
    }

    pub(crate) fn channel(&self) -> ChannelBuilder {
        Channel::builder(format!("grpc://{}", self.address))
    }

    /// The next connection, before anything was read.
    pub(crate) async fn accept(&self) -> TcpStream {
        self.listener.accept().await.unwrap().0
    }

    /// The next connection, after both sides' SETTINGS.
    pub(crate) async fn open(&self) -> RawConnection {
        self.open_with(&[]).await
    }

    /// The same with settings: pairs of number and value.
    pub(crate) async fn open_with(&self, settings: &[(u16, u32)]) -> RawConnection {
        let mut stream = self.accept().await;
        let mut preface = [0; PREFACE.len()];
        stream.read_exact(&mut preface).await.unwrap();
        assert_eq!(preface, PREFACE);
        let mut connection = RawConnection(stream);
        let mut payload = Vec::new();
        for (number, value) in settings {
            payload.extend(number.to_be_bytes());
            payload.extend(value.to_be_bytes());
        }
        connection.send(SETTINGS, 0, 0, &payload).await;
        connection
    }
}

pub(crate) struct RawConnection(TcpStream);

impl RawConnection {
    pub(crate) async fn send(&mut self, kind: u8, flags: u8, id: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut bytes = length[1..].to_vec();
        bytes.extend([kind, flags]);
        bytes.extend(id.to_be_bytes());
        bytes.extend(payload);
        self.0.write_all(&bytes).await.unwrap();
    }

    /// The next frame; `None` when the client has closed.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).await.ok()?;
        let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let (kind, flags) = (head[3], head[4]);
        Some(Frame {
            kind,
            flags,
            id,
            payload,
        })
    }

    /// The next frame of this kind, whatever comes before.
    pub(crate) async fn until(&mut self, kind: u8) -> Frame {
        loop {
            let frame = self.next().await.expect("the client has not closed");
            if frame.kind == kind {
                return frame;
            }
        }
    }

    /// The number of the next request's stream, once the request is whole.
    pub(crate) async fn request(&mut self) -> u32 {
        let id = self.until(HEADERS).await.id;
        loop {
            let frame = self.until(DATA).await;
            if frame.id == id && frame.flags & END_STREAM != 0 {
                return id;
            }
        }
    }

    pub(crate) async fn headers(&mut self, id: u32, flags: u8, headers: &[(&str, &str)]) {
        self.send(HEADERS, flags | END_HEADERS, id, &block(headers))
            .await;
    }

    /// The beginning of a good response.
    pub(crate) async fn begin(&mut self, id: u32) {
        let headers = [(":status", "200"), ("content-type", "application/grpc")];
        self.headers(id, 0, &headers).await;
    }

    /// An empty message, and a good end.
    pub(crate) async fn answer(&mut self, id: u32) {
        self.begin(id).await;
        self.send(DATA, 0, id, &[0; 5]).await;
        self.headers(id, END_STREAM, &[("grpc-status", "0")]).await;
    }

    pub(crate) async fn reset(&mut self, id: u32, code: u32) {
        self.send(RST_STREAM, 0, id, &code.to_be_bytes()).await;
    }

    /// Takes leave: streams above `last` were not looked at.
    pub(crate) async fn goaway(&mut self, last: u32, code: u32, text: &str) {
        let mut payload = last.to_be_bytes().to_vec();
        payload.extend(code.to_be_bytes());
        payload.extend(text.as_bytes());
        self.send(GOAWAY, 0, 0, &payload).await;
    }
}

/// Headers as HPACK has them, each a literal that nobody is to remember.
fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(0);
        for text in [name, value] {
            block.push(
                u8::try_from(text.len())
                    .ok()
                    .filter(|length| *length < 127)
                    .unwrap(),
            );
            block.extend(text.as_bytes());
        }
    }
    block
}
