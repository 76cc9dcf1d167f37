//! Whether a call that failed is sent again, and when.

use std::time::{Duration, Instant};

use rpc_wire::Status;

use super::backoff;
use super::budget::Tokens;
use super::policy::Retry;

/// An attempt that failed.
#[derive(Debug)]
pub(crate) struct Failure<'a> {
    pub(crate) status: &'a Status,
    /// It took longer than an attempt may.
    pub(crate) timed_out: bool,
    /// Attempts so far, without those that were repeated because a connection was being replaced.
    pub(crate) attempts: u32,
    /// The call may run twice.
    pub(crate) idempotent: bool,
    /// When the call ends at the latest.
    pub(crate) deadline: Option<Instant>,
}

/// Why a call is not sent again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum NotAgain {
    /// It is no failure that passes.
    Lasting,
    /// It has been sent as often as the policy says.
    Attempts(u16),
    /// It may have run, and nobody says that it may run twice.
    MayHaveRun,
    /// The budget is used up.
    Budget,
    /// The next attempt would begin after the deadline.
    Deadline(Duration),
    /// So many calls wait to be sent again that no more may.
    Crowd(usize),
    /// There is no thread to time it.
    NoThread,
    /// The process ends.
    ShutDown,
}

/// When the next attempt begins; `random` is from 0 to 1.
///
/// # Errors
///
/// Why there is none.
pub(crate) fn decide(
    policy: &Retry,
    failure: &Failure<'_>,
    tokens: &Tokens,
    now: Instant,
    random: f64,
) -> Result<Instant, NotAgain> {
    let status = failure.status;
    if !failure.timed_out && !policy.codes.contains(status.code()) {
        return Err(NotAgain::Lasting);
    }
    tokens.spend();
    if failure.attempts >= u32::from(policy.max_attempts) {
        return Err(match policy.max_attempts {
            1 => NotAgain::Lasting,
            attempts => NotAgain::Attempts(attempts),
        });
    }
    if status.may_have_run() && !failure.idempotent {
        return Err(NotAgain::MayHaveRun);
    }
    if !tokens.allow() {
        return Err(NotAgain::Budget);
    }
    let pause = status.retry_pushback();
    let pause = pause.unwrap_or_else(|| backoff::pause(policy, failure.attempts, random));
    let at = now.checked_add(pause).ok_or(NotAgain::Deadline(pause))?;
    match failure.deadline {
        Some(deadline) if at >= deadline => Err(NotAgain::Deadline(pause)),
        _ => Ok(at),
    }
}

impl NotAgain {
    /// The last status of the call, which says why there was no further attempt.
    pub(crate) fn explain(self, status: Status) -> Status {
        let why = match self {
            NotAgain::Lasting => return status,
            NotAgain::Attempts(attempts) => {
                format!("all {attempts} attempts of the retry policy are used up")
            }
            NotAgain::MayHaveRun => "it may have run, and may not run twice; if it may, set \
                idempotency_level in the .proto or call idempotent(true)"
                .to_owned(),
            NotAgain::Budget => {
                "the channel's retry_budget is used up, too many calls fail".to_owned()
            }
            NotAgain::Deadline(Duration::MAX) => "the server asks not to".to_owned(),
            NotAgain::Deadline(pause) => {
                format!("the deadline passes within the pause of {pause:?}")
            }
            NotAgain::Crowd(limit) => {
                format!("{limit} calls wait to be sent again (retry::MAX_WAITING)")
            }
            NotAgain::NoThread => "the thread that times retries cannot be started".to_owned(),
            NotAgain::ShutDown => "retry::shutdown was called".to_owned(),
        };
        let message = match status.message() {
            "" => status.code().description(),
            message => message,
        };
        let message = format!("{message}; not sent again: {why}");
        status.with_message(message)
    }
}

#[cfg(test)]
mod tests;
