//! A peer that speaks frames: what it sends is up to the test.

use std::net::SocketAddr;

use bytes::{Buf, Bytes, BytesMut};
use prost::Message;
use rpc_wire::frame::{
    Flags, FrameHeader, FrameType, GoAway, HEADER_LEN, RequestMetadata, ResponseMetadata, Settings,
    StatusBody, ping,
};
use rpc_wire::{Code, Metadata};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A frame as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawFrame {
    /// The header.
    pub header: FrameHeader,
    /// The encoded metadata.
    pub metadata: Bytes,
    /// The body.
    pub body: Bytes,
}

impl RawFrame {
    /// Code and text of a RESPONSE; the text is empty unless it is an error's.
    pub fn status(&self) -> (Code, String) {
        let metadata = ResponseMetadata::decode_checked(&self.metadata).expect("it is a RESPONSE");
        let text = match self.header.flags.contains(Flags::STATUS) {
            true => {
                StatusBody::decode_checked(&self.body)
                    .expect("the status is whole")
                    .message
            }
            false => String::new(),
        };
        (metadata.status_code(), text)
    }

    /// What a GOAWAY says.
    pub fn goaway(&self) -> GoAway {
        assert_eq!(self.header.frame_type, FrameType::GoAway);
        GoAway::decode(&self.body).expect("a GOAWAY of ours is well formed")
    }
}

/// One end of a TCP connection, client or server, in the hands of a test.
pub struct RawPeer {
    stream: TcpStream,
    input: BytesMut,
}

impl RawPeer {
    /// Connects to a server and sends nothing.
    pub async fn connect(address: SocketAddr) -> Self {
        Self::of(TcpStream::connect(address).await.expect("somebody listens"))
    }

    /// Connects to a server and exchanges SETTINGS.
    pub async fn client(address: SocketAddr) -> Self {
        Self::client_with(address, &Settings::default()).await
    }

    /// Connects to a server and exchanges SETTINGS, its own being these.
    pub async fn client_with(address: SocketAddr, settings: &Settings) -> Self {
        let mut peer = Self::connect(address).await;
        peer.send_settings(settings).await;
        peer.expect(FrameType::Settings).await;
        peer
    }

    /// Takes the next connection in and sends nothing.
    pub async fn accept(listener: &TcpListener) -> Self {
        Self::of(listener.accept().await.expect("the listener works").0)
    }

    /// Takes the next connection in and exchanges SETTINGS.
    pub async fn server(listener: &TcpListener) -> Self {
        Self::server_with(listener, &Settings::default()).await
    }

    /// Takes the next connection in and exchanges SETTINGS, its own being these.
    pub async fn server_with(listener: &TcpListener, settings: &Settings) -> Self {
        let mut peer = Self::accept(listener).await;
        peer.expect(FrameType::Settings).await;
        peer.send_settings(settings).await;
        peer
    }

    fn of(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("the socket is open");
        RawPeer {
            stream,
            input: BytesMut::new(),
        }
    }

    /// Sends any bytes.
    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("the peer reads");
    }

    /// Sends any bytes; false if the peer does not take them any more.
    pub async fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// Sends any bytes while it reads and forgets what comes, so that neither end waits for the
    /// other.
    ///
    /// # Errors
    ///
    /// The GOAWAY of a peer that closes; `None` if it does so without a word.
    pub async fn flood(&mut self, bytes: &[u8]) -> Result<(), Option<GoAway>> {
        let mut left = bytes;
        while !left.is_empty() {
            self.input.reserve(16 * 1024);
            let (mut reader, mut writer) = self.stream.split();
            tokio::select! {
                read = reader.read_buf(&mut self.input) => match read {
                    Ok(1..) => {}
                    _ => return Err(None),
                },
                written = writer.write(left) => match written {
                    Ok(count) => left = &left[count..],
                    Err(_) => return Err(self.last_word().await),
                },
            }
            while let Some(frame) = take_frame(&mut self.input) {
                if frame.header.frame_type == FrameType::GoAway {
                    return Err(Some(frame.goaway()));
                }
            }
        }
        Ok(())
    }

    /// The GOAWAY before the peer's close, if there is one.
    pub async fn last_word(&mut self) -> Option<GoAway> {
        loop {
            let frame = self.next_frame_or_cut().await?;
            if frame.header.frame_type == FrameType::GoAway {
                return Some(frame.goaway());
            }
        }
    }

    /// Closes with a reset.
    pub fn reset(self) {
        // Whoever was reset by the peer needs no further one.
        let _ = self.stream.set_zero_linger();
    }

    /// Sends nothing more, and goes on reading.
    pub async fn finish_sending(&mut self) {
        self.stream.shutdown().await.expect("the peer is there");
    }

    /// Sends SETTINGS.
    pub async fn send_settings(&mut self, settings: &Settings) {
        let mut frame = Vec::new();
        settings.encode(&mut frame);
        self.send(&frame).await;
    }

    /// Sends a GOAWAY.
    pub async fn send_goaway(&mut self, goaway: &GoAway) {
        let mut frame = Vec::new();
        goaway.encode(&mut frame);
        self.send(&frame).await;
    }

    /// Answers a PING.
    pub async fn answer(&mut self, ping: &RawFrame) {
        assert_eq!(ping.header.frame_type, FrameType::Ping);
        let opaque = ping::decode(&ping.body).expect("a PING of ours is well formed");
        let mut frame = Vec::new();
        ping::encode_pong(opaque, &mut frame);
        self.send(&frame).await;
    }

    /// Sends a whole unary request, with the method named by its path.
    pub async fn send_request(&mut self, id: u32, path: &str, body: &[u8]) {
        self.send(&request_frame(id, path, body)).await;
    }

    /// Sends a whole reply with code OK and any body.
    pub async fn send_response(&mut self, id: u32, body: &[u8]) {
        let metadata = ResponseMetadata::new(Code::Ok, &Metadata::new());
        self.send_message(FrameType::Response, id, &metadata, body)
            .await;
    }

    /// Sends a whole reply with code OK whose body is said to be compressed.
    pub async fn send_compressed_response(&mut self, id: u32, body: &[u8]) {
        let metadata = ResponseMetadata::new(Code::Ok, &Metadata::new());
        let flags = Flags::COMPRESSED;
        let frame = message_frame(FrameType::Response, id, flags, &metadata, body);
        self.send(&frame).await;
    }

    /// Sends a whole REQUEST or RESPONSE that ends its stream.
    pub async fn send_message(
        &mut self,
        frame_type: FrameType,
        id: u32,
        metadata: &impl Message,
        body: &[u8],
    ) {
        self.send(&message_frame(frame_type, id, Flags::NONE, metadata, body))
            .await;
    }

    /// The next frame; `None` once the peer has closed.
    ///
    /// # Panics
    ///
    /// If the peer closes within a frame.
    pub async fn next_frame(&mut self) -> Option<RawFrame> {
        let frame = self.next_frame_or_cut().await;
        assert!(
            frame.is_some() || self.input.is_empty(),
            "cut off: {:?}",
            self.input
        );
        frame
    }

    /// The next frame; `None` once the peer has closed, between frames or within one.
    pub async fn next_frame_or_cut(&mut self) -> Option<RawFrame> {
        loop {
            if let Some(frame) = take_frame(&mut self.input) {
                return Some(frame);
            }
            // A connection that is reset is closed too.
            if self.stream.read_buf(&mut self.input).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    /// The next frame, which must be of this type.
    pub async fn expect(&mut self, frame_type: FrameType) -> RawFrame {
        let frame = self.next_frame().await;
        let frame =
            frame.unwrap_or_else(|| panic!("the peer closed instead of sending {frame_type}"));
        assert_eq!(frame.header.frame_type, frame_type, "{frame:?}");
        frame
    }

    /// The bytes up to the peer's close that make no whole frame.
    pub async fn rest(mut self) -> Bytes {
        // A connection that is reset is closed too.
        while self.stream.read_buf(&mut self.input).await.unwrap_or(0) > 0 {}
        self.input.freeze()
    }
}

/// Takes a whole frame off bytes of a peer of ours, if there is one.
pub(crate) fn take_frame(input: &mut BytesMut) -> Option<RawFrame> {
    let header = FrameHeader::parse(input.first_chunk::<HEADER_LEN>()?);
    let header = header.expect("frames of ours are well formed");
    if input.len() < header.frame_len() {
        return None;
    }
    let mut frame = input.split_to(header.frame_len());
    frame.truncate(header.content_len());
    frame.advance(HEADER_LEN);
    let metadata = frame.split_to(header.metadata_len as usize).freeze();
    Some(RawFrame {
        header,
        metadata,
        body: frame.freeze(),
    })
}

/// A whole unary request, with the method named by its path.
pub fn request_frame(id: u32, path: &str, body: &[u8]) -> Vec<u8> {
    let metadata = RequestMetadata {
        path: path.to_owned(),
        ..RequestMetadata::default()
    };
    message_frame(FrameType::Request, id, Flags::NONE, &metadata, body)
}

/// A whole unary request whose body is said to be compressed.
pub fn compressed_request_frame(id: u32, path: &str, body: &[u8]) -> Vec<u8> {
    let metadata = RequestMetadata {
        path: path.to_owned(),
        ..RequestMetadata::default()
    };
    message_frame(FrameType::Request, id, Flags::COMPRESSED, &metadata, body)
}

fn message_frame(
    frame_type: FrameType,
    id: u32,
    flags: Flags,
    metadata: &impl Message,
    body: &[u8],
) -> Vec<u8> {
    let flags = Flags::END_MESSAGE | Flags::END_STREAM | flags;
    frame(frame_type, flags, id, &metadata.encode_to_vec(), body)
}

/// Any frame.
pub fn frame(
    frame_type: FrameType,
    flags: Flags,
    stream_id: u32,
    metadata: &[u8],
    body: &[u8],
) -> Vec<u8> {
    let mut frame = Vec::new();
    let header = FrameHeader {
        frame_type,
        flags,
        stream_id,
        metadata_len: metadata.len() as u32,
        body_len: body.len() as u32,
    };
    header.encode(&mut frame);
    frame.extend_from_slice(metadata);
    frame.extend_from_slice(body);
    frame
}
