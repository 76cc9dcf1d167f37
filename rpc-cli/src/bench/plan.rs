//! What a run is to do.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a run is to do. In a report it is written as it was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// When calls begin.
    pub(crate) load: Load,
    /// Connections, among which the calls are dealt out in turn.
    pub(crate) connections: usize,
    /// Threads that make calls.
    pub(crate) threads: usize,
    /// Seconds of calls that are not counted, in which buffers grow and caches fill.
    pub(crate) warmup_seconds: f64,
    /// When the run ends.
    pub(crate) until: Until,
}

/// When calls begin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Load {
    /// As soon as an earlier one has ended: so many are always in flight.
    Closed {
        /// Calls over all connections.
        in_flight: usize,
    },
    /// At regular intervals.
    Open {
        /// Calls that are due in a second.
        rate: f64,
        /// Calls in flight beyond which those that are due are left out.
        max_in_flight: usize,
    },
}

/// When a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Until {
    /// After so many seconds, not counting the warm-up.
    Seconds(f64),
    /// After so many calls.
    Requests(u64),
}

impl Plan {
    /// Length of the warm-up.
    pub(crate) fn warmup(&self) -> Duration {
        duration(self.warmup_seconds)
    }

    /// Time between two looks at what was counted: a twentieth of the run, so that there is a spread to tell, and often enough
    /// for whoever looks on.
    pub(crate) fn interval(&self) -> Duration {
        let interval = match self.until {
            Until::Seconds(seconds) => duration(seconds / 20.0),
            Until::Requests(_) => Duration::from_millis(500),
        };
        interval.clamp(Duration::from_millis(50), Duration::from_secs(1))
    }
}

/// So many seconds, or the longest time there is.
pub(crate) fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}
