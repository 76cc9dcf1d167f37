//! How a call is repeated: what its caller says, and what becomes of a failure.

use std::task::{Context as Poller, Poll, ready};
use std::time::{Duration, Instant};

use rpc_wire::Status;

use super::attempt::Attempt;
use super::hedged::Hedged;
use crate::retry::{Alarm, Failure, NotAgain, Policy, Way, decide};

/// What few calls have: options about repeating them, and what they wait for.
#[derive(Default)]
pub(super) struct Repeat {
    /// In place of the channel's.
    pub(super) policy: Option<Policy>,
    /// Whether the call may run twice, in place of what its method says.
    pub(super) idempotent: Option<bool>,
    pub(super) hedged: Option<Box<Hedged>>,
    /// Set while the call waits to be sent again.
    pub(super) alarm: Option<Alarm>,
}

/// A call that is to be sent again.
#[derive(Debug)]
pub(super) struct Pause {
    /// When.
    pub(super) until: Instant,
    /// How the last attempt ended.
    pub(super) status: Status,
}

/// What becomes of a call after a failure.
pub(super) enum Next {
    /// It is sent again now.
    Again,
    /// It is sent again later.
    Pause(Pause),
    /// It ends.
    End(Status),
}

impl Repeat {
    /// The policy of a call: its own, or that of its channel and method.
    pub(super) fn policy(repeat: Option<&Repeat>, attempt: &Attempt) -> Option<Policy> {
        let own = repeat.and_then(|repeat| repeat.policy.clone());
        own.or_else(|| attempt.core.rules.policy(attempt.method))
    }

    /// Whether a call may run twice.
    pub(super) fn idempotent(repeat: Option<&Repeat>, attempt: &Attempt) -> bool {
        let own = repeat.and_then(|repeat| repeat.idempotent);
        own.unwrap_or_else(|| attempt.method.idempotency().may_repeat())
    }

    /// Whether a call is hedged if its policy says so: whether it may run twice, and at the same time.
    pub(super) fn is_hedged(repeat: Option<&Repeat>, attempt: &Attempt) -> bool {
        attempt.is_unary() && Self::idempotent(repeat, attempt)
    }

    /// Prepares an attempt that is about to begin.
    pub(super) fn prepare(repeat: &mut Option<Box<Repeat>>, attempt: &mut Attempt) {
        if !attempt.is_unary() {
            return;
        }
        match Self::policy(repeat.as_deref(), attempt) {
            Some(Policy::Hedge(hedge)) if Self::is_hedged(repeat.as_deref(), attempt) => {
                let hedged = Box::new(Hedged::new(hedge, attempt, Instant::now()));
                repeat.get_or_insert_default().hedged = Some(hedged);
            }
            Some(Policy::Retry(retry)) => attempt.attempt_timeout = retry.limit_of_attempt(),
            _ => {}
        }
    }

    /// Decides what becomes of a call after a failure.
    #[cold]
    pub(super) fn after(repeat: Option<&Repeat>, attempt: &mut Attempt, status: Status) -> Next {
        attempt.ran |= status.may_have_run();
        if let Some(hedged) = repeat.and_then(|repeat| repeat.hedged.as_ref()) {
            return Self::after_hedged(hedged, attempt, status);
        }
        if attempt.send_again(&status) {
            trace(attempt, None, &status);
            return Next::Again;
        }
        let Some(Policy::Retry(policy)) = Self::policy(repeat, attempt) else {
            return Next::End(status);
        };
        // A pool that was closed stays so.
        let is_closed = !status.may_have_run() && attempt.core.pool.is_closed();
        if is_closed || !attempt.can_resend() {
            return Next::End(status);
        }
        let timed_out = attempt.timed_out(&status);
        let status = match timed_out {
            Some(timeout) => status.with_message(format!(
                "no answer within {timeout:?} (attempt_timeout of the retry policy)"
            )),
            None => status,
        };
        let failure = Failure {
            status: &status,
            timed_out: timed_out.is_some(),
            attempts: attempt.counted_attempts(),
            idempotent: Self::idempotent(repeat, attempt),
            deadline: attempt.deadline,
        };
        let now = Instant::now();
        let tokens = &attempt.core.rules.tokens;
        match decide(&policy, &failure, tokens, now, fastrand::f64()) {
            Ok(until) => {
                trace(attempt, Some(until - now), &status);
                Next::Pause(Pause { until, status })
            }
            Err(NotAgain::Lasting) => Next::End(status),
            Err(why) => Next::End(why.explain(status)),
        }
    }

    /// Decides what becomes of a hedged call of which no attempt is left: it waits as others do if the
    /// server said how long.
    fn after_hedged(hedged: &Hedged, attempt: &mut Attempt, status: Status) -> Next {
        let Some(until) = hedged.pause() else {
            return Next::End(status);
        };
        attempt.resent = hedged.attempts() - 1;
        let pause = until.saturating_duration_since(Instant::now());
        if attempt.deadline.is_some_and(|deadline| deadline <= until) {
            return Next::End(NotAgain::Deadline(pause).explain(status));
        }
        trace(attempt, Some(pause), &status);
        Next::Pause(Pause { until, status })
    }

    /// Has a call that somebody polls wait to be sent again.
    ///
    /// # Errors
    ///
    /// How the call ends if it may not wait.
    pub(super) fn pause(
        repeat: &mut Option<Box<Repeat>>,
        attempt: &mut Attempt,
        pause: Pause,
    ) -> Result<(), Status> {
        // The place of a stream that has ended is of use to others.
        attempt.give_up();
        let (method, attempts, pool) = (attempt.method, attempt.attempts(), &attempt.core.pool);
        let way = Way::of(&**pool);
        let alarm = Alarm::set(pause.until, method, way, attempts, pause.status)?;
        pool.watch_runtime();
        if pool.is_closed() {
            alarm.rouse();
        }
        let repeat = repeat.get_or_insert_default();
        repeat.hedged = None;
        repeat.alarm = Some(alarm);
        Ok(())
    }

    /// Waits until a call is to be sent again, if it is; the error is how it ends otherwise.
    pub(super) fn poll_alarm(
        repeat: &mut Option<Box<Repeat>>,
        attempt: &mut Attempt,
        cx: &Poller<'_>,
    ) -> Poll<Result<(), Status>> {
        let Some(repeat) = repeat else {
            return Poll::Ready(Ok(()));
        };
        let Some(alarm) = &repeat.alarm else {
            return Poll::Ready(Ok(()));
        };
        let woken = match alarm.poll(cx) {
            Poll::Ready(woken) => woken,
            Poll::Pending => Err(ready!(attempt.poll_parent(cx))),
        };
        repeat.alarm = None;
        if woken.is_ok() {
            attempt.rewind();
        }
        Poll::Ready(woken)
    }
}

fn trace(attempt: &Attempt, pause: Option<Duration>, status: &Status) {
    tracing::debug!(
        method = attempt.method.path(),
        attempts = attempt.attempts(),
        ?pause,
        %status,
        "a call is sent again"
    );
}
