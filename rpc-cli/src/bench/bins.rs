//! Latencies in few classes, to be drawn.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Classes between the shortest latency and the 99.9th percentile; what is beyond it is one more.
const BINS: usize = 12;

/// Calls whose latencies are alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bin {
    /// The largest latency that belongs to it; the bin before it says where it begins.
    pub(crate) up_to_us: f64,
    /// How many calls.
    pub(crate) calls: u64,
}

/// Sorts latencies in nanoseconds into classes, each of which is wider than the one before by the same factor: so a
/// distribution with a long tail has more than one class at its head.
pub(crate) fn bins(nanoseconds: &Histogram<u64>) -> Vec<Bin> {
    if nanoseconds.is_empty() {
        return Vec::new();
    }
    let limits = limits(nanoseconds);
    let mut counts = vec![0; limits.len()];
    for step in nanoseconds.iter_recorded() {
        let value = step.value_iterated_to();
        let bin = limits.partition_point(|&limit| limit < value);
        counts[bin.min(limits.len() - 1)] += step.count_at_value();
    }
    let bins = limits.iter().zip(counts);
    let bins = bins.map(|(&limit, calls)| Bin {
        up_to_us: limit as f64 / 1_000.0,
        calls,
    });
    bins.collect()
}

/// The largest value of each class.
fn limits(nanoseconds: &Histogram<u64>) -> Vec<u64> {
    let first = nanoseconds.min().max(1) as f64;
    let last = nanoseconds.value_at_quantile(0.999);
    let factor = (last as f64 / first).powf(1.0 / BINS as f64);
    let inner = (1..BINS).map(|place| (first * factor.powi(place as i32)) as u64);
    let limits = inner.chain([last, nanoseconds.max()]);
    let mut limits: Vec<u64> = limits
        .map(|limit| nanoseconds.highest_equivalent(limit))
        .collect();
    limits.dedup();
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = u64>) -> Histogram<u64> {
        let mut histogram = Histogram::new_with_max(3_600_000_000_000, 3).unwrap();
        for value in values {
            histogram.record(value).unwrap();
        }
        histogram
    }

    #[test]
    fn every_call_is_in_one_bin_and_the_last_ends_with_the_longest() {
        let histogram = of((1..=100_000).chain([9_000_000]));
        let bins = bins(&histogram);
        assert_eq!(bins.len(), BINS + 1);
        assert_eq!(bins.iter().map(|bin| bin.calls).sum::<u64>(), 100_001);
        assert!(
            bins.is_sorted_by(|a, b| a.up_to_us < b.up_to_us),
            "{bins:?}"
        );
        assert_eq!(bins[BINS].up_to_us, histogram.max() as f64 / 1_000.0);
    }

    #[test]
    fn equal_latencies_are_one_bin() {
        assert_eq!(bins(&of([5_000; 10])).len(), 1);
        assert_eq!(bins(&of([])), []);
    }
}
