//! How much a connection may hold for its client.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that the calls of a connection hold together, and may hold.
#[derive(Debug)]
pub(crate) struct Budget {
    max: u64,
    held: AtomicU64,
}

/// What one call holds of a [`Budget`]. Dropped, it holds nothing.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<Budget>,
    held: u64,
}

/// More is held than may be: by all, and how much that may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted {
    pub(crate) held: u64,
    pub(crate) max: u64,
}

impl Budget {
    pub(crate) fn new(max: u64) -> Arc<Self> {
        Arc::new(Budget {
            max,
            held: AtomicU64::new(0),
        })
    }

    /// A share that holds nothing yet.
    pub(crate) fn share(self: &Arc<Self>) -> Share {
        Share {
            budget: Arc::clone(self),
            held: 0,
        }
    }
}

impl Share {
    /// Holds so many bytes from now on.
    ///
    /// # Errors
    ///
    /// If others hold as much as all may. Then it is as before.
    pub(crate) fn hold(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let (bytes, max) = (bytes as u64, self.budget.max);
        if let Some(more) = bytes.checked_sub(self.held) {
            let before = self.budget.held.fetch_add(more, Ordering::Relaxed);
            // One call at least can always go on.
            if before - self.held > 0 && before.saturating_add(more) > max {
                self.budget.held.fetch_sub(more, Ordering::Relaxed);
                return Err(Exhausted { held: before, max });
            }
        } else {
            let less = self.held - bytes;
            self.budget.held.fetch_sub(less, Ordering::Relaxed);
        }
        self.held = bytes;
        Ok(())
    }

    /// Holds nothing from now on.
    pub(crate) fn release(&mut self) {
        let held = std::mem::take(&mut self.held);
        if held > 0 {
            self.budget.held.fetch_sub(held, Ordering::Relaxed);
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_hold_no_more_together_than_they_may_but_for_one_alone() {
        let budget = Budget::new(100);
        let (mut one, mut other) = (budget.share(), budget.share());
        assert_eq!(one.hold(60), Ok(()));
        let exhausted = Exhausted { held: 60, max: 100 };
        assert_eq!(other.hold(41), Err(exhausted));
        assert_eq!(other.hold(40), Ok(()));
        assert_eq!(one.hold(50), Ok(()));
        assert_eq!(other.hold(50), Ok(()));
        drop(other);
        assert_eq!(one.hold(1_000), Ok(()), "it is alone");
        drop(one);
        assert_eq!(budget.held.load(Ordering::Relaxed), 0);
    }
}
