//! The server's end of a connection.

mod cancels;
mod config;
mod drain;
mod receive;
mod request;
mod room;
mod sink;
mod streaming;

use std::time::Instant;

use bytes::Buf;

pub use self::cancels::Cancels;
pub use self::config::ServerConfig;
use self::drain::{Drain, Receipt};
pub use self::sink::{IncomingRequest, ServerSink};
use super::assembly::{Assembly, LARGEST_MESSAGE};
#[cfg(test)]
use super::budget::BudgetState;
use super::budget::ReceiveBudget;
use super::client::earlier;
use super::link::Link;
use super::reply::Responder;
use super::send_queue::SendQueue;
use super::table::StreamTable;
use super::{Output, SessionError, SessionStats, message_cost};
use crate::frame::Settings;
use crate::limits::DEFAULT_GRANT_BUDGET;
use crate::{Code, Metadata, Status};

#[derive(Debug)]
enum Stream<M, C> {
    Receiving(Box<Receiving<M>>),
    Running {
        call: C,
        deadline: Option<Instant>,
        /// Where the messages of a streamed request arrive.
        messages: Option<Box<Assembly>>,
        /// The client sends no more.
        half_closed: bool,
    },
}

impl<M, C> Stream<M, C> {
    fn deadline(&self) -> Option<Instant> {
        match self {
            Stream::Receiving(receiving) => receiving.deadline,
            Stream::Running { deadline, .. } => *deadline,
        }
    }
}

/// A request of which the last frame is not here yet.
#[derive(Debug)]
struct Receiving<M> {
    method: M,
    deadline: Option<Instant>,
    metadata: Metadata,
    attempt: u32,
    assembly: Assembly,
    message_ended: bool,
}

/// The server's end of a connection; `M` and `C` are the sink's method and call.
///
/// See the [module](super) for the order of calls.
#[derive(Debug)]
pub struct ServerSession<M, C> {
    link: Link,
    max_message_size: u64,
    max_unread_input: u64,
    max_queued_replies: usize,
    last_id: u32,
    streams: StreamTable<Stream<M, C>>,
    sends: SendQueue,
    grants: ReceiveBudget,
    cancels: Cancels,
    /// Methods by number; the first place stays empty.
    methods: Vec<Option<(Box<str>, M)>>,
    /// No stream's deadline is earlier.
    earliest_deadline: Option<Instant>,
    drain: Drain,
    receipt: Receipt,
    last_pong: Option<Instant>,
}

impl<M: Clone, C> ServerSession<M, C> {
    /// A session that sends nothing before the client's first frame.
    pub fn new(config: ServerConfig) -> Self {
        let ServerConfig {
            settings,
            max_message_size,
            max_unread_input,
            max_queued_replies,
            keepalive,
        } = config;
        let max_message_size = max_message_size.min(LARGEST_MESSAGE);
        ServerSession {
            link: Link::new(
                Settings {
                    max_message_size: Some(max_message_size),
                    ..settings
                },
                keepalive,
            ),
            max_message_size,
            last_id: 0,
            streams: StreamTable::default(),
            sends: SendQueue::default(),
            grants: ReceiveBudget::new(DEFAULT_GRANT_BUDGET),
            // There is room for every message that is allowed, alone.
            max_unread_input: max_unread_input.max(message_cost(max_message_size as usize)),
            // A reply that finds nothing before it is always taken.
            max_queued_replies: max_queued_replies.max(1),
            cancels: Cancels::default(),
            methods: Vec::new(),
            earliest_deadline: None,
            drain: Drain::Open,
            receipt: Receipt::Open,
            last_pong: None,
        }
    }

    /// Whether the client's SETTINGS are here.
    pub fn is_established(&self) -> bool {
        self.link.settings_seen()
    }

    /// Whether a frame is being thrown away as it arrives, and has not arrived whole.
    pub fn is_skipping(&self) -> bool {
        self.link.is_skipping()
    }

    /// Bytes that wait to be taken by [`take_output`](Self::take_output), without large bodies.
    pub fn queued_output(&self) -> usize {
        self.link.output.remaining()
    }

    /// While answered calls wait for the client's grants, and nothing is being sent: a number that
    /// changes with each sign that the client takes replies.
    pub fn awaits_grant(&self) -> Option<u64> {
        self.sends.awaits_grant()
    }

    /// Streams that are open: received, run or answered in part.
    pub fn open_streams(&self) -> usize {
        self.streams.len() + self.sends.len()
    }

    /// What the client announced, or the minima until it does.
    pub fn peer_settings(&self) -> &Settings {
        &self.link.peer
    }

    /// Counts since the connection began.
    pub fn stats(&self) -> SessionStats {
        self.link.stats
    }

    /// The way to answer a stream that [`ServerSink::dispatch`] kept, and what was kept for it;
    /// `None` if it has ended meanwhile.
    pub fn responder(&mut self, id: u32) -> Option<(C, Responder<'_>)> {
        match self.streams.remove(id)? {
            Stream::Running {
                call, mut messages, ..
            } => {
                self.release(id, messages.as_deref_mut());
                Some((call, self.respond(id)))
            }
            receiving @ Stream::Receiving(_) => {
                self.streams.insert(id, receiving);
                None
            }
        }
    }

    fn respond(&mut self, id: u32) -> Responder<'_> {
        Responder::new(&mut self.link, &mut self.sends, self.max_queued_replies, id)
    }

    /// Answers a stream that never came to a handler.
    fn refuse(&mut self, id: u32, status: &Status) {
        self.respond(id).status(status, false);
    }

    /// Forgets a stream that is still receiving or running; gives the way to say so.
    fn drop_stream(
        &mut self,
        id: u32,
        code: Code,
        sink: &mut impl ServerSink<Method = M, Call = C>,
    ) -> Option<Responder<'_>> {
        match self.streams.remove(id)? {
            Stream::Running {
                call, mut messages, ..
            } => {
                self.release(id, messages.as_deref_mut());
                sink.cancelled(call, code);
            }
            Stream::Receiving(mut receiving) => self.release(id, Some(&mut receiving.assembly)),
        }
        Some(self.respond(id))
    }

    /// Answers a stream in place of its handler, if it has one.
    fn end_stream(
        &mut self,
        id: u32,
        status: &Status,
        sink: &mut impl ServerSink<Method = M, Call = C>,
    ) {
        let executed = match self.streams.get_mut(id) {
            Some(Stream::Running { call, .. }) => !sink.withdraw(call),
            _ => false,
        };
        if let Some(responder) = self.drop_stream(id, status.code(), sink) {
            responder.status(status, executed);
        }
    }

    /// Frees what the messages of a stream held.
    fn release(&mut self, id: u32, messages: Option<&mut Assembly>) {
        if let Some(messages) = messages {
            self.link.floods.allow_late(messages.on_their_way());
            self.grants.release(id, messages);
            self.serve_waiting();
        }
    }

    fn serve_waiting(&mut self) {
        for id in self.grants.take_waiting() {
            let assembly = match self.streams.get_mut(id) {
                Some(Stream::Receiving(receiving)) => &mut receiving.assembly,
                Some(Stream::Running {
                    messages: Some(messages),
                    ..
                }) => &mut **messages,
                _ => continue,
            };
            if let Some(increment) = self.grants.serve(id, assembly) {
                self.link.output.window(id, increment);
            }
        }
    }

    /// When [`expire`](Self::expire) wants to be called. It may turn out to be early.
    pub fn next_timeout(&self) -> Option<Instant> {
        let keepalive = self.link.next_timeout(self.open_streams() > 0);
        earlier(self.earliest_deadline, keepalive)
    }

    /// Until when the driver should read nothing, if the client cancels its calls, or has them end at their
    /// deadlines, faster than is tolerated: ten times a second as many as it may have open, and two for
    /// each that it lets finish. What it has sent waits, so that an honest client is slower for it and loses nothing.
    pub fn pause(&self) -> Option<Instant> {
        self.cancels.pause()
    }

    /// Nothing can be heard of the client now, because nobody reads.
    pub fn not_reading(&mut self, now: Instant) {
        self.link.heard(now);
    }

    /// Ends every stream whose deadline has passed, and asks a silent client whether it is there.
    ///
    /// # Errors
    ///
    /// The client is gone: go on as after an error of [`receive`](Self::receive).
    pub fn expire(
        &mut self,
        now: Instant,
        sink: &mut impl ServerSink<Method = M, Call = C>,
    ) -> Result<(), SessionError> {
        self.end_expired(now, sink);
        self.link.expire(now, self.open_streams() > 0)
    }

    fn end_expired(&mut self, now: Instant, sink: &mut impl ServerSink<Method = M, Call = C>) {
        if self.earliest_deadline.is_none_or(|deadline| deadline > now) {
            return;
        }
        let streams = self.streams.iter_mut();
        let expired: Vec<_> = streams
            .filter(|(_, stream)| stream.deadline().is_some_and(|deadline| deadline <= now))
            .map(|(id, _)| id)
            .collect();
        let status = Status::deadline_exceeded("the deadline passed at the server");
        for id in expired {
            self.end_stream(id, &status, sink);
            self.note_cancel(now);
        }
        let streams = self.streams.iter_mut();
        self.earliest_deadline = streams.filter_map(|(_, stream)| stream.deadline()).min();
    }

    /// Ends every call from this side.
    pub fn end_all(&mut self, status: &Status, sink: &mut impl ServerSink<Method = M, Call = C>) {
        let open: Vec<_> = self.streams.iter_mut().map(|(id, _)| id).collect();
        for id in open {
            self.end_stream(id, status, sink);
        }
    }

    /// The connection is gone, or is about to be: every call that runs is cancelled, and of large
    /// replies nothing more is sent.
    pub fn cancel_all(&mut self, sink: &mut impl ServerSink<Method = M, Call = C>) {
        for (_, stream) in self.streams.drain() {
            if let Stream::Running { call, .. } = stream {
                sink.cancelled(call, Code::Cancelled);
            }
        }
        self.sends = SendQueue::default();
    }

    /// Moves the bytes to be written into `into`, which is empty. Large bodies follow in later
    /// calls.
    pub fn take_output(&mut self, into: &mut Output) {
        let max_frame_body = self.link.peer.max_frame_body as usize;
        self.sends
            .pump(&mut self.link.output, max_frame_body, |_, _| {});
        self.link.take_output(into);
    }

    /// Whether [`take_output`](Self::take_output) would give anything.
    pub fn has_output(&self) -> bool {
        self.link.output.has_remaining() || self.sends.is_ready()
    }
}

#[cfg(test)]
impl<M, C> ServerSession<M, C> {
    /// What is held for streams: those that are open, bodies to be sent, what is granted.
    pub(super) fn held(&self) -> (usize, usize, BudgetState) {
        (self.streams.len(), self.sends.held(), self.grants.state())
    }

    /// Bytes of replies that wait for the client.
    pub(super) fn queued_replies(&self) -> usize {
        self.sends.held_bytes()
    }

    /// Shares no more than this among messages that arrive.
    pub(super) fn share(&mut self, budget: u64) {
        self.grants = ReceiveBudget::new(budget);
    }

    /// Bytes of messages that are held for a stream: in part, and whole for their reader.
    pub(super) fn arrived_bytes(&mut self, id: u32) -> u64 {
        match self.streams.get_mut(id) {
            Some(Stream::Running {
                messages: Some(messages),
                ..
            }) => messages.held(),
            _ => 0,
        }
    }
}
