//! Random schedules: whatever happens in whatever order, the promises hold.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::frame::{Features, Settings};
use crate::{DEFAULT_GRANT_BUDGET, DEFAULT_MAX_FRAME_BODY, INITIAL_STREAM_WINDOW};

/// One thing that happens to a connection.
#[derive(Clone, Debug)]
enum Step {
    Start {
        method: &'static str,
        size: usize,
        timeout: Option<Duration>,
        numbered: bool,
    },
    Up(usize),
    Down(usize),
    /// The caller loses interest in one of the calls so far.
    Release(usize),
    /// A handler answers, with a body of this size.
    Answer(usize, usize),
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
    /// What messages that arrive share at both ends.
    budget: u64,
    first_stream_id: u32,
    /// Bits of both sides.
    features: [u64; 2],
    steps: Vec<Step>,
    /// The connection breaks when these steps are done.
    breaks: bool,
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        6 => 0..100_usize,
        3 => 8_000..40_000_usize,
        2 => 200_000..600_000_usize,
        2 => 1_000_000..3_200_000_usize,
    ]
}

fn chunk() -> impl Strategy<Value = usize> {
    prop_oneof![
        2 => 1..40_usize,
        2 => 40..5_000_usize,
        2 => 5_000..200_000_usize,
        2 => Just(usize::MAX),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let method =
        prop_oneof![4 => Just(LATER), 3 => Just(ECHO), 1 => Just(FAIL), 1 => Just("no/Such")];
    let timeout = prop::option::weighted(0.3, (1..50_u64).prop_map(Duration::from_millis));
    let start =
        (method, size(), timeout, any::<bool>()).prop_map(|(method, size, timeout, numbered)| {
            Step::Start {
                method,
                size,
                timeout,
                numbered,
            }
        });
    prop_oneof![
        12 => start,
        14 => chunk().prop_map(Step::Up),
        14 => chunk().prop_map(Step::Down),
        4 => any::<usize>().prop_map(Step::Release),
        10 => (any::<usize>(), size()).prop_map(|(call, size)| Step::Answer(call, size)),
        3 => (0..10_u64).prop_map(|time| Step::Advance(Duration::from_millis(time))),
        1 => Just(Step::Drain),
        1 => Just(Step::FinishDrain),
    ]
}

/// A budget, scarce most of the time, so that large messages wait for each other.
pub(super) fn budget() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 1..4_000_000_u64, Just(DEFAULT_GRANT_BUDGET)]
}

fn setup() -> impl Strategy<Value = Setup> {
    (
        prop_oneof![Just(3), Just(1024)],
        prop_oneof![Just(INITIAL_STREAM_WINDOW), Just(3 * INITIAL_STREAM_WINDOW)],
        prop_oneof![3 => Just(DEFAULT_MAX_FRAME_BODY), 1 => Just(8 * INITIAL_STREAM_WINDOW)],
        prop_oneof![Just(4 << 20), Just(16 << 20), Just(100_000)],
        budget(),
        prop_oneof![4 => Just(1), 1 => Just(u32::MAX - 40)],
        prop::array::uniform2(0..=Features::CHECKSUM),
        vec(step(), 1..80),
        prop::bool::weighted(0.3),
    )
        .prop_map(
            |(
                streams,
                window,
                max_frame_body,
                max_message_size,
                budget,
                first_stream_id,
                features,
                steps,
                breaks,
            )| {
                Setup {
                    streams,
                    window,
                    max_frame_body,
                    max_message_size,
                    budget,
                    first_stream_id,
                    features,
                    steps,
                    breaks,
                }
            },
        )
}

/// What a call asked for, and what its handler answered.
struct Asked {
    method: &'static str,
    size: usize,
    deadline: Option<Instant>,
    released: bool,
    /// Size of the body that a handler answered with.
    answered: Option<usize>,
}

struct Run {
    pair: Pair,
    asked: Vec<Asked>,
    max_message_size: u64,
    drained: bool,
}

impl Run {
    fn new(setup: &Setup) -> Self {
        let settings = Settings {
            max_concurrent_streams: setup.streams,
            initial_stream_window: setup.window,
            max_frame_body: setup.max_frame_body,
            ..compressing(&["some"])
        };
        let max_message_size = setup.max_message_size;
        let first_stream_id = setup.first_stream_id;
        let client = ClientConfig {
            settings: Settings {
                features: setup.features[0],
                ..settings.clone()
            },
            max_message_size,
            first_stream_id,
            ..ClientConfig::default()
        };
        let server = ServerConfig {
            settings: Settings {
                features: setup.features[1],
                ..settings
            },
            max_message_size,
            ..ServerConfig::default()
        };
        let mut pair = Pair::new(client, server);
        pair.client.share(setup.budget);
        pair.server.share(setup.budget);
        Run {
            pair,
            asked: Vec::new(),
            max_message_size,
            drained: false,
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Start {
                method,
                size,
                timeout,
                numbered,
            } => {
                let index = self.asked.len();
                let number = match method {
                    ECHO => 1,
                    LATER => 2,
                    FAIL => 3,
                    _ => 1024,
                };
                let number = numbered.then_some(number);
                let call = Call {
                    number,
                    timeout,
                    compressed: is_compressed(size),
                    ..Call::new(method, body(index, size))
                };
                if self.pair.try_start(&call).is_ok() {
                    let deadline = timeout.map(|timeout| self.pair.now + timeout);
                    self.asked.push(Asked {
                        method,
                        size,
                        deadline,
                        released: false,
                        answered: None,
                    });
                }
            }
            Step::Up(count) => drop(
                self.pair
                    .up(count)
                    .expect("the client keeps to the protocol"),
            ),
            Step::Down(count) => drop(
                self.pair
                    .down(count)
                    .expect("the server keeps to the protocol"),
            ),
            Step::Release(call) if !self.asked.is_empty() => {
                let index = call % self.asked.len();
                self.asked[index].released |= self.pair.is_open(index);
                self.pair.release(index);
            }
            Step::Answer(call, size) => self.answer(call, size),
            Step::Advance(time) => {
                self.pair.advance(time);
                self.check_deadlines();
            }
            Step::Drain | Step::FinishDrain if !self.pair.server.is_established() => {}
            Step::Drain => {
                self.pair.server.drain("shutting down");
                self.drained = true;
            }
            Step::FinishDrain => self.pair.server.finish_drain(),
            Step::Release(_) => {}
        }
    }

    /// Answers one of the calls that run.
    fn answer(&mut self, call: usize, size: usize) {
        let running: Vec<_> = self.pair.handlers.running.keys().copied().collect();
        if running.is_empty() {
            return;
        }
        let id = running[call % running.len()];
        let index = self
            .pair
            .calls
            .ids
            .iter()
            .position(|other| *other == id)
            .unwrap();
        let answer = body(index + 100, size);
        let compressed = is_compressed(size);
        assert!(
            self.pair.answer_with(index, &answer, compressed),
            "a call that runs has an answer"
        );
        self.asked[index].answered = Some(size);
    }

    fn check_deadlines(&self) {
        for (index, asked) in self.asked.iter().enumerate() {
            let passed = asked
                .deadline
                .is_some_and(|deadline| deadline <= self.pair.now);
            assert!(
                !passed || !self.pair.is_open(index) || asked.released,
                "call {index} is overdue"
            );
        }
    }

    /// A link that keeps moving brings every call to its end, without help of the clock.
    fn finish(&mut self) {
        self.pair.settle();
        while !self.pair.handlers.running.is_empty() {
            self.answer(0, 1234);
        }
        self.pair.settle();
    }

    /// The connection breaks; what was written may still arrive.
    fn lose(&mut self) {
        self.pair.lose("cut");
        let rest = self.pair.up.input.len();
        self.pair.up.output = Output::default();
        self.pair
            .up(usize::MAX)
            .expect("the client keeps to the protocol");
        assert!(self.pair.up.input.len() <= rest);
        assert!(
            !self.pair.client.has_output(),
            "what was not written is not written later"
        );
        self.pair.server.cancel_all(&mut self.pair.handlers);
    }

    fn check_outcomes(&self) {
        for (index, asked) in self.asked.iter().enumerate() {
            let echoed = (asked.method == ECHO).then_some((index, asked.size));
            let expected = echoed.or(asked.answered.map(|size| (index + 100, size)));
            match &self.pair.calls.outcomes[index] {
                None => assert!(asked.released, "call {index} never ended"),
                Some(Outcome::Reply { body: reply, .. }) => {
                    let (seed, size) = expected.expect("an answer that a handler gave");
                    assert!(
                        reply.bytes == body(seed, size),
                        "call {index} has another's reply"
                    );
                    assert_eq!(reply.compressed, is_compressed(size));
                }
                Some(Outcome::Failed(status)) => self.check_error(index, asked, status),
            }
        }
    }

    fn check_error(&self, index: usize, asked: &Asked, status: &Status) {
        let dispatched = self.pair.was_dispatched(index);
        assert!(
            status.may_have_run() || !dispatched,
            "call {index} has run: {status}"
        );
        let answered = asked.answered.unwrap_or(asked.size) as u64;
        let allowed = match status.code() {
            Code::NotFound => asked.method == FAIL,
            Code::Unimplemented => asked.method == "no/Such",
            Code::DeadlineExceeded => asked
                .deadline
                .is_some_and(|deadline| deadline <= self.pair.now + GRAIN),
            Code::ResourceExhausted => {
                asked.size.max(answered as usize) as u64 > self.max_message_size
            }
            Code::Unavailable => {
                let full = status.message().contains("max_concurrent_streams");
                full || self.drained || status.message() == "cut"
            }
            _ => false,
        };
        assert!(allowed, "call {index} of {} bytes: {status}", asked.size);
    }
}

/// A server's clock starts when the request arrives, but the least time that is sent is this.
const GRAIN: Duration = Duration::from_micros(1);

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_call_ends_once_with_its_own_answer_and_leaves_nothing_behind(setup in setup()) {
        let mut run = Run::new(&setup);
        let held = (run.pair.client.held(), run.pair.server.held());
        for step in &setup.steps {
            run.step(step);
        }
        if setup.breaks {
            run.lose();
        } else {
            run.finish();
            prop_assert_eq!(run.pair.server.held(), held.1);
        }
        run.check_outcomes();
        prop_assert_eq!(run.pair.client.held(), held.0);
        prop_assert_eq!(run.pair.server.open_streams(), 0);
        prop_assert!(run.pair.handlers.running.is_empty());
    }
}
