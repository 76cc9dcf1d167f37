//! How a stream begins.

use std::time::Instant;

use bytes::{Buf, BytesMut};
use prost::Message;

use super::{ClientSession, Stream, earlier};
use crate::frame::{Flags, FrameHeader, FrameType, RequestMetadata, too_many_entries};
use crate::limits::{MAX_METADATA_ENTRIES, MAX_METHOD_NUMBERS, MAX_PATH_LEN};
use crate::session::assembly::Assembly;
use crate::session::encoded::compressed_flag;
use crate::session::send_queue::OUTPUT_TARGET;
use crate::session::{Encoded, SHARE_BODY_FROM};
use crate::{Metadata, MethodDescriptor, MethodKind, Stage, Status};

/// A call to be sent.
#[derive(Debug)]
pub struct OutgoingRequest<'a> {
    /// The number that stands for `path` on every connection of this client, if it has one.
    pub method_number: Option<u16>,
    /// The method, as `package.Service/Method`.
    pub path: &'a str,
    /// When the call ends at the latest; the server is told the time that remains.
    pub deadline: Option<Instant>,
    /// Sent along.
    pub metadata: &'a Metadata,
    /// How often the call was sent before.
    pub attempt: u32,
    /// What is streamed.
    pub kind: MethodKind,
    /// The encoded message; empty where the requests are a stream.
    pub body: &'a Encoded,
    /// Messages of the call may be compressed. Here each says so itself; other protocols announce it.
    pub may_compress: bool,
    /// What is known of the method, for protocols that turn its messages into others. Not sent here.
    pub descriptor: Option<&'static MethodDescriptor>,
}

/// Why a stream was not opened.
#[derive(Clone, Debug)]
pub enum StartError {
    /// This connection takes no new streams: the peer leaves, or the ids are used up.
    Draining,
    /// As many streams are open as the server allows, or too much waits to be written.
    AtCapacity,
    /// The server has announced a limit that the request is over.
    OverLimit(Status),
}

impl<T> ClientSession<T> {
    /// Opens a stream and queues its request.
    ///
    /// # Errors
    ///
    /// Gives the slot back if the stream cannot be opened now.
    pub fn start(
        &mut self,
        now: Instant,
        request: &OutgoingRequest<'_>,
        slot: T,
    ) -> Result<u32, (StartError, T)> {
        if self.is_draining() {
            return Err((StartError::Draining, slot));
        }
        if self.capacity() == 0 {
            return Err((StartError::AtCapacity, slot));
        }
        let metadata = self.request_metadata(now, request);
        let metadata_len = metadata.encoded_len();
        if let Some(status) = self.over_limit(request, metadata_len) {
            return Err((StartError::OverLimit(status), slot));
        }
        let id = self.next_id;
        self.next_id += 1;
        self.open += 1;
        self.link.stats.streams_opened += 1;
        let (word, bit) = method_bit(metadata.method);
        self.known_methods[word] |= bit;
        let streamed = request.kind.client_streams();
        let whole = match streamed {
            true => self.send_head(id, &metadata, metadata_len),
            false => self.send_request(id, &metadata, metadata_len, request.body),
        };
        let messages = request.kind.server_streams().then(|| {
            let window = self.link.local.initial_stream_window;
            Box::new(Assembly::new(window, self.config.max_message_size))
        });
        self.earliest_deadline = earlier(self.earliest_deadline, request.deadline);
        self.streams.insert(
            id,
            Stream {
                slot,
                open: true,
                deadline: request.deadline,
                sent_at: whole.then(|| self.link.position()),
                reply: None,
                messages,
                headers_seen: false,
            },
        );
        Ok(id)
    }

    fn request_metadata(&self, now: Instant, request: &OutgoingRequest<'_>) -> RequestMetadata {
        let number = request.method_number.map_or(0, u32::from);
        let method = if number <= u32::from(MAX_METHOD_NUMBERS) {
            number
        } else {
            0
        };
        let (word, bit) = method_bit(method);
        let known = method != 0 && self.known_methods[word] & bit != 0;
        let mut metadata = RequestMetadata {
            method,
            path: if known {
                String::new()
            } else {
                request.path.to_owned()
            },
            attempt: request.attempt,
            metadata: request.metadata.to_entries(),
            ..RequestMetadata::default()
        };
        let deadline = request.deadline;
        metadata.set_timeout(deadline.map(|deadline| deadline.saturating_duration_since(now)));
        metadata
    }

    /// The error that the server would answer with, found without asking it.
    fn over_limit(&self, request: &OutgoingRequest<'_>, metadata_len: usize) -> Option<Status> {
        let peer = &self.link.peer;
        let message_len = request.body.bytes.len() as u64;
        let fits = message_len <= peer.max_message_size.unwrap_or(u64::MAX)
            && metadata_len <= peer.max_metadata_size as usize
            && request.path.len() <= MAX_PATH_LEN
            && request.metadata.len() <= MAX_METADATA_ENTRIES;
        (!fits).then(|| self.limit_hit(request, metadata_len))
    }

    /// Says which limit a request is over that is over one.
    #[cold]
    fn limit_hit(&self, request: &OutgoingRequest<'_>, metadata_len: usize) -> Status {
        let peer = &self.link.peer;
        let message_len = request.body.bytes.len();
        let max_message_size = peer.max_message_size.unwrap_or(u64::MAX);
        let max_metadata_size = u64::from(peer.max_metadata_size);
        let (what, size, name, limit) =
            if let Some(status) = too_many_entries("request", request.metadata.len()) {
                return status.with_stage(Stage::Send).with_may_have_run(false);
            } else if message_len as u64 > max_message_size {
                ("request", message_len, "max_message_size", max_message_size)
            } else if metadata_len as u64 > max_metadata_size {
                (
                    "request's metadata",
                    metadata_len,
                    "max_metadata_size",
                    max_metadata_size,
                )
            } else {
                (
                    "method's path",
                    request.path.len(),
                    "MAX_PATH_LEN",
                    MAX_PATH_LEN as u64,
                )
            };
        let status = Status::resource_exhausted(format!(
            "the {what} of {size} bytes is over the server's limit {name} of {limit} bytes"
        ));
        status.with_stage(Stage::Send).with_may_have_run(false)
    }

    /// Queues the REQUEST of a stream of messages, which begins none of them.
    fn send_head(&mut self, id: u32, metadata: &RequestMetadata, metadata_len: usize) -> bool {
        let header = FrameHeader {
            frame_type: FrameType::Request,
            flags: Flags::NONE,
            stream_id: id,
            metadata_len: metadata_len as u32,
            body_len: 0,
        };
        let head = |tail: &mut BytesMut| header.encode_with(metadata, tail);
        self.link.output.frame(head);
        let window = i64::from(self.link.peer.initial_stream_window);
        self.sends.open(id, window);
        true
    }

    /// Queues a request's first frame; false if a part of the body has to follow.
    fn send_request(
        &mut self,
        id: u32,
        metadata: &RequestMetadata,
        metadata_len: usize,
        body: &Encoded,
    ) -> bool {
        let Encoded { bytes, compressed } = body;
        let max_frame_body = self.link.peer.max_frame_body as usize;
        let whole = bytes.len() <= max_frame_body;
        let first = match whole {
            true => bytes.len(),
            false if self.link.output.remaining() >= OUTPUT_TARGET => 0,
            false => max_frame_body,
        };
        let begins = whole || first > 0;
        let ends = match whole {
            true => Flags::END_MESSAGE | Flags::END_STREAM,
            false => Flags::NONE,
        };
        let header = FrameHeader {
            frame_type: FrameType::Request,
            flags: ends | compressed_flag(*compressed && begins),
            stream_id: id,
            metadata_len: metadata_len as u32,
            body_len: first as u32,
        };
        let head = |tail: &mut BytesMut| header.encode_with(metadata, tail);
        if first < SHARE_BODY_FROM {
            self.link.output.frame(|tail| {
                head(tail);
                tail.extend_from_slice(&bytes[..first]);
            });
        } else {
            self.link.output.frame_with_body(head, bytes.slice(..first));
        }
        if !whole {
            let window = i64::from(self.link.peer.initial_stream_window) - first as i64;
            let rest = Encoded {
                bytes: bytes.slice(first..),
                compressed: *compressed && !begins,
            };
            self.sends
                .push(id, rest, bytes.len(), window, Flags::END_STREAM);
        }
        whole
    }
}

/// Where [`ClientSession::known_methods`] keeps the bit of a method number.
fn method_bit(number: u32) -> (usize, u64) {
    (number as usize / 64, 1 << (number % 64))
}
