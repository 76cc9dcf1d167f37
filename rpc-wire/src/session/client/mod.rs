//! The client's end of a connection.

mod config;
mod outcome;
mod receive;
mod start;
mod stream;
mod streaming;

use std::time::Instant;

use bytes::Buf;

use self::stream::{PartialReply, Stream};
use super::assembly::{Assembly, LARGEST_MESSAGE};
#[cfg(test)]
use super::budget::BudgetState;
use super::budget::ReceiveBudget;
use super::link::Link;
use super::send_queue::SendQueue;
use super::table::StreamTable;
use super::{Output, SessionError, SessionStats};
use crate::frame::{GoAway, GoAwayCode, Settings, VERSION};
use crate::limits::{DEFAULT_GRANT_BUDGET, MAX_METHOD_NUMBERS};
use crate::{Code, Stage, Status};

pub use config::ClientConfig;
pub use outcome::{ClientSink, Outcome};
pub use start::{OutgoingRequest, StartError};

/// Ids left when a connection stops opening streams and is replaced.
const RESERVED_IDS: u32 = 16;

/// No stream is opened while this many bytes wait to be written, so that a server that does not
/// read cannot make calls that give up one after another fill the memory.
const MAX_QUEUED_OUTPUT: usize = 1024 * 1024;

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
    grants: ReceiveBudget,
    /// One bit for each method number that the server knows.
    known_methods: [u64; MAX_METHOD_NUMBERS as usize / 64 + 1],
    /// No open stream's deadline is earlier.
    earliest_deadline: Option<Instant>,
    goaway: Option<GoAway>,
    /// Why this side opens no further stream, if it does not.
    leaving: Option<&'static str>,
}

impl<T> ClientSession<T> {
    /// A session whose SETTINGS are queued.
    pub fn new(mut config: ClientConfig) -> Self {
        config.max_message_size = config.max_message_size.min(LARGEST_MESSAGE);
        let settings = Settings {
            max_message_size: Some(config.max_message_size),
            ..config.settings.clone()
        };
        let mut link = Link::new(settings, config.keepalive);
        link.peer.max_concurrent_streams = config.assumed_streams;
        link.send_settings();
        ClientSession {
            link,
            next_id: config.first_stream_id,
            streams: StreamTable::default(),
            open: 0,
            sends: SendQueue::default(),
            grants: ReceiveBudget::new(DEFAULT_GRANT_BUDGET),
            known_methods: [0; MAX_METHOD_NUMBERS as usize / 64 + 1],
            earliest_deadline: None,
            goaway: None,
            leaving: None,
            config,
        }
    }

    /// Streams that may be opened now: none while too much waits to be written.
    pub fn capacity(&self) -> usize {
        if self.is_draining() || self.link.output.remaining() >= MAX_QUEUED_OUTPUT {
            return 0;
        }
        self.max_streams().saturating_sub(self.open)
    }

    /// Streams that may be open at a time, by the server's limit and this side's own.
    pub fn max_streams(&self) -> usize {
        let allowed = self.link.peer.max_concurrent_streams;
        allowed.min(self.config.max_streams) as usize
    }

    /// Whether all streams are taken if `kept` more are counted in. It is not so while a server may
    /// still announce that it allows more.
    pub fn is_used_up(&self, kept: usize) -> bool {
        let taken = self.open + kept;
        taken >= self.config.max_streams as usize
            || (self.is_established() && taken >= self.max_streams())
    }

    /// Streams that are open.
    pub fn open_streams(&self) -> usize {
        self.open
    }

    /// Whether new streams must go to another connection.
    pub fn is_draining(&self) -> bool {
        self.leaving.is_some() || self.goaway.is_some() || self.next_id > u32::MAX - RESERVED_IDS
    }

    /// Whether a draining connection has nothing left to do.
    pub fn is_finished(&self) -> bool {
        self.is_draining() && self.open == 0
    }

    /// Why this side leaves, if it does.
    pub fn leaving(&self) -> Option<&'static str> {
        self.leaving
    }

    /// What the server told about leaving, if it did.
    pub fn goaway(&self) -> Option<&GoAway> {
        self.goaway.as_ref()
    }

    /// Whether the server's SETTINGS are here.
    pub fn is_established(&self) -> bool {
        self.link.settings_seen()
    }

    /// Whether the server was heard as lately as PINGs may follow each other, or has nothing to say
    /// yet. If not it is sent one, unless that has been done: it is there if anything comes.
    pub fn check_alive(&mut self, now: Instant) -> bool {
        self.link.check_alive(now)
    }

    /// The algorithm that messages may be compressed with, once the server's SETTINGS are here and
    /// if the two have one in common.
    pub fn compression(&self) -> Option<&str> {
        self.link.compression.as_deref()
    }

    /// What the server announced, or the minima until it does.
    pub fn peer_settings(&self) -> &Settings {
        &self.link.peer
    }

    /// Counts since the connection began.
    pub fn stats(&self) -> SessionStats {
        self.link.stats
    }

    /// The caller's slot of a stream that was not released.
    pub fn slot_mut(&mut self, id: u32) -> Option<&mut T> {
        self.streams.get_mut(id).map(|stream| &mut stream.slot)
    }

    /// Gives the slot back and forgets the stream. If it has not ended, it is cancelled at the
    /// server.
    pub fn release(&mut self, id: u32) -> Option<T> {
        let mut stream = self.streams.remove(id)?;
        if stream.open {
            self.link.output.cancel(id, Code::Cancelled);
            self.closed(id, stream.take_arriving());
        }
        Some(stream.slot)
    }

    /// Frees what an open stream held.
    fn closed(&mut self, id: u32, arriving: Option<Assembly>) {
        self.open -= 1;
        self.sends.remove(id);
        if let Some(mut assembly) = arriving {
            self.grants.release(id, &mut assembly);
            self.serve_waiting();
        }
    }

    fn serve_waiting(&mut self) {
        for id in self.grants.take_waiting() {
            let Some(assembly) = self.streams.get_mut(id).and_then(Stream::arriving) else {
                continue;
            };
            if let Some(increment) = self.grants.serve(id, assembly) {
                self.link.output.window(id, increment);
            }
        }
    }

    /// Ends a stream, if it is open, from this side.
    fn fail(&mut self, id: u32, status: Status, sink: &mut impl ClientSink<T>) {
        if let Some(stream) = self.streams.get_mut(id).filter(|stream| stream.open) {
            stream.end(Outcome::Failed(status), sink);
            let arriving = stream.take_arriving();
            self.closed(id, arriving);
        }
    }

    fn open_ids(&mut self, mut choose: impl FnMut(u32, &Stream<T>) -> bool) -> Vec<u32> {
        let open = self.streams.iter_mut().filter(|(_, stream)| stream.open);
        open.filter(|(id, stream)| choose(*id, stream))
            .map(|(id, _)| id)
            .collect()
    }

    /// When [`expire`](Self::expire) wants to be called. It may turn out to be early.
    pub fn next_timeout(&self) -> Option<Instant> {
        let keepalive = self.link.next_timeout(self.open > 0);
        earlier(self.earliest_deadline, keepalive)
    }

    /// Ends every stream whose deadline has passed and cancels it at the server; asks a silent
    /// server whether it is there.
    ///
    /// # Errors
    ///
    /// The server is gone: go on as after an error of [`receive`](Self::receive).
    pub fn expire(
        &mut self,
        now: Instant,
        sink: &mut impl ClientSink<T>,
    ) -> Result<(), SessionError> {
        self.end_expired(now, sink);
        self.link.expire(now, self.open > 0)
    }

    fn end_expired(&mut self, now: Instant, sink: &mut impl ClientSink<T>) {
        if self.earliest_deadline.is_none_or(|deadline| deadline > now) {
            return;
        }
        let expired =
            self.open_ids(|_, stream| stream.deadline.is_some_and(|deadline| deadline <= now));
        for id in expired {
            self.link.output.cancel(id, Code::DeadlineExceeded);
            let status =
                Status::deadline_exceeded("no answer before the deadline").with_stage(Stage::Wait);
            self.fail(id, status, sink);
        }
        let open = self.streams.iter_mut().filter(|(_, stream)| stream.open);
        self.earliest_deadline = open.filter_map(|(_, stream)| stream.deadline).min();
    }

    /// The connection is gone: every open stream ends with UNAVAILABLE. `written` is the number
    /// of bytes that were written to it or still may be; a request that did not leave whole was
    /// not executed. It must not leave later either, so what is queued here is dropped.
    pub fn lost(&mut self, written: u64, reason: &Status, sink: &mut impl ClientSink<T>) {
        for (id, stream) in self.streams.iter_mut().filter(|(_, stream)| stream.open) {
            // A server may begin its answer before it has the whole request.
            let answered = stream.reply.is_some() || stream.headers_seen;
            if let Some(mut arriving) = stream.take_arriving() {
                self.grants.release(id, &mut arriving);
            }
            let sent = answered || stream.sent_at.is_some_and(|position| position <= written);
            let status = reason
                .clone()
                .with_stage(if sent { Stage::Wait } else { Stage::Send })
                .with_may_have_run(sent);
            stream.end(Outcome::Failed(status), sink);
        }
        self.open = 0;
        self.earliest_deadline = None;
        self.sends = SendQueue::default();
        self.link.discard_output();
        self.goaway.get_or_insert_with(|| GoAway {
            last_stream_id: u32::MAX,
            code: GoAwayCode::NoError,
            message: reason.message().to_owned(),
            versions: Vec::new(),
        });
    }

    /// Opens no further stream, and tells the server why. Those that are open go on.
    pub fn leave(&mut self, reason: &'static str) {
        if self.leaving.replace(reason).is_none() {
            self.send_goaway(GoAwayCode::NoError, reason);
        }
    }

    /// Queues a GOAWAY: this side leaves. When it is because of an error, call it after
    /// [`lost`](Self::lost).
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
            let Self {
                sends,
                link,
                streams,
                ..
            } = self;
            let taken = link.position() - link.output.remaining() as u64;
            sends.pump(
                &mut link.output,
                link.peer.max_frame_body as usize,
                |id, output| {
                    if let Some(stream) = streams.get_mut(id) {
                        // A stream of requests may run from its first frame on.
                        let position = taken + output.remaining() as u64;
                        stream.sent_at.get_or_insert(position);
                    }
                },
            );
        }
        self.link.take_output(into);
    }

    /// Whether [`take_output`](Self::take_output) would give anything.
    pub fn has_output(&self) -> bool {
        self.link.output.has_remaining() || self.sends.is_ready()
    }
}

#[cfg(test)]
impl<T> ClientSession<T> {
    /// What is held for streams: those that are open, bodies to be sent, what is granted.
    pub(super) fn held(&self) -> (usize, usize, BudgetState) {
        (self.open, self.sends.held(), self.grants.state())
    }

    /// Shares no more than this among messages that arrive.
    pub(super) fn share(&mut self, budget: u64) {
        self.grants = ReceiveBudget::new(budget);
    }

    /// Bytes of messages that are held for a stream: in part, and whole for their reader.
    pub(super) fn arrived_bytes(&mut self, id: u32) -> u64 {
        let stream = self.streams.get_mut(id).filter(|stream| stream.open);
        stream
            .and_then(Stream::arriving)
            .map_or(0, |arriving| arriving.held())
    }
}

/// The earlier of two instants that may not be set.
pub(super) fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
