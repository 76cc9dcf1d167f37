//! Two ends of a connection without a connection between them: what the session costs, and nothing else.
//!
//! What one end wants to write is copied to the other end's input, as a socket would. Time stands still.
#![allow(clippy::unwrap_used, reason = "both ends keep to the protocol")]

mod sinks;

use std::time::{Duration, Instant};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use gungraun::{Callgrind, LibraryBenchmarkConfig};
use rpc_wire::session::{
    ClientConfig, ClientSession, Encoded, Offered, OutgoingRequest, Output, ServerConfig,
    ServerSession, message_cost,
};
use rpc_wire::{Metadata, MethodKind};

use sinks::{Callers, Handlers, Method};

/// The path of the unary method, which answers with what it was sent.
const ECHO: &str = "bench.Echo/Echo";

/// The path of the method that answers with a stream.
const REPEAT: &str = "bench.Echo/Repeat";

/// How long a call may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How often a pair does what is measured before it is measured.
const WARM_UP: usize = 32;

/// What all microbenchmarks count: instructions, and nothing that depends on a model of caches.
pub fn config() -> LibraryBenchmarkConfig {
    let callgrind = Callgrind::with_args(["--cache-sim=no"]);
    LibraryBenchmarkConfig::default().tool(callgrind).clone()
}

/// Both ends, which know each other's settings and the numbers of the methods, as those of a connection in use do.
pub struct Pair {
    now: Instant,
    client: ClientSession<()>,
    server: ServerSession<Method, ()>,
    callers: Callers,
    handlers: Handlers,
    to_server: Wire,
    to_client: Wire,
    /// Streams without an answer.
    ids: Vec<u32>,
    body: Encoded,
    /// Calls or messages of one write.
    at_a_time: usize,
}

/// One direction.
#[derive(Default)]
struct Wire {
    output: Output,
    input: BytesMut,
}

impl Wire {
    /// Carries all that waits to be written, and says whether there was any.
    fn carry(&mut self) -> bool {
        let carried = self.output.has_remaining();
        self.input.put(&mut self.output);
        carried
    }
}

impl Pair {
    /// A pair whose requests have a body of so many bytes. Some have been answered, so that its buffers have their size.
    pub fn new(body: usize, at_a_time: usize) -> Self {
        let mut pair = Self {
            now: Instant::now(),
            client: ClientSession::new(ClientConfig::default()),
            server: ServerSession::new(ServerConfig::default()),
            callers: Callers::default(),
            handlers: Handlers::default(),
            to_server: Wire::default(),
            to_client: Wire::default(),
            ids: Vec::new(),
            body: Bytes::from(vec![b'x'; body]).into(),
            at_a_time,
        };
        for _ in 0..WARM_UP {
            pair.round_trip();
        }
        pair
    }

    /// A pair and a stream of replies, on which some have been sent.
    pub fn streaming(body: usize, at_a_time: usize) -> (Self, u32) {
        let mut pair = Self::new(body, at_a_time);
        let id = pair.start(2, REPEAT, MethodKind::ServerStreaming);
        pair.settle();
        pair.server.send_headers(id, &Metadata::new()).unwrap();
        for _ in 0..WARM_UP {
            pair.stream(id);
        }
        (pair, id)
    }

    /// One unary call, or several at a time: their requests leave in one write, and so do their replies.
    ///
    /// # Panics
    ///
    /// When a call is not answered.
    pub fn round_trip(&mut self) {
        let before = self.callers.answered;
        for _ in 0..self.at_a_time {
            let id = self.start(1, ECHO, MethodKind::Unary);
            self.ids.push(id);
        }
        self.settle();
        for id in self.ids.drain(..) {
            self.client.release(id);
        }
        assert_eq!(self.callers.answered, before + self.at_a_time);
    }

    /// One message on a stream of replies, or several that leave in one write, until their reader has taken them.
    ///
    /// # Panics
    ///
    /// When one does not arrive.
    pub fn stream(&mut self, id: u32) {
        let before = self.callers.messages;
        for _ in 0..self.at_a_time {
            let sent = self.server.send(id, self.body.clone());
            assert!(matches!(sent, Offered::Taken));
        }
        self.settle();
        for _ in 0..self.at_a_time {
            let cost = message_cost(self.body.bytes.len());
            self.client.consumed(id, cost);
        }
        self.settle();
        assert_eq!(self.callers.messages, before + self.at_a_time);
    }

    fn start(&mut self, number: u16, path: &str, kind: MethodKind) -> u32 {
        let request = OutgoingRequest {
            method_number: Some(number),
            path,
            deadline: Some(self.now + TIMEOUT),
            metadata: &Metadata::new(),
            attempt: 0,
            kind,
            body: &self.body,
        };
        self.client.start(self.now, &request, ()).unwrap()
    }

    /// Carries bytes until there are none.
    fn settle(&mut self) {
        loop {
            self.client.take_output(&mut self.to_server.output);
            let up = self.to_server.carry();
            let input = &mut self.to_server.input;
            let received = self.server.receive(self.now, input, &mut self.handlers);
            received.unwrap();

            self.server.take_output(&mut self.to_client.output);
            let down = self.to_client.carry();
            let input = &mut self.to_client.input;
            let received = self.client.receive(self.now, input, &mut self.callers);
            received.unwrap();
            if !up && !down {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_answered_and_messages_arrive_whatever_their_size() {
        for (body, at_a_time) in [(0, 1), (64, 64), (10 * 1024, 16)] {
            Pair::new(body, at_a_time).round_trip();
            let (mut pair, id) = Pair::streaming(body, at_a_time);
            pair.stream(id);
        }
    }
}
