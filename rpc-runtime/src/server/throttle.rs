//! Events that come in floods.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time between two events of one kind: enough to see that it happens, and how often.
const INTERVAL: Duration = Duration::from_secs(1);

/// Lets one event a second pass and counts the others.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    suppressed: u64,
}

impl Throttle {
    /// Whether an event may be reported now; if so, how many were not since the last one.
    pub(super) fn pass(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| now < last + INTERVAL) {
            state.suppressed += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_flood_of_events_one_a_second_is_reported_with_the_number_of_the_others() {
        let throttle = Throttle::default();
        let begun = Instant::now();
        assert_eq!(throttle.pass(begun), Some(0));
        for tenth in 1..10 {
            assert_eq!(throttle.pass(begun + tenth * INTERVAL / 10), None);
        }
        assert_eq!(throttle.pass(begun + INTERVAL), Some(9));
        assert_eq!(throttle.pass(begun + 2 * INTERVAL), Some(0));
    }
}
