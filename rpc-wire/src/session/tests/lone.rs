//! One session alone, with a test that writes and reads the peer's frames.

use super::*;
use crate::frame::{
    Flags, FrameHeader, FrameType, GoAway, HEADER_LEN, RequestMetadata, ResponseMetadata, Settings,
    StatusBody, checksum, ping,
};

/// A frame that a session has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) header: FrameHeader,
    pub(super) metadata: Bytes,
    pub(super) body: Bytes,
}

impl Frame {
    pub(super) fn frame_type(&self) -> FrameType {
        self.header.frame_type
    }

    pub(super) fn has(&self, flags: Flags) -> bool {
        self.header.flags.contains(flags)
    }

    /// The code and the message of a RESPONSE with a status.
    pub(super) fn status(&self) -> (Code, String) {
        assert!(self.has(Flags::STATUS), "{self:?} has no status");
        let metadata = ResponseMetadata::decode_checked(&self.metadata).unwrap();
        let body = StatusBody::decode_checked(&self.body).unwrap();
        (metadata.status_code(), body.message)
    }

    pub(super) fn goaway(&self) -> GoAway {
        assert_eq!(self.frame_type(), FrameType::GoAway);
        GoAway::decode(&self.body).unwrap()
    }

    pub(super) fn request_metadata(&self) -> RequestMetadata {
        assert_eq!(self.frame_type(), FrameType::Request);
        RequestMetadata::decode_checked(&self.metadata).unwrap()
    }
}

/// The frames that `bytes` consist of.
fn split_frames(mut bytes: Bytes) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let Some(head) = bytes.first_chunk::<HEADER_LEN>() {
        let header = FrameHeader::parse(head).expect("a session sends frames");
        let expected = checksum::of(&bytes[..header.content_len()]);
        bytes.advance(HEADER_LEN);
        let metadata = bytes.split_to(header.metadata_len as usize);
        let body = bytes.split_to(header.body_len as usize);
        if header.flags.contains(Flags::CHECKSUM) {
            assert_eq!(bytes.get_u32(), expected, "the checksum of {header:?}");
        }
        frames.push(Frame {
            header,
            metadata,
            body,
        });
    }
    assert!(bytes.is_empty(), "a session sends whole frames");
    frames
}

/// A server; the test is its client.
pub(super) struct LoneServer {
    pub(super) now: Instant,
    pub(super) session: ServerSession<Rc<str>, u32>,
    pub(super) handlers: Handlers,
    input: BytesMut,
}

impl LoneServer {
    pub(super) fn new(config: ServerConfig) -> Self {
        LoneServer {
            now: Instant::now(),
            session: ServerSession::new(config),
            handlers: Handlers::default(),
            input: BytesMut::new(),
        }
    }

    /// A server whose client has sent these SETTINGS.
    pub(super) fn with_client(config: ServerConfig, client: &Settings) -> Self {
        let mut server = LoneServer::new(config);
        server.send(&settings(client)).expect("SETTINGS are taken");
        assert_eq!(server.sent().len(), 1, "its SETTINGS");
        server
    }

    pub(super) fn established() -> Self {
        LoneServer::with_client(ServerConfig::default(), &Settings::default())
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), SessionError> {
        self.input.extend_from_slice(bytes);
        self.session
            .receive(self.now, &mut self.input, &mut self.handlers)
    }

    /// Begins large requests, from stream 1 on, until one is granted nothing; gives its stream.
    pub(super) fn exhaust_budget(&mut self) -> u32 {
        for id in 1.. {
            self.send(&request(id, Flags::NONE, ECHO, b"")).unwrap();
            self.send(&half_window(id)).unwrap();
            if self.sent().is_empty() {
                return id;
            }
        }
        unreachable!("the budget is bounded")
    }

    /// Bytes that wait for the rest of their frame.
    pub(super) fn buffered(&self) -> usize {
        self.input.len()
    }

    /// The frames that were sent since the last time.
    pub(super) fn sent(&mut self) -> Vec<Frame> {
        let mut bytes = BytesMut::new();
        while self.session.has_output() {
            let mut output = Output::default();
            self.session.take_output(&mut output);
            bytes.put(output);
        }
        split_frames(bytes.freeze())
    }

    /// The only frame that was sent since the last time.
    pub(super) fn sent_one(&mut self) -> Frame {
        let frames = self.sent();
        let [frame] = &frames[..] else {
            panic!("not one frame: {frames:?}")
        };
        frame.clone()
    }
}

/// A client; the test is its server.
pub(super) struct LoneClient {
    pub(super) now: Instant,
    pub(super) session: ClientSession<usize>,
    pub(super) calls: Calls,
    input: BytesMut,
}

impl LoneClient {
    pub(super) fn new(config: ClientConfig) -> Self {
        LoneClient {
            now: Instant::now(),
            session: ClientSession::new(config),
            calls: Calls::default(),
            input: BytesMut::new(),
        }
    }

    /// A client whose server has sent these SETTINGS.
    pub(super) fn with_server(server: &Settings) -> Self {
        LoneClient::with(ClientConfig::default(), server)
    }

    pub(super) fn with(config: ClientConfig, server: &Settings) -> Self {
        let mut client = LoneClient::new(config);
        client.send(&settings(server)).expect("SETTINGS are taken");
        assert_eq!(client.sent().len(), 1, "its SETTINGS");
        client
    }

    pub(super) fn established() -> Self {
        LoneClient::with_server(&Settings::default())
    }

    /// Starts a call without deadline; gives its stream.
    pub(super) fn start(&mut self, call: &Call) -> u32 {
        let index = self.calls.ids.len();
        let request = OutgoingRequest {
            method_number: call.number,
            path: call.path,
            deadline: None,
            metadata: &call.metadata,
            attempt: 0,
            kind: kind(call.path),
            body: &call.encoded(),
            may_compress: false,
            descriptor: None,
        };
        let id = self
            .session
            .start(self.now, &request, index)
            .expect("the call can start");
        self.calls.add(id);
        id
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), SessionError> {
        self.input.extend_from_slice(bytes);
        self.session
            .receive(self.now, &mut self.input, &mut self.calls)
    }

    pub(super) fn sent(&mut self) -> Vec<Frame> {
        let mut bytes = BytesMut::new();
        while self.session.has_output() {
            let mut output = Output::default();
            self.session.take_output(&mut output);
            bytes.put(output);
        }
        split_frames(bytes.freeze())
    }

    /// Begins large replies to calls, or on streams, until one is granted nothing; gives its stream.
    pub(super) fn exhaust_budget(&mut self, call: &Call, reply: Flags) -> u32 {
        loop {
            let id = self.start(call);
            self.sent();
            self.send(&response(id, reply, b"")).unwrap();
            self.send(&half_window(id)).unwrap();
            if self.sent().is_empty() {
                return id;
            }
        }
    }

    /// How the first call ended.
    pub(super) fn outcome(&self) -> &Outcome {
        self.calls.outcomes[0].as_ref().expect("the call has ended")
    }

    /// The error that the first call ended with.
    pub(super) fn error(&self) -> &Status {
        match self.outcome() {
            Outcome::Failed(status) => status,
            other => panic!("the call has not failed: {other:?}"),
        }
    }
}

pub(super) const WHOLE: Flags = Flags::END_STREAM.union(Flags::END_MESSAGE);

pub(super) fn settings(settings: &Settings) -> Vec<u8> {
    let mut bytes = Vec::new();
    settings.encode(&mut bytes);
    bytes
}

pub(super) fn frame(
    frame_type: FrameType,
    flags: Flags,
    stream_id: u32,
    metadata: &[u8],
    body: &[u8],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (metadata_len, body_len) = (metadata.len() as u32, body.len() as u32);
    FrameHeader {
        frame_type,
        flags,
        stream_id,
        metadata_len,
        body_len,
    }
    .encode(&mut bytes);
    bytes.extend_from_slice(metadata);
    bytes.extend_from_slice(body);
    bytes
}

/// A REQUEST that names its method by path.
pub(super) fn request(stream_id: u32, flags: Flags, path: &str, body: &[u8]) -> Vec<u8> {
    let metadata = RequestMetadata {
        path: path.to_owned(),
        ..RequestMetadata::default()
    };
    request_with(stream_id, flags, &metadata, body)
}

pub(super) fn request_with(
    stream_id: u32,
    flags: Flags,
    metadata: &RequestMetadata,
    body: &[u8],
) -> Vec<u8> {
    let metadata = prost::Message::encode_to_vec(metadata);
    frame(FrameType::Request, flags, stream_id, &metadata, body)
}

pub(super) fn response(stream_id: u32, flags: Flags, body: &[u8]) -> Vec<u8> {
    frame(FrameType::Response, flags, stream_id, &[], body)
}

pub(super) fn data(stream_id: u32, flags: Flags, body: &[u8]) -> Vec<u8> {
    frame(FrameType::Data, flags, stream_id, &[], body)
}

/// More than half of a window, after which its receiver grants what it can.
pub(super) fn half_window(stream_id: u32) -> Vec<u8> {
    data(stream_id, Flags::NONE, &[0; 16 * 1024]).repeat(33)
}

pub(super) fn cancel(stream_id: u32, code: Code) -> Vec<u8> {
    let mut bytes = Vec::new();
    crate::frame::cancel::encode(stream_id, code, &mut bytes);
    bytes
}

pub(super) fn window(stream_id: u32, increment: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    crate::frame::window::encode(stream_id, increment, &mut bytes);
    bytes
}

pub(super) fn ping(opaque: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    ping::encode_ping(opaque.to_be_bytes(), &mut bytes);
    bytes
}

pub(super) fn pong(opaque: [u8; 8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    ping::encode_pong(opaque, &mut bytes);
    bytes
}
