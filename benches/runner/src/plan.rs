//! How long everything is measured, and how often.

use bench_common::Workload;
use serde::Serialize;

use crate::load::{Instrument, Load};

/// How many times longer a load with slow calls is measured.
const SLOW: u64 = 3;

/// How one run of the benchmarks goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Plan {
    rounds: usize,
    warm_up_ms: u64,
    measure_ms: u64,
    /// The same where a load is but one point of a series.
    point_warm_up_ms: u64,
    point_measure_ms: u64,
}

impl Plan {
    /// Figures to publish.
    pub(crate) const FULL: Self = Self {
        rounds: 3,
        warm_up_ms: 500,
        measure_ms: 1_800,
        point_warm_up_ms: 300,
        point_measure_ms: 1_000,
    };

    /// A first look.
    pub(crate) const QUICK: Self = Self {
        rounds: 1,
        warm_up_ms: 300,
        measure_ms: 1_000,
        point_warm_up_ms: 300,
        point_measure_ms: 1_000,
    };

    /// The same with another number of rounds.
    pub(crate) fn with_rounds(self, rounds: usize) -> Self {
        Self { rounds, ..self }
    }

    /// The most rounds that any load has.
    pub(crate) fn rounds(&self) -> usize {
        self.rounds
    }

    /// How often a load is measured. What is counted rather than timed needs no repetition.
    pub(crate) fn rounds_of(&self, load: &Load) -> usize {
        match load.instrument {
            Instrument::None => self.rounds,
            Instrument::Syscalls | Instrument::Allocations => 1,
        }
    }

    /// What a client does under one load.
    pub(crate) fn workload(&self, load: &Load) -> Workload {
        let (warm_up_ms, measure_ms) = match load.alone {
            true => (self.warm_up_ms, self.measure_ms),
            false => (self.point_warm_up_ms, self.point_measure_ms),
        };
        Workload {
            pattern: load.pattern,
            call: load.call,
            size: load.size,
            connections: load.connections,
            // A tracer counts from the beginning, so the client has to as well.
            warm_up_ms: match load.instrument {
                Instrument::Syscalls => 0,
                Instrument::None | Instrument::Allocations => warm_up_ms,
            },
            measure_ms: if load.slow {
                3 * measure_ms
            } else {
                measure_ms
            },
        }
    }

    /// The sentence above the tables.
    pub(crate) fn describe(&self) -> String {
        format!(
            "Warm-up {} ms, measured {} ms (loads that are but a point of a series: {} and {} ms, the slow ones {} ms), \
             median of {} interleaved rounds.",
            self.warm_up_ms,
            self.measure_ms,
            self.point_warm_up_ms,
            self.point_measure_ms,
            SLOW * self.point_measure_ms,
            self.rounds
        )
    }
}
