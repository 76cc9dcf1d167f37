//! Whether the handler of a call is started.

use std::sync::atomic::{AtomicU8, Ordering};

/// It is, or will be whatever happens.
const STARTED: u8 = 0;
/// It waits for its turn.
const POSTPONED: u8 = 1;
/// It never will be.
const REFUSED: u8 = 2;
/// It was, and is started once more: whatever becomes of that, the call has been executed.
const REPEATED: u8 = 3;

/// Whether the handler of a call is started: yes, unless it was postponed or refused. What is postponed
/// is either started or refused, however many try at a time.
#[derive(Debug, Default)]
pub(crate) struct Start {
    state: AtomicU8,
}

impl Start {
    /// The handler has to wait for its turn.
    pub(crate) fn postpone(&self) {
        self.set(POSTPONED);
    }

    /// It is the handler's turn; false if it was refused meanwhile and must not be started.
    pub(crate) fn start(&self) -> bool {
        self.decide(STARTED) != REFUSED
    }

    /// As [`start`](Self::start) for a handler that may be started several times, by interceptors.
    pub(crate) fn start_once_more(&self) -> bool {
        let (relaxed, state) = (Ordering::Relaxed, &self.state);
        let repeated = state.compare_exchange(STARTED, REPEATED, relaxed, relaxed);
        repeated.is_ok() || self.start()
    }

    /// Refuses a handler that waits; true if there is none now that is or was started.
    pub(crate) fn withdraw(&self) -> bool {
        self.decide(REFUSED) == REFUSED
    }

    /// The handler that was to be started turned out to be none.
    pub(crate) fn refuse(&self) {
        self.set(REFUSED);
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.state.load(Ordering::Relaxed) == REFUSED
    }

    /// Sets what becomes of the handler, unless one has been executed before it.
    fn set(&self, wanted: u8) {
        let (relaxed, state) = (Ordering::Relaxed, &self.state);
        // The error is that one has.
        let _ = state.fetch_update(relaxed, relaxed, |now| (now != REPEATED).then_some(wanted));
    }

    /// What becomes of a handler that waits is `wanted`, unless that was decided; gives what it is.
    fn decide(&self, wanted: u8) -> u8 {
        let decided =
            self.state
                .compare_exchange(POSTPONED, wanted, Ordering::Relaxed, Ordering::Relaxed);
        decided.map_or_else(|earlier| earlier, |_| wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_is_started_unless_it_was_withdrawn_while_it_waited() {
        let at_once = Start::default();
        assert!(at_once.start() && !at_once.withdraw() && !at_once.is_refused());

        let started = Start::default();
        started.postpone();
        assert!(started.start() && !started.withdraw() && !started.is_refused());

        let withdrawn = Start::default();
        withdrawn.postpone();
        assert!(withdrawn.withdraw() && !withdrawn.start() && withdrawn.is_refused());
    }

    #[test]
    fn a_handler_that_is_started_once_more_and_then_refused_has_been_executed() {
        let repeated = Start::default();
        repeated.postpone();
        assert!(repeated.start_once_more());
        assert!(repeated.start_once_more());
        repeated.postpone();
        assert!(!repeated.withdraw() && repeated.start());
        repeated.refuse();
        assert!(!repeated.is_refused());

        let refused_twice = Start::default();
        refused_twice.postpone();
        for _ in 0..2 {
            assert!(refused_twice.start_once_more());
            refused_twice.postpone();
        }
        assert!(refused_twice.withdraw() && !refused_twice.start_once_more());
    }
}
