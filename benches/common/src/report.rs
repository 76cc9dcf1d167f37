//! What a client tells the runner.

use serde::{Deserialize, Serialize};

use crate::Usage;
use crate::tally::Tally;

/// The line that a client prints when the measured interval begins.
pub const START: &str = "START";

/// The line that a client prints when the measured interval ends.
pub const END: &str = "END";

/// What a client measured, printed as one line of JSON after [`END`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Calls answered within the measured interval; messages received, if it is one of a stream.
    pub calls: usize,
    /// Length of the measured interval, in seconds.
    pub seconds: f64,
    /// Median latency, in microseconds, unless calls were not timed.
    pub p50_us: Option<f64>,
    /// 99th percentile of latency, in microseconds.
    pub p99_us: Option<f64>,
    /// 99.9th percentile of latency, in microseconds.
    pub p999_us: Option<f64>,
    /// What the client's process had used when the interval began.
    pub before: Usage,
    /// What it had used when the interval ended.
    pub after: Usage,
}

impl Report {
    /// What `tally` shows of an interval of so many seconds.
    pub(crate) fn new(mut tally: Tally, seconds: f64, before: Usage, after: Usage) -> Self {
        Self {
            calls: tally.calls(),
            seconds,
            p50_us: tally.quantile_us(0.5),
            p99_us: tally.quantile_us(0.99),
            p999_us: tally.quantile_us(0.999),
            before,
            after,
        }
    }
}
