//! Which methods hold up their connection before they first wait.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A first poll that takes this long is slow: a task of its own costs a hundredth of it.
const SLOW_POLL: Duration = Duration::from_micros(100);

/// Fast first polls that make up for a slow one. A method is slow from the second slow poll within
/// so many on, and fast again after so many fast ones: a machine that was busy elsewhere while a
/// handler was polled does not make its method slow.
const WEIGHT: u32 = 256;

/// As slow as a method can be found to be.
const SLOWEST: u32 = 2 * WEIGHT;

/// Nobody knows the method. It counts as slow until so many first polls in a row were fast.
const UNKNOWN: u32 = SLOWEST + 2;

/// How long the handlers of a method take before they first wait, as far as that was measured.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Grows with each slow poll, by [`WEIGHT`], and shrinks with each fast one.
    score: AtomicU32,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            score: AtomicU32::new(UNKNOWN),
        }
    }
}

impl Pace {
    /// Whether the method's handlers are to be polled in tasks of their own from the beginning:
    /// they are slow, or not known to be fast.
    pub(super) fn is_slow(&self) -> bool {
        self.score.load(Ordering::Relaxed) > WEIGHT
    }

    /// Runs the first poll of a handler, and remembers how long it took.
    pub(super) fn time<R>(&self, poll: impl FnOnce() -> R) -> R {
        let begun = Instant::now();
        let polled = poll();
        self.note(begun.elapsed());
        polled
    }

    fn note(&self, took: Duration) {
        self.score
            .update(Ordering::Relaxed, Ordering::Relaxed, |score| {
                match (took >= SLOW_POLL, score > SLOWEST) {
                    (true, true) => UNKNOWN,
                    (true, false) => (score + WEIGHT).min(SLOWEST),
                    (false, true) if score - 1 == SLOWEST => 0,
                    (false, _) => score.saturating_sub(1),
                }
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAST_POLL: Duration = Duration::from_micros(99);

    /// The pace of a method that has proved fast.
    fn fast() -> Pace {
        let pace = Pace::default();
        pace.note(FAST_POLL);
        pace.note(FAST_POLL);
        pace
    }

    #[test]
    fn a_method_is_fast_once_two_polls_in_a_row_were() {
        let pace = Pace::default();
        for poll in [
            FAST_POLL, SLOW_POLL, SLOW_POLL, FAST_POLL, SLOW_POLL, FAST_POLL,
        ] {
            assert!(pace.is_slow());
            pace.note(poll);
        }
        assert!(pace.is_slow());
        pace.note(FAST_POLL);
        assert!(!pace.is_slow());
    }

    #[test]
    fn a_method_is_slow_from_its_second_slow_poll_until_enough_fast_ones() {
        let pace = fast();
        pace.note(SLOW_POLL);
        assert!(!pace.is_slow(), "it may have been by chance");
        for _ in 0..10 {
            pace.note(SLOW_POLL);
        }
        for _ in 0..WEIGHT {
            assert!(pace.is_slow());
            pace.note(FAST_POLL);
        }
        assert!(!pace.is_slow());
        pace.note(SLOW_POLL);
        assert!(pace.is_slow(), "it has not changed for good");
    }

    #[test]
    fn a_slow_poll_now_and_then_makes_no_method_slow() {
        let pace = fast();
        for _ in 0..10 {
            pace.note(SLOW_POLL);
            assert!(!pace.is_slow());
            (0..WEIGHT).for_each(|_| pace.note(FAST_POLL));
        }
    }
}
