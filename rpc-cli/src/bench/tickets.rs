//! How many calls may still begin.

use std::sync::atomic::{AtomicU64, Ordering};

/// A limit that no run reaches, and behind which there is room for those who ask in vain.
const UNLIMITED: u64 = u64::MAX / 2;

/// The numbers of calls that may begin, from 0. Whoever makes a call takes one.
#[derive(Debug)]
pub(crate) struct Tickets {
    next: AtomicU64,
    limit: u64,
}

impl Tickets {
    /// So many, or as many as are taken until they are [closed](Self::close).
    pub(crate) fn new(limit: Option<u64>) -> Self {
        Self {
            next: AtomicU64::new(0),
            limit: limit.unwrap_or(UNLIMITED).min(UNLIMITED),
        }
    }

    /// The next call's number; `None` if no call may begin any more.
    pub(crate) fn take(&self) -> Option<u64> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.limit).then_some(number)
    }

    /// Whether a call may still begin.
    pub(crate) fn are_left(&self) -> bool {
        self.next.load(Ordering::Relaxed) < self.limit
    }

    /// No call begins from now on.
    pub(crate) fn close(&self) {
        self.next.fetch_max(self.limit, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_calls_begin_as_were_asked_for() {
        let tickets = Tickets::new(Some(2));
        let taken: Vec<_> = (0..4).map(|_| tickets.take()).collect();
        assert_eq!(taken, [Some(0), Some(1), None, None]);
    }

    #[test]
    fn no_call_begins_after_closing() {
        let tickets = Tickets::new(None);
        assert_eq!(tickets.take(), Some(0));
        assert!(tickets.are_left());
        tickets.close();
        assert_eq!(tickets.take(), None);
        assert!(!tickets.are_left());
    }
}
