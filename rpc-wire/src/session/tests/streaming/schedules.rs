//! Random schedules of streams: whatever happens in whatever order, the promises hold.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::schedules::budget;
use super::run::Run;
use super::*;
use crate::INITIAL_STREAM_WINDOW;
use crate::frame::Features;

/// One thing that happens to a connection.
#[derive(Clone, Debug)]
pub(super) enum Step {
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
pub(super) struct Setup {
    pub(super) streams: u32,
    pub(super) window: u32,
    pub(super) max_frame_body: u32,
    pub(super) max_message_size: u64,
    /// What messages that arrive share at both ends.
    pub(super) budget: u64,
    /// Bits of both sides.
    pub(super) features: u64,
    pub(super) steps: Vec<Step>,
    /// The connection breaks when these steps are done.
    pub(super) breaks: bool,
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        6 => 0..100_usize,
        4 => 8_000..40_000_usize,
        2 => 200_000..600_000_usize,
        2 => 1_000_000..3_200_000_usize,
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
        budget(),
        0..=Features::CHECKSUM,
        vec(step(), 1..150),
        prop::bool::weighted(0.2),
    )
        .prop_map(
            |(
                streams,
                window,
                max_frame_body,
                max_message_size,
                budget,
                features,
                steps,
                breaks,
            )| Setup {
                streams,
                window,
                max_frame_body,
                max_message_size,
                budget,
                features,
                steps,
                breaks,
            },
        )
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
