//! What is measured, how long and how often.

use std::num::NonZero;
use std::time::Duration;

use bench_common::Workload;

/// How one run of the benchmarks goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The loads, each a number of calls in flight on one connection.
    pub(crate) in_flight: [usize; 3],
    /// How often every peer is measured under every load.
    pub(crate) rounds: usize,
    warm_up: Duration,
    measure: Duration,
}

impl Plan {
    /// Figures to publish.
    pub(crate) const FULL: Self = Self {
        in_flight: [1, 64, 256],
        rounds: 3,
        warm_up: Duration::from_secs(1),
        measure: Duration::from_secs(3),
    };

    /// A first look, within half a minute after the builds.
    pub(crate) const QUICK: Self = Self {
        rounds: 1,
        warm_up: Duration::from_millis(500),
        measure: Duration::from_millis(1_500),
        ..Self::FULL
    };

    /// What a client does under one load.
    pub(crate) fn workload(&self, in_flight: usize) -> Workload {
        Workload {
            in_flight,
            warm_up: self.warm_up,
            measure: self.measure,
        }
    }

    /// The sentence above the tables.
    pub(crate) fn describe(&self, cores: NonZero<usize>) -> String {
        format!(
            "Unary echo of 64 bytes over loopback TCP, {cores} cores for client and server together, \
             warm-up {:?}, measured {:?}, median of {} interleaved rounds.",
            self.warm_up, self.measure, self.rounds
        )
    }
}
