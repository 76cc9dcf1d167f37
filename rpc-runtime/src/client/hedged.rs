//! A call that is sent again without waiting for its failure.

use std::pin::Pin;
use std::task::{Context as Poller, Poll, ready};
use std::time::Instant;

use rpc_wire::session::Outcome;
use tokio::time::{Sleep, sleep_until};

use super::attempt::Attempt;
use crate::retry::{Hedge, Race};

/// The attempts of a hedged call beside its first. Dropping it cancels them.
pub(super) struct Hedged {
    race: Race,
    /// How often the request was sent.
    sent: u32,
    /// The first attempt has not ended.
    first: bool,
    others: Vec<Attempt>,
    /// No attempt is left, and the server said when to send the next.
    pause: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Hedged {
    /// A call that is sent now.
    pub(super) fn new(hedge: Hedge, first: &Attempt, now: Instant) -> Self {
        first.core.pool.watch_runtime();
        Hedged {
            race: Race::new(hedge, first.counted_attempts(), now),
            sent: first.attempts(),
            first: true,
            others: Vec::new(),
            pause: None,
            timer: None,
        }
    }

    /// How often the call was sent.
    pub(super) fn attempts(&self) -> u32 {
        self.sent
    }

    /// When the call, which has failed, is to be sent again, if it is.
    pub(super) fn pause(&self) -> Option<Instant> {
        self.pause
    }

    /// Goes on until an attempt succeeds, or there is none left that could; the others are cancelled.
    pub(super) fn poll(&mut self, first: &mut Attempt, cx: &mut Poller<'_>) -> Poll<Outcome> {
        loop {
            if let Poll::Ready(outcome) = self.poll_attempts(first, cx) {
                self.others.clear();
                first.give_up();
                return Poll::Ready(outcome);
            }
            if let Poll::Ready(status) = first.poll_parent(cx) {
                self.others.clear();
                return Poll::Ready(Outcome::Failed(status));
            }
            ready!(self.poll_timer(first, cx));
            if self.race.send(Instant::now(), &first.core.rules.tokens) {
                tracing::debug!(
                    method = first.method.path(),
                    attempts = self.sent + 1,
                    "a call is hedged"
                );
                self.others.push(first.twin(self.sent));
                self.sent += 1;
            }
        }
    }

    /// Polls all attempts; ready with the outcome of the call.
    fn poll_attempts(&mut self, first: &mut Attempt, cx: &mut Poller<'_>) -> Poll<Outcome> {
        if self.first
            && let Poll::Ready(outcome) = poll_attempt(first, &mut self.sent, cx)
        {
            self.first = false;
            if let Some(outcome) = self.decide(outcome, first) {
                return Poll::Ready(outcome);
            }
        }
        let mut index = 0;
        while index < self.others.len() {
            let Poll::Ready(outcome) = poll_attempt(&mut self.others[index], &mut self.sent, cx)
            else {
                index += 1;
                continue;
            };
            self.others.swap_remove(index);
            if let Some(outcome) = self.decide(outcome, first) {
                return Poll::Ready(outcome);
            }
        }
        Poll::Pending
    }

    /// The outcome of the call, if that of an attempt is.
    fn decide(&mut self, outcome: Outcome, first: &mut Attempt) -> Option<Outcome> {
        let Outcome::Failed(status) = outcome else {
            return Some(outcome);
        };
        first.ran |= status.may_have_run();
        let (now, tokens) = (Instant::now(), &first.core.rules.tokens);
        let fails = self.race.failed(&status, now, tokens);
        if !fails {
            self.pause = self.race.pause(now);
        }
        (fails || self.pause.is_some()).then_some(Outcome::Failed(status))
    }

    /// Waits until the next attempt is to be sent; for ever if there is none.
    fn poll_timer(&mut self, first: &Attempt, cx: &mut Poller<'_>) -> Poll<()> {
        let Some(next) = self.race.next() else {
            return Poll::Pending;
        };
        if next <= Instant::now() {
            return Poll::Ready(());
        }
        let pool = &first.core.pool;
        let is_current = |timer: &Pin<Box<Sleep>>| timer.deadline() == next.into();
        if !self.timer.as_ref().is_some_and(is_current) {
            let _runtime = pool.runtime().enter();
            self.timer = Some(Box::pin(sleep_until(next.into())));
        }
        match &mut self.timer {
            // If the runtime goes, the attempts end with it.
            Some(timer) => pool.poll_in_runtime(|| timer.as_mut().poll(cx)),
            None => Poll::Pending,
        }
    }
}

/// Goes on until an attempt has ended, sent again where that is certain to do no harm; it is then the
/// next of all that were `sent`.
fn poll_attempt(attempt: &mut Attempt, sent: &mut u32, cx: &mut Poller<'_>) -> Poll<Outcome> {
    loop {
        match ready!(attempt.poll_attempt(cx)) {
            Outcome::Failed(status) if attempt.send_again(&status) => {
                attempt.resent = *sent;
                *sent += 1;
            }
            outcome => return Poll::Ready(outcome),
        }
    }
}
