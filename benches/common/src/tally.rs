//! Counted calls and their latencies.

use std::time::Duration;

/// What one or several callers counted.
///
/// Latencies are kept one by one rather than in buckets: four bytes a call are cheaper to write than a bucket is to find, and
/// there is no rounding to explain.
#[derive(Debug, Default)]
pub struct Tally {
    calls: usize,
    nanoseconds: Vec<u32>,
}

impl Tally {
    /// Adds one call. A call of more than 4.29 s counts as 4.29 s.
    pub(crate) fn record(&mut self, latency: Duration) {
        self.calls += 1;
        self.nanoseconds
            .push(u32::try_from(latency.as_nanos()).unwrap_or(u32::MAX));
    }

    /// Adds messages of which nobody knows when they were sent.
    pub(crate) fn count(&mut self, messages: usize) {
        self.calls += messages;
    }

    /// Adds what another caller counted.
    pub(crate) fn merge(&mut self, mut other: Self) {
        self.calls += other.calls;
        self.nanoseconds.append(&mut other.nanoseconds);
    }

    /// Number of calls or messages.
    pub(crate) fn calls(&self) -> usize {
        self.calls
    }

    /// The smallest latency that `share` (0 to 1) of all timed calls did not exceed (the nearest rank), in microseconds;
    /// `None` if no call was timed.
    pub(crate) fn quantile_us(&mut self, share: f64) -> Option<f64> {
        let rank = (self.nanoseconds.len() as f64 * share).ceil().max(1.0) as usize;
        if rank > self.nanoseconds.len() {
            return None;
        }
        let (_, nanoseconds, _) = self.nanoseconds.select_nth_unstable(rank - 1);
        Some(f64::from(*nanoseconds) / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_microseconds(values: impl IntoIterator<Item = u64>) -> Tally {
        let mut tally = Tally::default();
        for value in values {
            tally.record(Duration::from_micros(value));
        }
        tally
    }

    #[test]
    fn a_quantile_is_the_nearest_rank() {
        let mut tally = of_microseconds((1..=200).rev());
        assert_eq!(tally.quantile_us(0.5), Some(100.0));
        assert_eq!(tally.quantile_us(0.99), Some(198.0));
        assert_eq!(tally.quantile_us(1.0), Some(200.0));
        assert_eq!(tally.quantile_us(0.0), Some(1.0));
    }

    #[test]
    fn one_call_is_every_quantile() {
        assert_eq!(of_microseconds([7]).quantile_us(0.5), Some(7.0));
        assert_eq!(of_microseconds([7]).quantile_us(0.999), Some(7.0));
    }

    #[test]
    fn messages_without_latency_are_counted_and_have_no_quantile() {
        let mut tally = Tally::default();
        tally.count(3);
        assert_eq!((tally.calls(), tally.quantile_us(0.5)), (3, None));
    }

    #[test]
    fn merging_keeps_every_call() {
        let mut all = of_microseconds([1, 2]);
        all.merge(of_microseconds([3]));
        assert_eq!(all.calls(), 3);
        assert_eq!(all.quantile_us(1.0), Some(3.0));
    }

    #[test]
    fn a_call_too_long_for_the_counter_counts_as_the_longest() {
        assert_eq!(
            of_microseconds([10_000_000]).quantile_us(1.0),
            Some(f64::from(u32::MAX) / 1_000.0)
        );
    }
}
