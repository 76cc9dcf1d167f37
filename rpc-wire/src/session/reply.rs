//! The answer to a request, from the server's side.

use bytes::{Buf, Bytes, BytesMut};
use prost::Message;

use super::encoded::compressed_flag;
use super::link::Link;
use super::send_queue::{OUTPUT_TARGET, SendQueue};
use super::{Encoded, SHARE_BODY_FROM};
use crate::frame::{Flags, FrameHeader, FrameType, ResponseMetadata, StatusBody, too_many_entries};
use crate::memory;
use crate::{Code, Metadata, Status};

/// Answers one request. Each is made for a stream that has no answer yet.
#[derive(Debug)]
#[must_use = "a request without an answer keeps its caller waiting"]
pub struct Responder<'a> {
    link: &'a mut Link,
    sends: &'a mut SendQueue,
    /// Bytes of replies that may wait for the client.
    max_queued_replies: usize,
    id: u32,
    /// Bytes that the client lets the server send on the stream.
    window: i64,
    /// The message is compressed.
    compressed: bool,
}

impl<'a> Responder<'a> {
    /// Answers on a stream; what is left to send of messages before is dropped.
    pub(super) fn new(
        link: &'a mut Link,
        sends: &'a mut SendQueue,
        max_queued_replies: usize,
        id: u32,
    ) -> Self {
        let window = sends.remove(id);
        let window = window.unwrap_or(i64::from(link.peer.initial_stream_window));
        Responder {
            link,
            sends,
            max_queued_replies,
            id,
            window,
            compressed: false,
        }
    }

    /// Marks the message that is to be answered with as compressed, which was
    /// [agreed on](super::ServerSink::established).
    pub fn compressed(mut self, compressed: bool) -> Self {
        self.compressed = compressed;
        self
    }

    /// Answers with OK and the encoded message in `body`, which is left empty.
    ///
    /// What is over the client's limits, message or metadata, becomes RESOURCE_EXHAUSTED; so does a message that is
    /// not small while [`max_queued_replies`](super::ServerConfig::max_queued_replies) wait for the client.
    pub fn message(self, body: &mut BytesMut, metadata: &Metadata) {
        if let Some(status) = too_many_entries("reply", metadata.len()) {
            body.clear();
            return self.status(&status, true);
        }
        if let Some(status) = self.no_room_for(body.len()) {
            body.clear();
            return self.status(&status, true);
        }
        let peer = &self.link.peer;
        let response = ResponseMetadata::new(Code::Ok, metadata);
        let (what, length, name, limit) = match peer.max_message_size {
            Some(limit) if body.len() as u64 > limit => {
                ("reply", body.len(), "max_message_size", limit)
            }
            _ if response.encoded_len() > peer.max_metadata_size as usize => {
                let limit = u64::from(peer.max_metadata_size);
                (
                    "reply's metadata",
                    response.encoded_len(),
                    "max_metadata_size",
                    limit,
                )
            }
            _ => return self.send(&response, Flags::NONE, body),
        };
        body.clear();
        let status = Status::resource_exhausted(format!(
            "the {what} of {length} bytes is over the client's limit {name} of {limit} bytes"
        ));
        self.status(&status, true);
    }

    /// Why a message of `length` bytes cannot be sent, because too much waits for the client.
    fn no_room_for(&self, length: usize) -> Option<Status> {
        if length < SHARE_BODY_FROM {
            return None;
        }
        no_room_for_replies(self.link, self.sends, self.max_queued_replies)
    }

    /// Sends leading metadata, which begin a stream of replies.
    pub(super) fn headers(self, metadata: &Metadata) -> Result<(), Status> {
        let Responder {
            link,
            sends,
            id,
            window,
            ..
        } = self;
        if let Some(status) = too_many_entries("stream of replies", metadata.len()) {
            return Err(status);
        }
        let response = ResponseMetadata::new(Code::Ok, metadata);
        let (length, limit) = (response.encoded_len(), link.peer.max_metadata_size);
        if length > limit as usize {
            return Err(Status::resource_exhausted(format!(
                "the leading metadata of {length} bytes are over the client's limit \
                 max_metadata_size of {limit} bytes"
            )));
        }
        let header = FrameHeader {
            frame_type: FrameType::Response,
            flags: Flags::NONE,
            stream_id: id,
            metadata_len: length as u32,
            body_len: 0,
        };
        link.output
            .frame(|tail| header.encode_with(&response, tail));
        sends.open(id, window);
        Ok(())
    }

    /// Answers with an error; `executed` says whether a handler was started.
    ///
    /// An error cannot have the code OK: it is sent as UNKNOWN. A message and details longer than the client accepts are cut, metadata are left out.
    pub fn status(self, status: &Status, executed: bool) {
        self.link.stats.refused += u64::from(!executed);
        let peer = &self.link.peer;
        let mut body = StatusBody::new(status);
        let limit = match self.no_room_for(body.encoded_len()) {
            Some(_) => SHARE_BODY_FROM as u64,
            None => u64::MAX,
        };
        let limit = peer.max_message_size.unwrap_or(u64::MAX).min(limit);
        if body.encoded_len() as u64 > limit {
            let room = usize::try_from(limit / 2).unwrap_or(usize::MAX);
            body.message
                .truncate(body.message.floor_char_boundary(room));
            body.details = Bytes::new();
        }
        let code = match status.code() {
            // The client would take the status for a message.
            Code::Ok => Code::Unknown,
            code => code,
        };
        let mut response = ResponseMetadata::new(code, status.metadata());
        response.set_retry_pushback(status.retry_pushback());
        let too_many = too_many_entries("error", response.metadata.len()).is_some();
        if too_many || response.encoded_len() > peer.max_metadata_size as usize {
            response.metadata.clear();
        }
        let executed = if executed {
            Flags::NONE
        } else {
            Flags::NOT_EXECUTED
        };
        let mut encoded = BytesMut::from(&body.encode_to_vec()[..]);
        self.compressed(false)
            .send(&response, Flags::STATUS | executed, &mut encoded);
    }

    fn send(self, metadata: &ResponseMetadata, flags: Flags, body: &mut BytesMut) {
        let Responder {
            link,
            sends,
            id,
            window,
            compressed,
            ..
        } = self;
        let length = body.len();
        let room = i64::from(link.peer.max_frame_body).min(window).max(0) as usize;
        let whole = body.len() <= room;
        let first = match whole {
            true => body.len(),
            false if link.output.remaining() >= OUTPUT_TARGET => 0,
            false => room,
        };
        let begins = whole || first > 0;
        let ends = match whole {
            true => Flags::END_STREAM | Flags::END_MESSAGE,
            false => Flags::END_STREAM,
        };
        let header = FrameHeader {
            frame_type: FrameType::Response,
            flags: flags | ends | compressed_flag(compressed && begins),
            stream_id: id,
            metadata_len: metadata.encoded_len() as u32,
            body_len: first as u32,
        };
        let head = |tail: &mut BytesMut| header.encode_with(metadata, tail);
        if whole && body.len() < SHARE_BODY_FROM {
            link.output.frame(|tail| {
                head(tail);
                tail.extend_from_slice(body);
            });
            body.clear();
            return;
        }
        let mut bytes = memory::take_message(body);
        link.output.frame_with_body(head, bytes.split_to(first));
        if !whole {
            let compressed = compressed && !begins;
            let rest = Encoded { bytes, compressed };
            sends.push(id, rest, length, window - first as i64, Flags::NONE);
        }
    }
}

/// Why no reply that is large may be added to what waits for the client, if as much waits as may.
pub(super) fn no_room_for_replies(link: &Link, sends: &SendQueue, limit: usize) -> Option<Status> {
    let queued = sends.held_bytes() + link.output.remaining();
    (queued >= limit).then(|| too_many_unread(queued, limit))
}

/// What a client is told of whose replies `queued` bytes wait, when `limit` may; one reply may be beyond it.
pub fn too_many_unread(queued: usize, limit: usize) -> Status {
    Status::resource_exhausted(format!(
        "the connection's unread replies, {queued} bytes, have reached the server's limit max_queued_replies of \
         {limit} bytes: read them, or have fewer calls at a time"
    ))
}
