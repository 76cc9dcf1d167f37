//! Latencies of single calls, and their percentiles.

use std::time::Duration;

/// Every latency of a run. Exact rather than bucketed: four bytes a call are cheaper to write than a bucket is to find,
/// and there is no rounding to explain.
#[derive(Debug, Default)]
pub(crate) struct Latencies {
    nanoseconds: Vec<u32>,
}

impl Latencies {
    /// Adds one call. A call of more than 4.29 s counts as 4.29 s.
    pub(crate) fn record(&mut self, latency: Duration) {
        self.nanoseconds
            .push(u32::try_from(latency.as_nanos()).unwrap_or(u32::MAX));
    }

    /// Adds the calls of another worker.
    pub(crate) fn merge(&mut self, mut other: Self) {
        self.nanoseconds.append(&mut other.nanoseconds);
    }

    /// Number of calls.
    pub(crate) fn count(&self) -> usize {
        self.nanoseconds.len()
    }

    /// The smallest latency that `percent` of all calls did not exceed (the nearest rank), in microseconds; `None`
    /// without calls.
    pub(crate) fn percentile_us(&mut self, percent: usize) -> Option<f64> {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        if rank > self.count() {
            return None;
        }
        let (_, nanoseconds, _) = self.nanoseconds.select_nth_unstable(rank - 1);
        Some(f64::from(*nanoseconds) / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_microseconds(values: impl IntoIterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::default();
        for value in values {
            latencies.record(Duration::from_micros(value));
        }
        latencies
    }

    #[test]
    fn percentile_is_the_nearest_rank() {
        let mut latencies = of_microseconds((1..=200).rev());
        assert_eq!(latencies.percentile_us(50), Some(100.0));
        assert_eq!(latencies.percentile_us(99), Some(198.0));
        assert_eq!(latencies.percentile_us(100), Some(200.0));
        assert_eq!(latencies.percentile_us(0), Some(1.0));
    }

    #[test]
    fn one_call_is_every_percentile() {
        assert_eq!(of_microseconds([7]).percentile_us(50), Some(7.0));
        assert_eq!(of_microseconds([7]).percentile_us(99), Some(7.0));
    }

    #[test]
    fn no_calls_have_no_percentile() {
        assert_eq!(Latencies::default().percentile_us(50), None);
    }

    #[test]
    fn merging_keeps_every_call() {
        let mut all = of_microseconds([1, 2]);
        all.merge(of_microseconds([3]));
        assert_eq!(all.count(), 3);
        assert_eq!(all.percentile_us(100), Some(3.0));
    }

    #[test]
    fn a_call_too_long_for_the_counter_counts_as_the_longest() {
        assert_eq!(
            of_microseconds([10_000_000]).percentile_us(100),
            Some(f64::from(u32::MAX) / 1_000.0)
        );
    }
}
