//! The figures of a measurement, and their median.

use crate::process::Run;

/// What the table shows of one peer under one load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    /// Answered calls per second.
    pub(crate) calls_per_second: f64,
    /// Median latency, in microseconds.
    pub(crate) p50_us: f64,
    /// 99th percentile of latency, in microseconds.
    pub(crate) p99_us: f64,
    /// CPU time of the client for one call, in microseconds.
    pub(crate) client_cpu_us: f64,
    /// CPU time of the server for one call, in microseconds.
    pub(crate) server_cpu_us: f64,
}

impl Sample {
    /// The figures of one run.
    pub(crate) fn new(run: &Run) -> Self {
        let report = &run.report;
        Self {
            calls_per_second: report.calls_per_second,
            p50_us: report.p50_us,
            p99_us: report.p99_us,
            client_cpu_us: report.cpu_us_per_call,
            server_cpu_us: run.server_cpu.as_secs_f64() * 1e6 / report.calls as f64,
        }
    }

    /// The median of each figure by itself.
    ///
    /// # Panics
    ///
    /// Without samples.
    pub(crate) fn median(samples: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| {
            let mut figures: Vec<f64> = samples.iter().map(figure).collect();
            figures.sort_by(f64::total_cmp);
            figures[figures.len() / 2]
        };
        Self {
            calls_per_second: of(|sample| sample.calls_per_second),
            p50_us: of(|sample| sample.p50_us),
            p99_us: of(|sample| sample.p99_us),
            client_cpu_us: of(|sample| sample.client_cpu_us),
            server_cpu_us: of(|sample| sample.server_cpu_us),
        }
    }

    /// CPU time of both sides for one call, in microseconds.
    pub(crate) fn cpu_us(&self) -> f64 {
        self.client_cpu_us + self.server_cpu_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_is_taken_of_each_figure_by_itself() {
        let sample = |calls_per_second, p50_us| Sample {
            calls_per_second,
            p50_us,
            p99_us: 9.0,
            client_cpu_us: 1.0,
            server_cpu_us: 2.0,
        };
        let median = Sample::median(&[sample(3.0, 10.0), sample(1.0, 30.0), sample(2.0, 20.0)]);
        assert_eq!(median, sample(2.0, 20.0));
    }
}
