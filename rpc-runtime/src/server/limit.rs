//! How many calls of a kind there are at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts what is there at a time, and keeps it to a maximum.
#[derive(Debug, Default)]
pub(super) struct Counter {
    count: AtomicUsize,
}

/// One that is counted, until it is dropped.
#[derive(Debug)]
pub(super) struct Counted(Arc<Counter>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Counter {
    /// One more, unless `max` are there.
    pub(super) fn enter(self: &Arc<Self>, max: usize) -> Option<Counted> {
        let before = self.count.fetch_add(1, Ordering::Relaxed);
        let counted = Counted(Arc::clone(self));
        (before < max).then_some(counted)
    }

    /// How many are there.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_refused_or_dropped_takes_no_place() {
        let counter = Arc::new(Counter::default());
        let first = counter.enter(1);
        assert!(first.is_some() && counter.enter(1).is_none());
        assert_eq!(counter.count(), 1);
        drop(first);
        assert!(counter.enter(1).is_some());
        assert_eq!(counter.count(), 0);
    }
}
