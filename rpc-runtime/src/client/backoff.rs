//! Pauses between attempts to connect.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Pause after the first attempt that failed.
const FIRST: Duration = Duration::from_millis(100);

/// Longest pause. A server that comes back is found within this time.
const LONGEST: Duration = Duration::from_secs(5);

/// Attempts since a server last proved to be there.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    attempts: AtomicU32,
}

impl Backoff {
    /// Notes an attempt; gives the pause to make before it. The pause doubles from attempt to
    /// attempt, and half of it is random, so that many clients do not come back at once.
    pub(super) fn next_pause(&self) -> Duration {
        let earlier = self.attempts.fetch_add(1, Ordering::Relaxed);
        pause(earlier).mul_f64(0.5 + fastrand::f64() / 2.0)
    }

    /// The server is there.
    pub(super) fn reset(&self) {
        self.attempts.store(0, Ordering::Relaxed);
    }
}

/// The pause after this many attempts without success.
fn pause(attempts: u32) -> Duration {
    match attempts.checked_sub(1) {
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
    fn half_of_a_pause_is_random_and_success_starts_over() {
        let backoff = Backoff::default();
        assert_eq!(backoff.next_pause(), Duration::ZERO);
        let second = backoff.next_pause();
        assert!((FIRST / 2..=FIRST).contains(&second), "{second:?}");
        backoff.reset();
        assert_eq!(backoff.next_pause(), Duration::ZERO);
    }
}
