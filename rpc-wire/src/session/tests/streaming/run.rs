//! A connection with streams under a random schedule, and what is known about it.

use std::collections::VecDeque;

use super::schedules::{Setup, Step};
use super::*;
use crate::frame::Settings;
use crate::session::budget::WINDOW_GROWTH;

/// One direction of a stream: what is sent and what was read.
#[derive(Debug, Default)]
struct Flow {
    to_send: VecDeque<usize>,
    sizes: Vec<usize>,
    read: usize,
    /// Full, and not woken since.
    waits: bool,
    /// The sender has said that nothing follows.
    finished: bool,
}

impl Flow {
    fn new(sizes: &[usize]) -> Self {
        Flow {
            to_send: sizes.iter().copied().collect(),
            sizes: sizes.to_vec(),
            ..Flow::default()
        }
    }

    /// Offers messages until one is not taken; false if the stream is closed.
    fn send(&mut self, seed: usize, mut offer: impl FnMut(Encoded) -> Offered) -> bool {
        while !self.waits {
            let Some(&size) = self.to_send.front() else {
                break;
            };
            let number = self.sizes.len() - self.to_send.len();
            let message = Encoded {
                bytes: body(seed + number, size),
                compressed: is_compressed(size),
            };
            match offer(message) {
                Offered::Taken => drop(self.to_send.pop_front()),
                Offered::Full => self.waits = true,
                Offered::Closed => return false,
            }
        }
        true
    }

    fn take(&mut self, seed: usize, message: &Encoded) {
        let size = self.sizes[self.read];
        let expected = body(seed + self.read, size);
        assert!(message.bytes == expected, "message {} of {seed}", self.read);
        assert_eq!(message.compressed, is_compressed(size));
        self.read += 1;
    }

    fn all_read(&self) -> bool {
        self.read == self.sizes.len()
    }

    fn is_too_large(&self, limit: u64) -> bool {
        self.sizes.iter().any(|size| *size as u64 > limit)
    }
}

struct Stream {
    path: &'static str,
    up: Flow,
    down: Flow,
    begun: bool,
    deadline: Option<Instant>,
    released: bool,
    failed: bool,
}

pub(super) struct Run {
    pub(super) pair: Pair,
    streams: Vec<Stream>,
    bound: u64,
    max_message_size: u64,
    drained: bool,
    /// Handlers end their calls once they have read and sent all.
    may_end: bool,
}

impl Run {
    pub(super) fn new(setup: &Setup) -> Self {
        let settings = Settings {
            max_concurrent_streams: setup.streams,
            initial_stream_window: setup.window,
            max_frame_body: setup.max_frame_body,
            features: setup.features,
            ..compressing(&["some"])
        };
        let max_message_size = setup.max_message_size;
        let client = ClientConfig {
            settings: settings.clone(),
            max_message_size,
            ..ClientConfig::default()
        };
        let server = ServerConfig {
            settings,
            max_message_size,
            ..ServerConfig::default()
        };
        let mut pair = Pair::new(client, server);
        pair.client.share(setup.budget);
        pair.server.share(setup.budget);
        Run {
            pair,
            streams: Vec::new(),
            bound: u64::from(setup.window).max(message_cost(max_message_size as usize) + 1)
                + WINDOW_GROWTH as u64,
            max_message_size,
            drained: false,
            may_end: true,
        }
    }

    pub(super) fn step(&mut self, step: &Step) {
        let some = |call: usize| call.checked_rem(self.streams.len());
        match *step {
            Step::Start {
                path,
                ref up,
                ref down,
                timeout,
            } => self.start(path, up, down, timeout),
            Step::Up(count) => drop(self.pair.up(count).expect("a good client")),
            Step::Down(count) => drop(self.pair.down(count).expect("a good server")),
            Step::ClientSends(call) => some(call)
                .into_iter()
                .for_each(|index| self.client_sends(index)),
            Step::ServerSends(call) => some(call)
                .into_iter()
                .for_each(|index| self.server_sends(index)),
            Step::ClientReads(call) => drop(some(call).map(|index| self.client_reads(index))),
            Step::ServerReads(call) => drop(some(call).map(|index| self.server_reads(index))),
            Step::Release(call) => {
                if let Some(index) = some(call) {
                    self.streams[index].released |= self.pair.is_open(index);
                    self.pair.release(index);
                }
            }
            Step::Fail(call) => {
                if let Some(index) = some(call).filter(|index| self.runs(*index)) {
                    self.pair.fail(index, &Status::aborted("early"));
                    self.streams[index].failed = true;
                }
            }
            Step::Advance(time) => self.pair.advance(time),
            Step::Drain | Step::FinishDrain if !self.pair.server.is_established() => {}
            Step::Drain => {
                self.pair.server.drain("shutting down");
                self.drained = true;
            }
            Step::FinishDrain => self.pair.server.finish_drain(),
        }
        self.wake();
        self.check_memory();
    }

    fn start(
        &mut self,
        path: &'static str,
        up: &[usize],
        down: &[usize],
        timeout: Option<Duration>,
    ) {
        let kind = kind(path);
        let request = if kind.client_streams() { 0 } else { 500 };
        let call = Call {
            timeout,
            ..Call::new(path, body(self.streams.len(), request))
        };
        if self.pair.try_start(&call).is_err() {
            return;
        }
        let flow = |streams: bool, sizes| Flow::new(if streams { sizes } else { &[] });
        self.streams.push(Stream {
            path,
            up: flow(kind.client_streams(), up),
            down: flow(kind.server_streams(), down),
            begun: false,
            deadline: timeout.map(|timeout| self.pair.now + timeout),
            released: false,
            failed: false,
        });
    }

    fn runs(&self, index: usize) -> bool {
        self.pair
            .handlers
            .running
            .contains_key(&self.pair.id(index))
    }

    /// Whoever was full and is visited may go on.
    fn wake(&mut self) {
        for index in self.pair.client_writable.drain(..) {
            self.streams[index].up.waits = false;
        }
        for id in self.pair.server_writable.drain(..) {
            let index = self.pair.calls.ids.iter().position(|known| *known == id);
            self.streams[index.expect("it was opened")].down.waits = false;
        }
    }

    fn client_sends(&mut self, index: usize) {
        let (stream, id) = (&mut self.streams[index], self.pair.id(index));
        if !kind(stream.path).client_streams() || stream.up.finished {
            return;
        }
        let client = &mut self.pair.client;
        let open = stream
            .up
            .send(1000 * index, |message| client.send(id, message));
        if open && stream.up.to_send.is_empty() {
            client.finish_sending(id);
            stream.up.finished = true;
        }
    }

    /// A handler sends its messages, and ends once it has read all.
    fn server_sends(&mut self, index: usize) {
        if !self.runs(index) {
            return;
        }
        let (stream, id) = (&mut self.streams[index], self.pair.id(index));
        if kind(stream.path).server_streams() {
            if !std::mem::replace(&mut stream.begun, true) {
                self.pair.begin(index);
            }
            let server = &mut self.pair.server;
            let seed = 1000 * index + 500;
            let open = stream.down.send(seed, |message| server.send(id, message));
            assert!(open, "the stream of a call that runs is open");
        }
        let arrived = &self.pair.handlers.arrived[&id];
        let heard_all = !kind(stream.path).client_streams() || arrived.ended;
        let said_all = stream.down.to_send.is_empty() && !stream.down.waits;
        if self.may_end && heard_all && said_all && arrived.unread.is_empty() {
            if self.pair.server.is_sending(id) {
                stream.down.waits = true;
            } else {
                assert!(stream.up.all_read(), "call {index} was half-closed early");
                assert!(self.pair.answer(index, b""));
                stream.down.finished = true;
            }
        }
    }

    fn client_reads(&mut self, index: usize) -> bool {
        let message = self.pair.client_read_encoded(index);
        if let Some(message) = &message {
            self.streams[index].down.take(1000 * index + 500, message);
        }
        message.is_some()
    }

    fn server_reads(&mut self, index: usize) -> bool {
        let message = self.pair.server_read_encoded(index);
        if let Some(message) = &message {
            self.streams[index].up.take(1000 * index, message);
        }
        message.is_some()
    }

    fn check_memory(&mut self) {
        let handlers = self.pair.handlers.arrived.values();
        for arrived in handlers.chain(&self.pair.calls.arrived) {
            assert!(arrived.unread_bytes() <= self.bound);
        }
        for id in self.pair.calls.ids.clone() {
            let (client, server) = (&mut self.pair.client, &mut self.pair.server);
            assert!(client.arrived_bytes(id) <= self.bound);
            assert!(server.arrived_bytes(id) <= self.bound);
        }
    }

    /// As long as bytes move and readers read, every message arrives without the end of any
    /// stream, and then every stream comes to its end.
    pub(super) fn finish(&mut self) {
        self.may_end = false;
        self.go_on();
        for index in 0..self.streams.len() {
            let Stream { up, down, .. } = &self.streams[index];
            let arrived = up.all_read() && down.all_read();
            assert!(arrived || !self.runs(index), "call {index} is stuck");
        }
        self.may_end = true;
        self.go_on();
    }

    fn go_on(&mut self) {
        loop {
            self.pair.settle();
            self.wake();
            self.check_memory();
            let before = self.progress();
            for index in 0..self.streams.len() {
                self.client_sends(index);
                self.server_sends(index);
                // One message at a time, so that all the others wait meanwhile.
                self.client_reads(index);
                self.server_reads(index);
            }
            let moves = self.pair.client.has_output() || self.pair.server.has_output();
            if self.progress() == before && !moves {
                return;
            }
        }
    }

    fn progress(&self) -> Vec<(usize, usize, usize, usize, bool, bool)> {
        let flows = self.streams.iter().map(|Stream { up, down, .. }| {
            let (sent, replied) = (up.to_send.len(), down.to_send.len());
            (sent, replied, up.read, down.read, up.waits, down.waits)
        });
        flows.collect()
    }

    /// The connection breaks.
    pub(super) fn lose(&mut self) {
        self.pair.lose("cut");
        self.pair.server.cancel_all(&mut self.pair.handlers);
        for index in 0..self.streams.len() {
            while self.client_reads(index) {}
        }
    }

    pub(super) fn check_outcomes(&self) {
        for (index, stream) in self.streams.iter().enumerate() {
            match &self.pair.calls.outcomes[index] {
                None => assert!(stream.released, "call {index} never ended"),
                Some(Outcome::Reply { .. }) => {
                    assert!(stream.up.all_read(), "call {index}: requests are missing");
                    assert!(stream.down.all_read(), "call {index}: replies are missing");
                }
                Some(Outcome::Failed(status)) => self.check_error(index, stream, status),
            }
        }
    }

    fn check_error(&self, index: usize, stream: &Stream, status: &Status) {
        let dispatched = self.pair.was_dispatched(index);
        assert!(
            status.may_have_run() || !dispatched,
            "call {index} has run: {status}"
        );
        let limit = self.max_message_size;
        let allowed = match status.code() {
            Code::NotFound => stream.path == HASTY,
            Code::Aborted => stream.failed,
            Code::DeadlineExceeded => stream.deadline.is_some(),
            Code::ResourceExhausted => {
                stream.up.is_too_large(limit) || stream.down.is_too_large(limit)
            }
            Code::Unavailable => {
                let full = status.message().contains("max_concurrent_streams");
                full || self.drained || status.message() == "cut"
            }
            _ => false,
        };
        assert!(allowed, "call {index}: {status}");
    }
}
