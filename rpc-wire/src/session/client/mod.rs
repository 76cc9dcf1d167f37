//! The client's end of a connection.

mod outcome;
mod receive;

use std::time::Instant;

use bytes::{Buf, Bytes};
use prost::Message;

use super::assembly::{Assembly, GrantBudget};
use super::link::Link;
use super::send_queue::{OUTPUT_TARGET, SendQueue};
use super::table::StreamTable;
use super::{Output, SHARE_BODY_FROM, SessionStats};
use crate::frame::{
    Flags, FrameHeader, FrameType, GoAway, GoAwayCode, RequestMetadata, ResponseMetadata, Settings,
    VERSION, cancel, window,
};
use crate::limits::{DEFAULT_GRANT_BUDGET, DEFAULT_MAX_MESSAGE_SIZE, MAX_METHOD_NUMBERS};
use crate::{Code, Metadata, Stage, Status};

pub use outcome::{ClientSink, Outcome};

/// Ids left when a connection stops opening streams and is replaced.
const RESERVED_IDS: u32 = 16;

/// What a client session starts with.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Sent to the server as the first frame, with `max_message_size` filled in.
    pub settings: Settings,
    /// Largest reply that is accepted, in bytes.
    pub max_message_size: u64,
    /// Id of the first stream; only tests have a reason to change it.
    pub first_stream_id: u32,
}

impl Default for ClientConfig {
    fn default() -> Self {
        ClientConfig {
            settings: Settings::default(),
            max_message_size: DEFAULT_MAX_MESSAGE_SIZE,
            first_stream_id: 1,
        }
    }
}

/// A unary call to be sent.
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
    /// The encoded message.
    pub body: &'a Bytes,
}

/// Why a stream was not opened.
#[derive(Clone, Debug)]
pub enum StartError {
    /// This connection takes no new streams: the peer leaves, or the ids are used up.
    Draining,
    /// As many streams are open as the server allows.
    AtCapacity,
    /// The server has announced a limit that the request is over.
    OverLimit(Status),
}

#[derive(Debug)]
struct Stream<T> {
    slot: T,
    open: bool,
    deadline: Option<Instant>,
    /// Position behind the request's last byte; `None` while a part is in the send queue.
    sent_at: Option<u64>,
    reply: Option<Box<PartialReply>>,
}

/// A reply of which the last frame is not here yet.
#[derive(Debug)]
struct PartialReply {
    metadata: ResponseMetadata,
    flags: Flags,
    assembly: Assembly,
}

impl<T> Stream<T> {
    /// Ends the stream; the first outcome counts.
    fn end(&mut self, outcome: Outcome, sink: &mut impl ClientSink<T>) {
        self.open = false;
        sink.ended(&mut self.slot, outcome);
    }
}

/// The client's end of a connection; `T` is what the caller keeps for each of its streams.
///
/// See the [module](super) for the order of calls.
#[derive(Debug)]
pub struct ClientSession<T> {
    link: Link,
    config: ClientConfig,
    next_id: u32,
    streams: StreamTable<Stream<T>>,
    open: usize,
    sends: SendQueue,
    grants: GrantBudget,
    /// One bit for each method number that the server knows.
    known_methods: [u64; MAX_METHOD_NUMBERS as usize / 64 + 1],
    /// No open stream's deadline is earlier.
    earliest_deadline: Option<Instant>,
    goaway: Option<GoAway>,
}

impl<T> ClientSession<T> {
    /// A session whose SETTINGS are queued.
    pub fn new(config: ClientConfig) -> Self {
        let max_message_size = Some(config.max_message_size);
        let mut link = Link::new(Settings { max_message_size, ..config.settings.clone() });
        link.send_settings();
        ClientSession {
            link,
            next_id: config.first_stream_id,
            streams: StreamTable::default(),
            open: 0,
            sends: SendQueue::default(),
            grants: GrantBudget::new(DEFAULT_GRANT_BUDGET, config.max_message_size),
            known_methods: [0; MAX_METHOD_NUMBERS as usize / 64 + 1],
            earliest_deadline: None,
            goaway: None,
            config,
        }
    }

    /// Streams that may be opened now.
    pub fn capacity(&self) -> usize {
        if self.is_draining() {
            return 0;
        }
        (self.link.peer.max_concurrent_streams as usize).saturating_sub(self.open)
    }

    /// Streams that are open.
    pub fn open_streams(&self) -> usize {
        self.open
    }

    /// Whether new streams must go to another connection.
    pub fn is_draining(&self) -> bool {
        self.goaway.is_some() || self.next_id > u32::MAX - RESERVED_IDS
    }

    /// Whether a draining connection has nothing left to do.
    pub fn is_finished(&self) -> bool {
        self.is_draining() && self.open == 0
    }

    /// What the server told about leaving, if it did.
    pub fn goaway(&self) -> Option<&GoAway> {
        self.goaway.as_ref()
    }

    /// Whether the server's SETTINGS are here.
    pub fn is_established(&self) -> bool {
        self.link.settings_seen()
    }

    /// What the server announced, or the minima until it does.
    pub fn peer_settings(&self) -> &Settings {
        &self.link.peer
    }

    /// Counts since the connection began.
    pub fn stats(&self) -> SessionStats {
        self.link.stats
    }

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
        if self.open >= self.link.peer.max_concurrent_streams as usize {
            return Err((StartError::AtCapacity, slot));
        }
        if let Some(status) = self.over_limit(request) {
            return Err((StartError::OverLimit(status), slot));
        }
        let id = self.next_id;
        self.next_id += 1;
        self.open += 1;
        self.link.stats.streams_opened += 1;
        let metadata = self.request_metadata(now, request);
        let whole = self.send_request(id, &metadata, request.body);
        self.earliest_deadline = earlier(self.earliest_deadline, request.deadline);
        self.streams.insert(
            id,
            Stream {
                slot,
                open: true,
                deadline: request.deadline,
                sent_at: whole.then(|| self.link.position()),
                reply: None,
            },
        );
        Ok(id)
    }

    /// The error that the server would answer with, found without asking it.
    fn over_limit(&self, request: &OutgoingRequest<'_>) -> Option<Status> {
        let peer = &self.link.peer;
        let metadata_size = request.metadata.size() + request.path.len();
        let (what, size, name, limit) = match peer.max_message_size {
            Some(limit) if request.body.len() as u64 > limit => {
                ("request", request.body.len(), "max_message_size", limit)
            }
            _ if metadata_size > peer.max_metadata_size as usize => {
                let limit = u64::from(peer.max_metadata_size);
                ("request's metadata", metadata_size, "max_metadata_size", limit)
            }
            _ => return None,
        };
        let status = Status::resource_exhausted(format!(
            "the {what} of {size} bytes is over the server's limit {name} of {limit} bytes"
        ));
        Some(status.with_stage(Stage::Send).with_may_have_run(false))
    }

    fn request_metadata(&mut self, now: Instant, request: &OutgoingRequest<'_>) -> RequestMetadata {
        let number = request.method_number.filter(|number| *number <= MAX_METHOD_NUMBERS);
        let known = number.is_some_and(|number| self.note_method(number));
        let mut metadata = RequestMetadata {
            method: number.map_or(0, u32::from),
            path: if known { String::new() } else { request.path.to_owned() },
            attempt: request.attempt,
            metadata: request.metadata.to_entries(),
            ..RequestMetadata::default()
        };
        let deadline = request.deadline;
        metadata.set_timeout(deadline.map(|deadline| deadline.saturating_duration_since(now)));
        metadata
    }

    /// Notes that the server learns a method's number; true if it knew it before.
    fn note_method(&mut self, number: u16) -> bool {
        let (word, bit) = (usize::from(number) / 64, 1 << (number % 64));
        let known = self.known_methods[word] & bit != 0;
        self.known_methods[word] |= bit;
        known
    }

    /// Queues a request's first frame; false if a part of the body has to follow.
    fn send_request(&mut self, id: u32, metadata: &RequestMetadata, body: &Bytes) -> bool {
        let max_frame_body = self.link.peer.max_frame_body as usize;
        let whole = body.len() <= max_frame_body;
        let first = match whole {
            true => body.len(),
            false if self.link.output.remaining() >= OUTPUT_TARGET => 0,
            false => max_frame_body,
        };
        let header = FrameHeader {
            frame_type: FrameType::Request,
            flags: if whole { Flags::END_MESSAGE | Flags::END_STREAM } else { Flags::NONE },
            stream_id: id,
            metadata_len: metadata.encoded_len() as u32,
            body_len: first as u32,
        };
        let tail = self.link.output.tail();
        header.encode(tail);
        metadata.encode_raw(tail);
        if first < SHARE_BODY_FROM {
            tail.extend_from_slice(&body[..first]);
        } else {
            self.link.output.push_body(body.slice(..first));
        }
        if !whole {
            let window = u64::from(self.link.peer.initial_stream_window) - first as u64;
            self.sends.push(id, body.slice(first..), window, Flags::END_STREAM);
        }
        whole
    }

    /// The caller's slot of a stream that was not released.
    pub fn slot_mut(&mut self, id: u32) -> Option<&mut T> {
        self.streams.get_mut(id).map(|stream| &mut stream.slot)
    }

    /// Gives the slot back and forgets the stream. If it has not ended, it is cancelled at the
    /// server.
    pub fn release(&mut self, id: u32) -> Option<T> {
        let stream = self.streams.remove(id)?;
        if stream.open {
            cancel::encode(id, Code::Cancelled, self.link.output.tail());
            self.closed(id, stream.reply.as_deref());
        }
        Some(stream.slot)
    }

    /// Frees what an open stream held.
    fn closed(&mut self, id: u32, reply: Option<&PartialReply>) {
        self.open -= 1;
        self.sends.remove(id);
        if let Some(reply) = reply {
            self.grants.release(id, &reply.assembly);
            self.serve_waiting();
        }
    }

    fn serve_waiting(&mut self) {
        while let Some(id) = self.grants.next_waiting() {
            let Some(stream) = self.streams.get_mut(id) else { continue };
            let Some(reply) = &mut stream.reply else { continue };
            let Some(increment) = self.grants.serve(id, &mut reply.assembly) else { return };
            window::encode(id, increment, self.link.output.tail());
        }
    }

    /// Ends a stream, if it is open, from this side.
    fn fail(&mut self, id: u32, status: Status, sink: &mut impl ClientSink<T>) {
        if let Some(stream) = self.streams.get_mut(id).filter(|stream| stream.open) {
            stream.end(Outcome::Failed(status), sink);
            let reply = stream.reply.take();
            self.closed(id, reply.as_deref());
        }
    }

    fn open_ids(&mut self, mut choose: impl FnMut(u32, &Stream<T>) -> bool) -> Vec<u32> {
        let open = self.streams.iter_mut().filter(|(_, stream)| stream.open);
        open.filter(|(id, stream)| choose(*id, stream)).map(|(id, _)| id).collect()
    }

    /// When [`expire`](Self::expire) wants to be called. It may turn out to be early.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.earliest_deadline
    }

    /// Ends every stream whose deadline has passed and cancels it at the server.
    pub fn expire(&mut self, now: Instant, sink: &mut impl ClientSink<T>) {
        if self.earliest_deadline.is_none_or(|deadline| deadline > now) {
            return;
        }
        let expired = self.open_ids(|_, stream| stream.deadline.is_some_and(|deadline| deadline <= now));
        for id in expired {
            cancel::encode(id, Code::DeadlineExceeded, self.link.output.tail());
            let status = Status::deadline_exceeded("no answer before the deadline").with_stage(Stage::Wait);
            self.fail(id, status, sink);
        }
        let open = self.streams.iter_mut().filter(|(_, stream)| stream.open);
        self.earliest_deadline = open.filter_map(|(_, stream)| stream.deadline).min();
    }

    /// The connection is gone: every open stream ends with UNAVAILABLE. `written` is the number
    /// of bytes that were written to it; a request that did not leave whole was not executed.
    pub fn lost(&mut self, written: u64, reason: &Status, sink: &mut impl ClientSink<T>) {
        for id in self.open_ids(|_, _| true) {
            let Some(stream) = self.streams.get_mut(id) else { continue };
            let sent = stream.sent_at.is_some_and(|position| position <= written);
            let status = reason
                .clone()
                .with_stage(if sent { Stage::Wait } else { Stage::Send })
                .with_may_have_run(sent);
            self.fail(id, status, sink);
        }
        self.goaway.get_or_insert_with(|| GoAway {
            last_stream_id: u32::MAX,
            code: GoAwayCode::NoError,
            message: reason.message().to_owned(),
            versions: Vec::new(),
        });
    }

    /// Queues a GOAWAY: this side leaves.
    pub fn send_goaway(&mut self, code: GoAwayCode, message: &str) {
        self.link.send_goaway(&GoAway {
            last_stream_id: 0,
            code,
            message: message.to_owned(),
            versions: vec![VERSION],
        });
    }

    /// Moves the bytes to be written into `into`, which is empty. Large bodies follow in later
    /// calls.
    pub fn take_output(&mut self, into: &mut Output) {
        if self.sends.is_ready() {
            let Self { sends, link, streams, .. } = self;
            let taken = link.position() - link.output.remaining() as u64;
            sends.pump(&mut link.output, link.peer.max_frame_body as usize, |id, output| {
                if let Some(stream) = streams.get_mut(id) {
                    stream.sent_at = Some(taken + output.remaining() as u64);
                }
            });
        }
        self.link.take_output(into);
    }

    /// Whether [`take_output`](Self::take_output) would give anything.
    pub fn has_output(&self) -> bool {
        self.link.output.has_remaining() || self.sends.is_ready()
    }
}

/// The earlier of two instants that may not be set.
pub(super) fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
