//! Two sessions on a virtual link, under a virtual clock.

mod cancel;
mod checksums;
mod compression;
mod deadlines;
mod floods;
mod flow_control;
mod garbage;
mod goaway;
mod keepalive;
mod limits;
mod lone;
mod lost;
mod methods;
mod pings;
mod rapid_cancels;
mod schedules;
mod settings;
mod sinks;
mod streaming;
mod streams;
mod unary;
mod unread_input;
mod unread_replies;

use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::{Buf, BufMut, Bytes, BytesMut};

use self::sinks::*;
use super::*;
use crate::{Code, Metadata, Status};

/// A client and a server, and what both have learned.
struct Pair {
    now: Instant,
    client: ClientSession<usize>,
    server: ServerSession<Rc<str>, u32>,
    calls: Calls,
    handlers: Handlers,
    /// From the client to the server.
    up: Direction,
    /// From the server to the client.
    down: Direction,
    /// Calls whose client may offer a message again.
    client_writable: Vec<usize>,
    /// Streams whose handler may offer a message again.
    server_writable: Vec<u32>,
}

impl Default for Pair {
    fn default() -> Self {
        Pair::new(ClientConfig::default(), ServerConfig::default())
    }
}

impl Pair {
    fn new(client: ClientConfig, server: ServerConfig) -> Self {
        Pair {
            now: Instant::now(),
            client: ClientSession::new(client),
            server: ServerSession::new(server),
            calls: Calls::default(),
            handlers: Handlers::default(),
            up: Direction::default(),
            down: Direction::default(),
            client_writable: Vec::new(),
            server_writable: Vec::new(),
        }
    }

    /// A pair that has exchanged SETTINGS.
    fn established() -> Self {
        let mut pair = Pair::default();
        pair.settle();
        assert!(pair.client.is_established() && pair.server.is_established());
        pair
    }

    /// Starts a call; gives its place among the outcomes.
    fn try_start(&mut self, call: &Call) -> Result<usize, StartError> {
        let index = self.calls.ids.len();
        let request = OutgoingRequest {
            method_number: call.number,
            path: call.path,
            deadline: call.timeout.map(|timeout| self.now + timeout),
            metadata: &call.metadata,
            // Tells the handler which call it is.
            attempt: index as u32,
            kind: kind(call.path),
            body: &call.encoded(),
            may_compress: false,
            descriptor: None,
        };
        let started = self.client.start(self.now, &request, index);
        let id = started.map_err(|(error, slot)| {
            assert_eq!(slot, index, "the slot comes back");
            error
        })?;
        self.calls.add(id);
        Ok(index)
    }

    fn start(&mut self, call: &Call) -> usize {
        self.try_start(call).expect("the call can start")
    }

    /// Moves at most `count` bytes to the server.
    fn up(&mut self, count: usize) -> Result<usize, SessionError> {
        if !self.up.output.has_remaining() {
            self.client.take_output(&mut self.up.output);
        }
        let writable = &mut self.client_writable;
        self.client.take_writable(|index| writable.push(*index));
        let moved = self.up.carry(count);
        let input = &mut self.up.input;
        self.server.receive(self.now, input, &mut self.handlers)?;
        Ok(moved)
    }

    /// Moves at most `count` bytes to the client.
    fn down(&mut self, count: usize) -> Result<usize, SessionError> {
        if !self.down.output.has_remaining() {
            self.server.take_output(&mut self.down.output);
        }
        let writable = &mut self.server_writable;
        self.server.take_writable(|id| writable.push(id));
        let moved = self.down.carry(count);
        let input = &mut self.down.input;
        self.client.receive(self.now, input, &mut self.calls)?;
        Ok(moved)
    }

    /// Moves `count` bytes to the server, if there are so many.
    fn up_in_all(&mut self, count: u64) {
        let goal = self.up.written + count;
        while self.up.written < goal && self.up((goal - self.up.written) as usize).unwrap() > 0 {}
    }

    /// Moves `count` bytes to the client, if there are so many.
    fn down_in_all(&mut self, count: u64) {
        let goal = self.down.written + count;
        while self.down.written < goal
            && self.down((goal - self.down.written) as usize).unwrap() > 0
        {}
    }

    /// Moves `step` bytes at a time, each way in turn, until there is nothing to move.
    fn settle_by(&mut self, step: usize) {
        loop {
            let moved = self.up(step).expect("the client keeps to the protocol")
                + self.down(step).expect("the server keeps to the protocol");
            if moved == 0 {
                assert!(!self.client.has_output() && !self.server.has_output());
                return;
            }
        }
    }

    fn settle(&mut self) {
        self.settle_by(usize::MAX);
    }

    /// Lets time pass at both ends.
    fn advance(&mut self, time: Duration) {
        self.now += time;
        let client = self.client.expire(self.now, &mut self.calls);
        let server = self.server.expire(self.now, &mut self.handlers);
        client.and(server).expect("both are there");
    }

    /// Answers a call to [`LATER`], if the server still knows it.
    fn answer(&mut self, index: usize, body: &[u8]) -> bool {
        self.answer_with(index, body, false)
    }

    fn answer_with(&mut self, index: usize, body: &[u8], compressed: bool) -> bool {
        let id = self.calls.ids[index];
        let Some((call, responder)) = self.server.responder(id) else {
            assert!(!self.handlers.running.contains_key(&id));
            return false;
        };
        assert_eq!(call, id);
        assert!(self.handlers.running.remove(&id).is_some());
        let responder = responder.compressed(compressed);
        responder.message(&mut BytesMut::from(body), &Metadata::new());
        true
    }

    fn release(&mut self, index: usize) -> Option<usize> {
        self.client.release(self.calls.ids[index])
    }

    fn lose(&mut self, reason: &str) {
        let reason = Status::unavailable(reason);
        self.client.lost(self.up.written, &reason, &mut self.calls);
    }

    fn is_open(&self, index: usize) -> bool {
        self.calls.outcomes[index].is_none()
    }

    /// The body that a call was answered with.
    fn reply(&self, index: usize) -> Bytes {
        match &self.calls.outcomes[index] {
            Some(Outcome::Reply { body, .. }) => body.bytes.clone(),
            other => panic!("call {index} has no reply: {other:?}"),
        }
    }

    /// The error that a call was answered with.
    fn error(&self, index: usize) -> Status {
        match &self.calls.outcomes[index] {
            Some(Outcome::Failed(status)) => status.clone(),
            other => panic!("call {index} has not failed: {other:?}"),
        }
    }

    /// Whether the call came to a handler.
    fn was_dispatched(&self, index: usize) -> bool {
        let mut dispatched = self.handlers.dispatched.iter();
        dispatched.any(|seen| seen.attempt == index as u32)
    }
}

/// A call as a test describes it.
#[derive(Clone, Debug)]
struct Call {
    path: &'static str,
    number: Option<u16>,
    timeout: Option<Duration>,
    metadata: Metadata,
    body: Bytes,
    compressed: bool,
}

impl Call {
    fn new(path: &'static str, body: impl Into<Bytes>) -> Self {
        let metadata = Metadata::new();
        Call {
            path,
            number: None,
            timeout: None,
            metadata,
            body: body.into(),
            compressed: false,
        }
    }

    fn encoded(&self) -> Encoded {
        Encoded {
            bytes: self.body.clone(),
            compressed: self.compressed,
        }
    }

    fn echo(body: impl Into<Bytes>) -> Self {
        Call {
            number: Some(1),
            ..Call::new(ECHO, body)
        }
    }

    fn later(body: impl Into<Bytes>) -> Self {
        Call {
            number: Some(2),
            ..Call::new(LATER, body)
        }
    }

    fn fail(body: impl Into<Bytes>) -> Self {
        Call {
            number: Some(3),
            ..Call::new(FAIL, body)
        }
    }
}

/// One direction of the link.
#[derive(Default)]
struct Direction {
    /// Handed over for writing.
    output: Output,
    /// Arrived and not taken.
    input: BytesMut,
    written: u64,
}

impl Direction {
    fn carry(&mut self, count: usize) -> usize {
        let count = count.min(self.output.remaining());
        self.input.put((&mut self.output).take(count));
        self.written += count as u64;
        count
    }
}

/// Whether a random message of this size is sent as compressed.
fn is_compressed(size: usize) -> bool {
    size % 2 == 1
}

/// SETTINGS of a side that can undo these algorithms.
fn compressing(names: &[&str]) -> crate::frame::Settings {
    crate::frame::Settings {
        compression: names.iter().map(|name| (*name).to_owned()).collect(),
        ..Default::default()
    }
}

/// A body that differs from those of other calls and from itself when shifted.
fn body(seed: usize, len: usize) -> Bytes {
    // A prime length, so that no fragment begins as another one does.
    let pattern: Vec<u8> = (0..251).map(|byte| (byte + seed) as u8).collect();
    let mut bytes = pattern.repeat(len / pattern.len() + 1);
    bytes.truncate(len);
    bytes.into()
}
