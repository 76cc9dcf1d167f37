//! Sending a call again without waiting for its failure.

use std::time::{Duration, Instant};

use rpc_wire::{Code, Status};

use super::budget::Tokens;
use super::codes::Codes;
use super::policy::at_least_once;

/// Sends a call again when no answer has come for a while; the first answer counts and the others are
/// cancelled at their servers.
///
/// It cuts the slowest answers short, for the price of more load: choose a delay that few calls take. Only
/// calls that may run twice are hedged, by their method's `idempotency_level` or by
/// [`idempotent`](crate::Call::idempotent), and only those without a stream; others are sent once. Each further
/// attempt takes a token of the channel's [`RetryBudget`](super::RetryBudget), so that a slow server is not sent
/// more than a tenth on top.
///
/// ```
/// use std::time::Duration;
/// use rpc_runtime::{Call, Hedge};
///
/// fn quick<T>(call: Call<T>) -> Call<T> {
///     call.idempotent(true).hedge(Hedge::after(Duration::from_millis(20)))
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Hedge {
    pub(super) max_attempts: u16,
    pub(super) delay: Duration,
    pub(super) non_fatal: Codes,
}

impl Hedge {
    /// Two attempts, the second `delay` after the first.
    pub fn after(delay: Duration) -> Self {
        Hedge {
            max_attempts: 2,
            delay,
            non_fatal: Codes::from_iter([Code::Unavailable]),
        }
    }

    /// How often the call is sent at most, from once to 65,535 times, each time `delay` after the time before; 2 unless set.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = at_least_once(attempts);
        self
    }

    /// The codes with which an attempt may end without ending the call; the next attempt then begins at
    /// once. UNAVAILABLE unless set.
    pub fn non_fatal(mut self, codes: impl IntoIterator<Item = Code>) -> Self {
        self.non_fatal = codes.into_iter().collect();
        self
    }
}

/// The attempts of a hedged call.
#[derive(Debug)]
pub(crate) struct Race {
    hedge: Hedge,
    /// Attempts that were sent.
    sent: u32,
    /// Attempts that have not ended.
    running: u32,
    /// When the next one is sent; `None` if there is none.
    next: Option<Instant>,
}

impl Race {
    /// An attempt is sent now, which makes it `sent`.
    pub(crate) fn new(hedge: Hedge, sent: u32, now: Instant) -> Self {
        let mut race = Race {
            hedge,
            sent,
            running: 1,
            next: None,
        };
        race.plan(now, race.hedge.delay);
        race
    }

    /// When [`send`](Self::send) wants to be asked.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// Whether a further attempt is sent now, which this counts.
    pub(crate) fn send(&mut self, now: Instant, tokens: &Tokens) -> bool {
        if self.next.is_none_or(|next| next > now) {
            return false;
        }
        // What follows the failure of all others was allowed when they failed.
        if self.running > 0 && !tokens.allow() {
            // Whoever is out of budget now sends no more hedges for this call.
            self.next = None;
            return false;
        }
        tokens.spend();
        self.sent += 1;
        self.running += 1;
        self.plan(now, self.hedge.delay);
        true
    }

    /// An attempt failed; whether the call fails with it. One that did not run, for want of a place
    /// say, tells nothing of the others: they go on.
    pub(crate) fn failed(&mut self, status: &Status, now: Instant, tokens: &Tokens) -> bool {
        self.running -= 1;
        if !self.hedge.non_fatal.contains(status.code()) {
            return self.running == 0 || status.may_have_run();
        }
        tokens.spend();
        self.plan(now, status.retry_pushback().unwrap_or_default());
        if !tokens.allow() {
            self.next = None;
        }
        self.running == 0 && self.next.is_none()
    }

    /// When the next attempt is sent, if that is later and no other may end before.
    pub(crate) fn pause(&self, now: Instant) -> Option<Instant> {
        self.next.filter(|next| self.running == 0 && *next > now)
    }

    fn plan(&mut self, now: Instant, delay: Duration) {
        let more = self.sent < u32::from(self.hedge.max_attempts);
        self.next = more.then(|| now.checked_add(delay)).flatten();
    }
}

#[cfg(test)]
mod tests {
    use super::super::budget::RetryBudget;
    use super::*;

    const DELAY: Duration = Duration::from_millis(10);

    fn race(attempts: u32) -> (Race, Instant, Tokens) {
        let now = Instant::now();
        let hedge = Hedge::after(DELAY).attempts(attempts);
        let tokens = Tokens::new(RetryBudget::default());
        (Race::new(hedge, 1, now), now, tokens)
    }

    #[test]
    fn attempts_are_sent_one_delay_apart_and_no_more_than_allowed() {
        let (mut race, mut now, tokens) = race(3);
        assert!(!race.send(now, &tokens));
        for _ in 0..2 {
            assert_eq!(race.next(), Some(now + DELAY));
            now += DELAY;
            assert!(race.send(now, &tokens));
            assert!(!race.send(now, &tokens));
        }
        assert_eq!(race.next(), None);
        assert!(!race.send(now + DELAY, &tokens));
    }

    #[test]
    fn a_failure_that_is_not_fatal_brings_the_next_attempt_forward() {
        let (mut race, now, tokens) = race(2);
        assert!(!race.failed(&Status::unavailable("down"), now, &tokens));
        assert!(race.send(now, &tokens));
        assert!(race.failed(&Status::unavailable("down"), now, &tokens));
    }

    #[test]
    fn a_failure_that_is_not_fatal_leaves_the_others_running() {
        let (mut race, now, tokens) = race(2);
        assert!(race.send(now + DELAY, &tokens));
        assert!(!race.failed(&Status::unavailable("down"), now, &tokens));
        assert!(race.failed(&Status::unavailable("down"), now, &tokens));
    }

    #[test]
    fn a_fatal_failure_ends_the_call() {
        let (mut race, now, tokens) = race(3);
        assert!(race.send(now + DELAY, &tokens));
        assert!(race.failed(&Status::not_found("nothing"), now, &tokens));
    }

    #[test]
    fn a_failure_of_an_attempt_that_did_not_run_is_not_fatal_while_others_run() {
        let (mut race, now, tokens) = race(2);
        assert!(race.send(now + DELAY, &tokens));
        let no_place = Status::resource_exhausted("full").with_may_have_run(false);
        assert!(!race.failed(&no_place, now, &tokens));
        assert!(race.failed(&no_place, now, &tokens));
    }

    #[test]
    fn the_servers_wish_delays_the_next_attempt() {
        let (mut race, now, tokens) = race(2);
        let status = Status::unavailable("down").with_retry_pushback(5 * DELAY);
        assert!(!race.failed(&status, now, &tokens));
        assert_eq!(race.pause(now), Some(now + 5 * DELAY));
        assert!(!race.send(now + DELAY, &tokens));
        assert!(race.send(now + 5 * DELAY, &tokens));
    }

    #[test]
    fn an_attempt_that_was_allowed_when_all_others_failed_is_sent() {
        let (mut race, now, tokens) = race(2);
        assert!(!race.failed(&Status::unavailable("down"), now, &tokens));
        assert_eq!(race.pause(now), None);
        (0..100).for_each(|_| tokens.spend());
        assert!(race.send(now, &tokens));
    }

    #[test]
    fn a_server_that_asks_not_to_is_sent_no_more() {
        let (mut race, now, tokens) = race(2);
        let status = Status::unavailable("down").with_retry_pushback(Duration::MAX);
        assert!(race.failed(&status, now, &tokens));
    }

    #[test]
    fn hedges_take_from_the_budget_and_end_with_it() {
        let tokens = Tokens::new(RetryBudget::default());
        let now = Instant::now();
        let sent = (0..1_000)
            .filter(|_| Race::new(Hedge::after(DELAY), 1, now).send(now + DELAY, &tokens))
            .count();
        assert_eq!(sent, 50);
    }
}
