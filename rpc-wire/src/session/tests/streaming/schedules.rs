//! Random schedules of streams: whatever happens in whatever order, the promises hold.

use std::collections::VecDeque;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::INITIAL_STREAM_WINDOW;
use crate::frame::Settings;

/// One thing that happens to a connection.
#[derive(Clone, Debug)]
enum Step {
    Start {
        path: &'static str,
        /// Sizes of the messages of both sides.
        up: Vec<usize>,
        down: Vec<usize>,
        timeout: Option<Duration>,
    },
    Up(usize),
    Down(usize),
    /// The caller, or the handler, of one of the streams sends what it may.
    ClientSends(usize),
    ServerSends(usize),
    ClientReads(usize),
    ServerReads(usize),
    /// The caller loses interest.
    Release(usize),
    /// The handler ends its call early, with an error.
    Fail(usize),
    Advance(Duration),
    Drain,
    FinishDrain,
}

/// How both ends are configured.
#[derive(Clone, Debug)]
struct Setup {
    streams: u32,
    window: u32,
    max_frame_body: u32,
    max_message_size: u64,
    steps: Vec<Step>,
    /// The connection breaks when these steps are done.
    breaks: bool,
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        6 => 0..100_usize,
        4 => 8_000..40_000_usize,
        2 => 200_000..600_000_usize,
        1 => 1_000_000..3_200_000_usize,
    ]
}

fn chunk() -> impl Strategy<Value = usize> {
    prop_oneof![
        1 => 1..40_usize,
        2 => 40..5_000_usize,
        3 => 5_000..400_000_usize,
        3 => Just(usize::MAX),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let path = prop_oneof![
        3 => Just(TALK), 2 => Just(COLLECT), 2 => Just(LIST), 1 => Just(HASTY), 1 => Just(ECHO)
    ];
    let timeout = prop::option::weighted(0.2, (1..50_u64).prop_map(Duration::from_millis));
    let messages = || vec(size(), 0..12);
    let start =
        (path, messages(), messages(), timeout).prop_map(|(path, up, down, timeout)| Step::Start {
            path,
            up,
            down,
            timeout,
        });
    let call = any::<usize>;
    prop_oneof![
        8 => start,
        12 => chunk().prop_map(Step::Up),
        12 => chunk().prop_map(Step::Down),
        12 => call().prop_map(Step::ClientSends),
        12 => call().prop_map(Step::ServerSends),
        10 => call().prop_map(Step::ClientReads),
        10 => call().prop_map(Step::ServerReads),
        1 => call().prop_map(Step::Release),
        1 => call().prop_map(Step::Fail),
        2 => (0..10_u64).prop_map(|time| Step::Advance(Duration::from_millis(time))),
        1 => prop_oneof![Just(Step::Drain), Just(Step::FinishDrain)],
    ]
}

fn setup() -> impl Strategy<Value = Setup> {
    (
        prop_oneof![Just(3), Just(1024)],
        prop_oneof![Just(INITIAL_STREAM_WINDOW), Just(3 * INITIAL_STREAM_WINDOW)],
        prop_oneof![3 => Just(16 * 1024), 1 => Just(8 * INITIAL_STREAM_WINDOW)],
        prop_oneof![Just(4 << 20), Just(16 << 20), Just(100_000)],
        vec(step(), 1..150),
        prop::bool::weighted(0.2),
    )
        .prop_map(
            |(streams, window, max_frame_body, max_message_size, steps, breaks)| Setup {
                streams,
                window,
                max_frame_body,
                max_message_size,
                steps,
                breaks,
            },
        )
}

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
    fn send(&mut self, seed: usize, mut offer: impl FnMut(Bytes) -> Offered) -> bool {
        while !self.waits {
            let Some(&size) = self.to_send.front() else {
                break;
            };
            let number = self.sizes.len() - self.to_send.len();
            match offer(body(seed + number, size)) {
                Offered::Taken => drop(self.to_send.pop_front()),
                Offered::Full => self.waits = true,
                Offered::Closed => return false,
            }
        }
        true
    }

    fn take(&mut self, seed: usize, message: &Bytes) {
        let expected = body(seed + self.read, self.sizes[self.read]);
        assert!(*message == expected, "message {} of {seed}", self.read);
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

struct Run {
    pair: Pair,
    streams: Vec<Stream>,
    bound: u64,
    max_message_size: u64,
    drained: bool,
}

impl Run {
    fn new(setup: &Setup) -> Self {
        let settings = Settings {
            max_concurrent_streams: setup.streams,
            initial_stream_window: setup.window,
            max_frame_body: setup.max_frame_body,
            ..Settings::default()
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
        };
        Run {
            pair: Pair::new(client, server),
            streams: Vec::new(),
            bound: u64::from(setup.window).max(max_message_size + 1),
            max_message_size,
            drained: false,
        }
    }

    fn step(&mut self, step: &Step) {
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
                self.pair.server.drain();
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
        if heard_all && said_all && arrived.unread.is_empty() {
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
        let message = self.pair.client_read(index);
        if let Some(message) = &message {
            self.streams[index].down.take(1000 * index + 500, message);
        }
        message.is_some()
    }

    fn server_reads(&mut self, index: usize) -> bool {
        let message = self.pair.server_read(index);
        if let Some(message) = &message {
            self.streams[index].up.take(1000 * index, message);
        }
        message.is_some()
    }

    fn check_memory(&mut self) {
        for id in self.pair.calls.ids.clone() {
            let (client, server) = (&mut self.pair.client, &mut self.pair.server);
            assert!(client.arrived_bytes(id) <= self.bound);
            assert!(server.arrived_bytes(id) <= self.bound);
        }
    }

    /// As long as bytes move and readers read, every stream comes to its end.
    fn finish(&mut self) {
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
    fn lose(&mut self) {
        self.pair.lose("cut");
        self.pair.server.cancel_all(&mut self.pair.handlers);
        for index in 0..self.streams.len() {
            while self.client_reads(index) {}
        }
    }

    fn check_outcomes(&self) {
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

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_message_arrives_in_order_and_every_stream_ends_and_leaves_nothing_behind(
        setup in setup()
    ) {
        let mut run = Run::new(&setup);
        let held = run.pair.held();
        for step in &setup.steps {
            run.step(step);
        }
        if setup.breaks {
            run.lose();
        } else {
            run.finish();
            prop_assert_eq!(run.pair.server.held(), held[1]);
        }
        run.check_outcomes();
        prop_assert_eq!(run.pair.client.held(), held[0]);
        prop_assert_eq!(run.pair.server.open_streams(), 0);
        prop_assert!(run.pair.handlers.running.is_empty());
    }
}
