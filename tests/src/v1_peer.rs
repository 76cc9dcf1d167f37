//! A client of protocol version 1, in the hands of a test.

use std::net::SocketAddr;

use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A frame of version 1 as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct V1Frame {
    /// The type; 1 in every answer.
    pub frame_type: u8,
    /// The sequence id.
    pub sequence: u32,
    /// The protocol data.
    pub protocol_data: String,
    /// The body.
    pub body: Vec<u8>,
}

/// A TCP connection that frames of version 1 are sent over.
pub struct V1Peer {
    stream: TcpStream,
}

impl V1Peer {
    /// Connects to a server and sends nothing.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("somebody listens");
        stream.set_nodelay(true).expect("the socket is open");
        V1Peer { stream }
    }

    /// Sends any bytes.
    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("the peer reads");
    }

    /// Sends any bytes; false if the peer does not take them any more.
    pub async fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// Sends what the socket takes without waiting; says how much.
    pub fn send_now(&self, bytes: &[u8]) -> usize {
        self.stream.try_write(bytes).unwrap_or(0)
    }

    /// Sends a request.
    pub async fn request(
        &mut self,
        sequence: u32,
        service: &str,
        method: &str,
        body: &impl Message,
    ) {
        self.send(&v1_request(
            sequence,
            service,
            method,
            &body.encode_to_vec(),
        ))
        .await;
    }

    /// The bytes that come next.
    pub async fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        let read = self.stream.read_exact(&mut bytes).await;
        read.expect("the server answers");
        bytes
    }

    /// The frame that comes next.
    pub async fn answer(&mut self) -> V1Frame {
        let header = self.bytes(16).await;
        let number = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|byte| header[at + byte]));
        assert_eq!(header[..3], [0x12, 0x34, 1]);
        let protocol_data = self.bytes(number(8) as usize).await;
        V1Frame {
            frame_type: header[3],
            sequence: number(4),
            protocol_data: String::from_utf8(protocol_data).expect("it is JSON"),
            body: self.bytes(number(12) as usize).await,
        }
    }

    /// All that comes before the server closes.
    pub async fn rest(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // A connection that is reset is closed too.
        let _ = self.stream.read_to_end(&mut rest).await;
        rest
    }
}

/// A request of version 1.
pub fn v1_request(sequence: u32, service: &str, method: &str, body: &[u8]) -> Vec<u8> {
    let data = format!(r#"{{"service_name":"{service}","method_name":"{method}"}}"#);
    let mut frame = vec![0x12, 0x34, 1, 1];
    frame.extend(sequence.to_be_bytes());
    frame.extend((data.len() as u32).to_be_bytes());
    frame.extend((body.len() as u32).to_be_bytes());
    frame.extend(data.as_bytes());
    frame.extend(body);
    frame
}
