//! Callers that wait because as many streams are open as the server allows.

use std::collections::{BTreeMap, BTreeSet};
use std::task::Waker;

/// A caller's place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// First come, first served: whoever is admitted has a stream kept for it until it comes.
#[derive(Debug, Default)]
pub(super) struct AdmissionQueue {
    next: u64,
    waiting: BTreeMap<Ticket, Waker>,
    admitted: BTreeSet<Ticket>,
}

impl AdmissionQueue {
    /// Whether a newcomer may take one of `capacity` streams at once.
    pub(super) fn is_open(&self, capacity: usize) -> bool {
        self.waiting.is_empty() && self.admitted.len() < capacity
    }

    /// Whether nobody waits, and nobody has a stream kept.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.admitted.is_empty()
    }

    pub(super) fn join(&mut self, waker: Waker) -> Ticket {
        self.next += 1;
        let ticket = Ticket(self.next);
        self.waiting.insert(ticket, waker);
        ticket
    }

    /// Takes the stream that was kept for an admitted caller.
    pub(super) fn take(&mut self, ticket: Ticket) -> bool {
        self.admitted.remove(&ticket)
    }

    /// Exchanges the waker of a caller that waits; gives back the old one to be dropped.
    pub(super) fn set_waker(&mut self, ticket: Ticket, waker: Waker) -> Option<Waker> {
        self.waiting.insert(ticket, waker)
    }

    /// A caller gives up; gives back its waker to be dropped.
    pub(super) fn leave(&mut self, ticket: Ticket) -> Option<Waker> {
        self.admitted.remove(&ticket);
        self.waiting.remove(&ticket)
    }

    /// Admits as many as `capacity` allows.
    pub(super) fn admit(&mut self, capacity: usize, wakers: &mut Vec<Waker>) {
        while self.admitted.len() < capacity {
            let Some((ticket, waker)) = self.waiting.pop_first() else {
                return;
            };
            self.admitted.insert(ticket);
            wakers.push(waker);
        }
    }

    /// Wakes everybody: there will be no stream here any more.
    pub(super) fn dissolve(&mut self, wakers: &mut Vec<Waker>) {
        self.admitted.clear();
        wakers.extend(std::mem::take(&mut self.waiting).into_values());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_admitted_in_the_order_in_which_they_came() {
        let mut queue = AdmissionQueue::default();
        let mut wakers = Vec::new();
        let [first, second, third] = std::array::from_fn(|_| queue.join(Waker::noop().clone()));
        queue.admit(2, &mut wakers);
        assert_eq!(wakers.len(), 2);
        assert!(queue.take(first) && queue.take(second) && !queue.take(third));
    }

    #[test]
    fn a_newcomer_does_not_overtake_those_who_wait_or_are_on_their_way() {
        let mut queue = AdmissionQueue::default();
        assert!(queue.is_open(1) && !queue.is_open(0));
        let ticket = queue.join(Waker::noop().clone());
        assert!(!queue.is_open(1));
        queue.admit(1, &mut Vec::new());
        assert!(!queue.is_open(1) && queue.is_open(2));
        assert!(queue.take(ticket));
        assert!(queue.is_open(1));
    }

    #[test]
    fn who_leaves_after_admission_passes_the_stream_on() {
        let mut queue = AdmissionQueue::default();
        let mut wakers = Vec::new();
        let [first, second] = std::array::from_fn(|_| queue.join(Waker::noop().clone()));
        queue.admit(1, &mut wakers);
        queue.leave(first);
        queue.admit(1, &mut wakers);
        assert!(queue.take(second));
    }
}
