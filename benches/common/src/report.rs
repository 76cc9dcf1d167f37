//! What a client tells the runner.

use serde::{Deserialize, Serialize};

/// The line that a client prints when the measured interval begins.
pub const START: &str = "START";

/// The line that a client prints when the measured interval ends.
pub const END: &str = "END";

/// What a client measured, printed as one line of JSON after [`END`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Calls answered within the measured interval.
    pub calls: usize,
    /// Answered calls per second.
    pub calls_per_second: f64,
    /// Median latency, in microseconds.
    pub p50_us: f64,
    /// 99th percentile of latency, in microseconds.
    pub p99_us: f64,
    /// CPU time of the client's process for one call, in microseconds.
    pub cpu_us_per_call: f64,
}
