//! The figures of a measurement, and what several rounds say together.

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

    /// CPU time of both sides for one call, in microseconds.
    pub(crate) fn cpu_us(&self) -> f64 {
        self.client_cpu_us + self.server_cpu_us
    }
}

/// What all rounds showed of one peer under one load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Summary {
    /// The median of each figure by itself.
    pub(crate) median: Sample,
    /// Answered calls per second in the slowest round.
    pub(crate) slowest: f64,
    /// Answered calls per second in the fastest round.
    pub(crate) fastest: f64,
}

impl Summary {
    /// Sums up at least one round.
    ///
    /// # Panics
    ///
    /// Without rounds.
    pub(crate) fn new(rounds: &[Sample]) -> Self {
        let sorted = |figure: fn(&Sample) -> f64| {
            let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
            figures.sort_by(f64::total_cmp);
            figures
        };
        let median = |figure| sorted(figure)[rounds.len() / 2];
        let rates = sorted(|sample| sample.calls_per_second);
        Self {
            median: Sample {
                calls_per_second: median(|sample| sample.calls_per_second),
                p50_us: median(|sample| sample.p50_us),
                p99_us: median(|sample| sample.p99_us),
                client_cpu_us: median(|sample| sample.client_cpu_us),
                server_cpu_us: median(|sample| sample.server_cpu_us),
            },
            slowest: rates[0],
            fastest: rates[rates.len() - 1],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_up_each_figure_by_itself() {
        let sample = |calls_per_second, p50_us| Sample {
            calls_per_second,
            p50_us,
            p99_us: 9.0,
            client_cpu_us: 1.0,
            server_cpu_us: 2.0,
        };
        let summary = Summary::new(&[sample(3.0, 10.0), sample(1.0, 30.0), sample(2.0, 20.0)]);
        assert_eq!(
            summary,
            Summary {
                median: sample(2.0, 20.0),
                slowest: 1.0,
                fastest: 3.0
            }
        );
    }
}
