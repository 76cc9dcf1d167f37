//! A part of a run, short enough to see how steady the run was.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::tally::Tally;

/// What calls showed that ended within a part of the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Interval {
    /// Its length.
    pub(crate) seconds: f64,
    /// Calls that were answered.
    pub(crate) answered: u64,
    /// Calls that failed.
    pub(crate) failed: u64,
    /// Messages that were received.
    pub(crate) messages: u64,
    /// Latency of the calls that were answered; `None` if there were none.
    pub(crate) latency_us: Option<Latency>,
}

/// A distribution of latencies, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Latency {
    pub(crate) mean: f64,
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) p99_9: f64,
    pub(crate) max: f64,
}

impl Interval {
    /// What `tally` shows of so many seconds.
    pub(crate) fn new(tally: &Tally, seconds: f64) -> Self {
        Self {
            seconds,
            answered: tally.answers(),
            failed: tally.failed_calls(),
            messages: tally.traffic.messages,
            latency_us: Latency::of(&tally.latencies),
        }
    }

    /// Answered calls in a second.
    pub(crate) fn calls_per_second(&self) -> f64 {
        per_second(self.answered, self.seconds)
    }

    /// Received messages in a second.
    pub(crate) fn messages_per_second(&self) -> f64 {
        per_second(self.messages, self.seconds)
    }
}

impl Latency {
    /// Of latencies in nanoseconds; `None` if there are none.
    pub(crate) fn of(nanoseconds: &Histogram<u64>) -> Option<Self> {
        let us = |nanoseconds: u64| nanoseconds as f64 / 1_000.0;
        let at = |quantile| us(nanoseconds.value_at_quantile(quantile));
        (!nanoseconds.is_empty()).then(|| Self {
            mean: nanoseconds.mean() / 1_000.0,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p99_9: at(0.999),
            max: us(nanoseconds.max()),
        })
    }
}

fn per_second(count: u64, seconds: f64) -> f64 {
    match seconds > 0.0 {
        true => count as f64 / seconds,
        false => 0.0,
    }
}
