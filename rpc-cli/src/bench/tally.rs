//! What calls showed.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use rpc_runtime::Status;

use super::caller::Traffic;

/// Latencies are kept up to an hour; longer ones count as an hour.
const LONGEST: Duration = Duration::from_secs(3_600);

/// Decimal digits of a latency that are kept, whatever its size.
const PRECISION_DIGITS: u8 = 3;

/// Counted calls.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Latencies of the calls that were answered, in nanoseconds.
    pub(crate) latencies: Histogram<u64>,
    /// Calls that failed, by the number of their code.
    pub(crate) failures: BTreeMap<u32, Failures>,
    /// Messages and bytes.
    pub(crate) traffic: Traffic,
    /// Calls that were due and could not be started, because as many as allowed were in flight.
    pub(crate) not_started: u64,
}

/// Calls that failed with one code.
#[derive(Debug, Clone)]
pub(crate) struct Failures {
    /// How many.
    pub(crate) count: u64,
    /// How the first of them failed.
    pub(crate) first: Status,
}

impl Tally {
    /// Counts a call that was answered.
    pub(crate) fn answered(&mut self, latency: Duration, traffic: Traffic) {
        self.latencies.saturating_record(nanoseconds(latency));
        self.traffic.add(traffic);
    }

    /// Counts a call that failed.
    pub(crate) fn failed(&mut self, status: Status) {
        let failures = Failures {
            count: 1,
            first: status,
        };
        self.add_failures(failures);
    }

    /// Adds what others counted later.
    pub(crate) fn merge(&mut self, other: Tally) {
        // Both have the same bounds.
        let added = self.latencies.add(&other.latencies);
        debug_assert!(added.is_ok());
        for failures in other.failures.into_values() {
            self.add_failures(failures);
        }
        self.traffic.add(other.traffic);
        self.not_started += other.not_started;
    }

    /// Calls that were answered.
    pub(crate) fn answers(&self) -> u64 {
        self.latencies.len()
    }

    /// Calls that failed.
    pub(crate) fn failed_calls(&self) -> u64 {
        self.failures.values().map(|failures| failures.count).sum()
    }

    fn add_failures(&mut self, other: Failures) {
        let code = other.first.code().value();
        match self.failures.get_mut(&code) {
            Some(failures) => failures.count += other.count,
            None => drop(self.failures.insert(code, other)),
        }
    }
}

impl Default for Tally {
    fn default() -> Self {
        let latencies = Histogram::new_with_max(nanoseconds(LONGEST), PRECISION_DIGITS);
        Self {
            latencies: latencies.expect("the bounds are constants that a histogram can have"),
            failures: BTreeMap::new(),
            traffic: Traffic::default(),
            not_started: 0,
        }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use rpc_runtime::Code;

    use super::*;

    #[test]
    fn merging_keeps_every_call_and_the_first_failure_of_a_code() {
        let (mut early, mut late) = (Tally::default(), Tally::default());
        early.answered(Duration::from_micros(5), Traffic::default());
        early.failed(Status::unavailable("first"));
        late.answered(Duration::from_micros(7), Traffic::default());
        late.failed(Status::unavailable("second"));
        late.failed(Status::internal("third"));
        late.not_started = 2;
        early.merge(late);

        assert_eq!((early.answers(), early.failed_calls()), (2, 3));
        let unavailable = &early.failures[&Code::Unavailable.value()];
        assert_eq!(unavailable.count, 2);
        assert_eq!(unavailable.first.message(), "first");
        assert_eq!(early.not_started, 2);
    }

    #[test]
    fn a_latency_keeps_three_digits_and_the_longest_is_an_hour() {
        let mut tally = Tally::default();
        tally.answered(Duration::from_micros(12_345), Traffic::default());
        let kept = tally.latencies.max();
        assert!((12_330_000..12_360_000).contains(&kept), "{kept}");

        tally.answered(Duration::from_secs(100_000), Traffic::default());
        let longest = Duration::from_nanos(tally.latencies.max());
        assert!(longest >= LONGEST && longest < LONGEST * 2, "{longest:?}");
    }
}
