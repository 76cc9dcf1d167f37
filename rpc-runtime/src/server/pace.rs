//! Which methods hold up their connection before they first wait.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A first poll that takes this long is slow: a task of its own costs a hundredth of it.
const SLOW_POLL: Duration = Duration::from_micros(100);

/// Fast first polls that make up for a slow one. A method is slow from the second slow poll within
/// so many on, and fast again after so many fast ones: a machine that was busy elsewhere while a
/// handler was polled does not make its method slow.
const WEIGHT: u32 = 256;

/// How long the handlers of a method take before they first wait, as far as that was measured.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// Grows with each slow poll, by [`WEIGHT`], and shrinks with each fast one.
    score: AtomicU32,
}

impl Pace {
    /// Whether the method's handlers are to be polled in tasks of their own from the beginning.
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
                match took >= SLOW_POLL {
                    true => (score + WEIGHT).min(2 * WEIGHT),
                    false => score.saturating_sub(1),
                }
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAST_POLL: Duration = Duration::from_micros(99);

    #[test]
    fn a_method_is_slow_from_its_second_slow_poll_until_enough_fast_ones() {
        let pace = Pace::default();
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
        let pace = Pace::default();
        for _ in 0..10 {
            pace.note(SLOW_POLL);
            assert!(!pace.is_slow());
            (0..WEIGHT).for_each(|_| pace.note(FAST_POLL));
        }
    }
}
