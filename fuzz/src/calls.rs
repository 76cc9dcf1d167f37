//! A client and a server that keep to the protocol, whatever they are told to do and when.

use std::time::{Duration, Instant};

use bytes::{Buf, Bytes, BytesMut};
use rpc_wire::session::{
    ClientConfig, ClientSession, ClientSink, EncodedRef, IncomingRequest, Outcome, OutgoingRequest,
    Output, Responder, ServerConfig, ServerSession, ServerSink, message_cost,
};
use rpc_wire::{Code, Metadata, MethodKind, Status};

use crate::input::Input;

/// Does what the bytes say: calls of all kinds begin, go on and end, time passes, bytes move in
/// pieces. In the end the server answers what is left, and the rest moves.
///
/// # Panics
///
/// If one side thinks that the other broke the protocol, a call does not end exactly once, or
/// something is held for calls that have ended.
pub fn calls(bytes: &[u8]) {
    let mut input = Input(bytes);
    let mut pair = Pair::new();
    while !input.is_empty() {
        pair.step(&mut input);
    }
    pair.finish();
}

/// One direction: what is being written, and what was not read yet.
#[derive(Default)]
struct Pipe {
    output: Output,
    input: BytesMut,
}

impl Pipe {
    /// Moves at most `count` bytes.
    fn carry(&mut self, count: usize) -> bool {
        let count = count.min(self.output.remaining());
        self.input
            .extend_from_slice(&self.output.copy_to_bytes(count));
        count > 0
    }
}

struct Pair {
    now: Instant,
    client: ClientSession<usize>,
    server: ServerSession<MethodKind, Handler>,
    calls: Calls,
    handlers: Handlers,
    up: Pipe,
    down: Pipe,
}

impl Pair {
    fn new() -> Self {
        Pair {
            now: Instant::now(),
            client: ClientSession::new(ClientConfig::default()),
            server: ServerSession::new(ServerConfig::default()),
            calls: Calls::default(),
            handlers: Handlers::default(),
            up: Pipe::default(),
            down: Pipe::default(),
        }
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.below(12) {
            0 | 1 => self.start(input),
            2 => drop(self.move_up(input.size())),
            3 => drop(self.move_down(input.size())),
            4 => {
                if let Some(id) = self.pick_handler(input) {
                    self.answer(id, input.byte());
                }
            }
            5 => {
                if let Some(id) = self.pick_handler(input)
                    && self.server.send_headers(id, &Metadata::new()).is_ok()
                {
                    self.server.send(id, message(input));
                }
            }
            6 => {
                if let Some(id) = self.pick_call(input) {
                    self.client.send(id, message(input));
                }
            }
            7 => {
                if let Some(id) = self.pick_call(input) {
                    self.client.finish_sending(id);
                }
            }
            8 => self.read_all(),
            9 => {
                if let Some(id) = self.pick_call(input) {
                    self.release(id);
                }
            }
            10 => self.pass(Duration::from_micros(input.size() as u64)),
            // A connection that is not established is closed instead.
            _ if self.server.is_established() => self.server.drain("shutting down"),
            _ => {}
        }
    }

    fn start(&mut self, input: &mut Input<'_>) {
        let (kind, path) = METHODS[input.below(METHODS.len())];
        let takes_stream = matches!(
            kind,
            MethodKind::ClientStreaming | MethodKind::BidiStreaming
        );
        let body = match takes_stream {
            true => Bytes::new(),
            false => message(input),
        };
        let timeout = input.byte();
        let deadline = self.now + Duration::from_micros(u64::from(timeout) * 64);
        let request = OutgoingRequest {
            method_number: None,
            path,
            deadline: (timeout > 0).then_some(deadline),
            metadata: &Metadata::new(),
            attempt: 0,
            kind,
            body: &body.into(),
            may_compress: false,
            descriptor: None,
        };
        let index = self.calls.ends.len();
        if let Ok(id) = self.client.start(self.now, &request, index) {
            assert_eq!(id as usize, index + 1, "ids are given in turn");
            self.calls.ends.push(0);
            self.calls.open.push(id);
        }
    }

    fn pick_call(&self, input: &mut Input<'_>) -> Option<u32> {
        let place = input.below(self.calls.open.len());
        self.calls.open.get(place).copied()
    }

    fn pick_handler(&self, input: &mut Input<'_>) -> Option<u32> {
        let place = input.below(self.handlers.running.len());
        self.handlers.running.get(place).copied()
    }

    fn move_up(&mut self, count: usize) -> bool {
        if !self.up.output.has_remaining() {
            self.client.take_output(&mut self.up.output);
        }
        self.client.take_writable(|_| {});
        let moved = self.up.carry(count);
        let received = self
            .server
            .receive(self.now, &mut self.up.input, &mut self.handlers);
        received.expect("the client keeps to the protocol");
        moved
    }

    fn move_down(&mut self, count: usize) -> bool {
        if !self.down.output.has_remaining() {
            self.server.take_output(&mut self.down.output);
        }
        self.server.take_writable(|_| {});
        let moved = self.down.carry(count);
        let received = self
            .client
            .receive(self.now, &mut self.down.input, &mut self.calls);
        received.expect("the server keeps to the protocol");
        moved
    }

    /// Ends a call at the server, unless a message of it is sent in part only.
    fn answer(&mut self, id: u32, how: u8) {
        if self.server.is_sending(id) {
            return;
        }
        self.handlers.running.retain(|running| *running != id);
        let Some((handler, responder)) = self.server.responder(id) else {
            return;
        };
        match how % 3 {
            0 => responder.status(&Status::aborted("as it was told to"), true),
            // What ends a stream of replies is no message.
            _ if handler.streams_replies => {
                responder.message(&mut BytesMut::new(), &Metadata::new());
            }
            size => {
                let mut body = BytesMut::zeroed(usize::from(size) * 20_000);
                responder.message(&mut body, &Metadata::new());
            }
        }
    }

    /// All readers take what there is.
    fn read_all(&mut self) {
        for (id, cost) in std::mem::take(&mut self.handlers.unread) {
            self.server.consumed(id, cost);
        }
        for (index, cost) in std::mem::take(&mut self.calls.unread) {
            self.client.consumed(index as u32 + 1, cost);
        }
    }

    fn release(&mut self, id: u32) {
        self.calls.open.retain(|open| *open != id);
        let ended = self.calls.ends[id as usize - 1];
        let slot = self.client.release(id).expect("it is released once");
        assert_eq!(slot, id as usize - 1, "the slot of another call");
        // It ends here, if it has not.
        self.calls.ends[slot] = 1;
        assert!(ended <= 1, "call {id} ended {ended} times");
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        let client = self.client.expire(self.now, &mut self.calls);
        let server = self.server.expire(self.now, &mut self.handlers);
        client
            .and(server)
            .expect("neither asks whether the other is there");
    }

    /// Moves bytes until there are none.
    fn settle(&mut self) {
        loop {
            self.read_all();
            let (up, down) = (self.move_up(usize::MAX), self.move_down(usize::MAX));
            if !up && !down {
                return;
            }
        }
    }

    fn finish(mut self) {
        for id in self.calls.open.clone() {
            self.client.finish_sending(id);
        }
        self.settle();
        while let Some(id) = self.handlers.running.first().copied() {
            self.answer(id, 1);
            self.settle();
        }
        assert!(
            self.calls.ends.iter().all(|ends| *ends == 1),
            "{:?}",
            self.calls.ends
        );
        assert_eq!(
            (self.client.open_streams(), self.server.open_streams()),
            (0, 0)
        );
    }
}

const METHODS: [(MethodKind, &str); 4] = [
    (MethodKind::Unary, "fuzz.Fuzz/Unary"),
    (MethodKind::ServerStreaming, "fuzz.Fuzz/Replies"),
    (MethodKind::ClientStreaming, "fuzz.Fuzz/Requests"),
    (MethodKind::BidiStreaming, "fuzz.Fuzz/Both"),
];

impl Input<'_> {
    /// Mostly a few bytes, now and then several frames.
    fn size(&mut self) -> usize {
        match self.byte() {
            small @ 0..=127 => usize::from(small),
            large => usize::from(large - 127) * 1_000,
        }
    }
}

fn message(input: &mut Input<'_>) -> Bytes {
    vec![7; input.size()].into()
}

/// What is kept for a call at the server.
struct Handler {
    id: u32,
    streams_replies: bool,
}

#[derive(Default)]
struct Handlers {
    running: Vec<u32>,
    /// Streams and what their messages cost.
    unread: Vec<(u32, u64)>,
}

impl ServerSink for Handlers {
    type Method = MethodKind;
    type Call = Handler;

    fn resolve(&mut self, path: &str) -> MethodKind {
        let found = METHODS.iter().find(|(_, known)| *known == path);
        found.expect("the client calls what there is").0
    }

    fn takes_stream(&self, method: &MethodKind) -> bool {
        matches!(
            method,
            MethodKind::ClientStreaming | MethodKind::BidiStreaming
        )
    }

    fn dispatch(
        &mut self,
        request: IncomingRequest<'_, MethodKind>,
        _: Responder<'_>,
    ) -> Option<Handler> {
        self.running.push(request.id);
        Some(Handler {
            id: request.id,
            streams_replies: matches!(
                request.method,
                MethodKind::ServerStreaming | MethodKind::BidiStreaming
            ),
        })
    }

    fn message(&mut self, call: &mut Handler, message: EncodedRef<'_>) {
        let message = message.into_owned();
        self.unread
            .push((call.id, message_cost(message.bytes.len())));
    }

    fn half_closed(&mut self, _: &mut Handler) {}

    fn cancelled(&mut self, call: Handler, _: Code) {
        self.running.retain(|id| *id != call.id);
    }
}

/// The calls of the client by their place, which is their stream less one.
#[derive(Default)]
struct Calls {
    ends: Vec<u32>,
    /// Streams that were not released.
    open: Vec<u32>,
    unread: Vec<(usize, u64)>,
}

impl ClientSink<usize> for Calls {
    fn headers(&mut self, _: &mut usize, _: Metadata) {}

    fn message(&mut self, slot: &mut usize, message: EncodedRef<'_>) {
        let message = message.into_owned();
        self.unread.push((*slot, message_cost(message.bytes.len())));
    }

    fn ended(&mut self, slot: &mut usize, _: Outcome) {
        self.ends[*slot] += 1;
    }
}
