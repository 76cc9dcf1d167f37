//! Which methods hold up their connection before they first wait.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A first poll that takes this long is slow: a task of its own costs a hundredth of it.
const SLOW_POLL: Duration = Duration::from_micros(100);

/// First polls that have to be fast, one after the other, until a method that was slow is polled
/// inline again. That way a method is not slow for ever because a busy machine once interrupted it.
const FAST_POLLS: u32 = 256;

/// How long the handlers of a method take before they first wait, as far as that was measured.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// First polls that have to be fast until the method is; zero while it is.
    fast_polls_missing: AtomicU32,
}

impl Pace {
    /// Whether the method's handlers are to be polled in tasks of their own from the beginning.
    pub(super) fn is_slow(&self) -> bool {
        self.fast_polls_missing.load(Ordering::Relaxed) != 0
    }

    /// Runs the first poll of a handler, and remembers how long it took.
    pub(super) fn time<R>(&self, poll: impl FnOnce() -> R) -> R {
        let begun = Instant::now();
        let polled = poll();
        self.note(begun.elapsed());
        polled
    }

    fn note(&self, took: Duration) {
        let missing = &self.fast_polls_missing;
        if took >= SLOW_POLL {
            missing.store(FAST_POLLS, Ordering::Relaxed);
        } else {
            let _ = missing.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |missing| {
                missing.checked_sub(1)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_slow_from_one_slow_poll_until_enough_fast_ones_in_a_row() {
        let pace = Pace::default();
        pace.note(SLOW_POLL - Duration::from_nanos(1));
        assert!(!pace.is_slow());
        pace.note(SLOW_POLL);
        for _ in 1..FAST_POLLS {
            pace.note(Duration::ZERO);
        }
        assert!(pace.is_slow());
        pace.note(SLOW_POLL);
        for _ in 0..FAST_POLLS {
            assert!(pace.is_slow());
            pace.note(Duration::ZERO);
        }
        assert!(!pace.is_slow());
    }
}
