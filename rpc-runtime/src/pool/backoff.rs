//! Pauses between attempts to connect.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Pause after the first attempt that failed.
const FIRST: Duration = Duration::from_millis(100);

/// Longest pause. A server that comes back is found within this time.
const LONGEST: Duration = Duration::from_secs(5);

/// Failures since the server last proved to be there.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: AtomicU32,
}

impl Backoff {
    /// How often the server failed in a row, which an attempt that begins now remembers.
    pub(super) fn failures(&self) -> u32 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Whether the server was not there the last time.
    pub(super) fn is_failing(&self) -> bool {
        self.failures() > 0
    }

    /// The pause to make before an attempt after so many failures. It doubles from attempt to attempt, and
    /// half of it is random, so that many clients do not come back at once.
    pub(super) fn pause(failures: u32) -> Duration {
        pause(failures).mul_f64(0.5 + fastrand::f64() / 2.0)
    }

    /// An attempt has failed. Those that began at the same time count as one.
    pub(super) fn failed(&self, failures_before: u32) {
        let failures = failures_before.saturating_add(1);
        self.failures.fetch_max(failures, Ordering::Relaxed);
    }

    /// The server is there.
    pub(super) fn reset(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }
}

/// The longest pause after this many failures.
fn pause(failures: u32) -> Duration {
    match failures.checked_sub(1) {
        None => Duration::ZERO,
        Some(doublings) => FIRST.saturating_mul(1 << doublings.min(16)).min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_attempt_is_at_once_and_pauses_double_up_to_the_longest() {
        let pauses: Vec<_> = (0..9).map(|attempts| pause(attempts).as_millis()).collect();
        assert_eq!(pauses, [0, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(pause(u32::MAX), LONGEST);
    }

    #[test]
    fn half_of_a_pause_is_random_and_the_first_attempt_makes_none() {
        assert_eq!(Backoff::pause(0), Duration::ZERO);
        let second = Backoff::pause(1);
        assert!((FIRST / 2..=FIRST).contains(&second), "{second:?}");
    }

    #[test]
    fn failures_at_the_same_time_count_once_and_success_starts_over() {
        let backoff = Backoff::default();
        let together = backoff.failures();
        backoff.failed(together);
        backoff.failed(together);
        assert_eq!(backoff.failures(), 1);
        backoff.failed(backoff.failures());
        assert_eq!(backoff.failures(), 2);
        backoff.reset();
        assert!(!backoff.is_failing());
    }
}
