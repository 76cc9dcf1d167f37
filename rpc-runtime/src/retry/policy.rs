//! How often a call is sent again, and after which pauses.

use std::time::Duration;

use rpc_wire::{Code, RetryPolicy};

use super::codes::Codes;
use super::hedge::Hedge;

/// Pause before the second attempt, unless configured otherwise: what passes by itself, such as a server
/// that is being replaced, often has by then.
const DEFAULT_INITIAL_BACKOFF: Duration = Duration::from_millis(100);

/// Longest pause, unless configured otherwise: a third of a call's default deadline.
const DEFAULT_MAX_BACKOFF: Duration = Duration::from_secs(10);

/// Growth of the pauses, unless configured otherwise.
const DEFAULT_MULTIPLIER: f64 = 2.0;

/// How often a call is sent, and after which pauses.
///
/// The pause before an attempt is chosen at random between nothing and a longest one, which grows from
/// attempt to attempt, so that many callers who failed together do not come back together. If the
/// server says how long to wait, it is that long instead.
///
/// It says nothing about whether a call may run twice: one that may have run is sent again only if its
/// method has an `idempotency_level` in the `.proto`, or the call is [idempotent](crate::Call::idempotent).
///
/// ```
/// use std::time::Duration;
/// use rpc_runtime::{Code, Retry};
///
/// let retry = Retry::exponential(4)
///     .initial_backoff(Duration::from_millis(50))
///     .max_backoff(Duration::from_secs(2))
///     .attempt_timeout(Duration::from_millis(500))
///     .codes([Code::Unavailable, Code::Aborted]);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Retry {
    pub(super) max_attempts: u16,
    pub(super) initial_backoff: Duration,
    pub(super) max_backoff: Duration,
    pub(super) multiplier: f64,
    pub(super) attempt_timeout: Option<Duration>,
    pub(super) codes: Codes,
}

impl Retry {
    /// Up to `attempts`, the first one counted, with a pause before each further one of up to 100 ms,
    /// 200 ms, 400 ms and so on to 10 seconds. Calls that end with UNAVAILABLE are sent again.
    pub fn exponential(attempts: u32) -> Self {
        Retry {
            max_attempts: at_least_once(attempts),
            initial_backoff: DEFAULT_INITIAL_BACKOFF,
            max_backoff: DEFAULT_MAX_BACKOFF,
            multiplier: DEFAULT_MULTIPLIER,
            attempt_timeout: None,
            codes: Codes::from_iter([Code::Unavailable]),
        }
    }

    /// One attempt. A call that provably never reached a handler because its connection was being replaced
    /// is sent again in any case.
    pub fn none() -> Self {
        Self::exponential(1)
    }

    /// How often a call is sent at most, the first time counted: from once to 65,535 times.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = at_least_once(attempts);
        self
    }

    /// The longest pause before the second attempt; 100 ms unless set.
    pub fn initial_backoff(mut self, pause: Duration) -> Self {
        self.initial_backoff = pause;
        self
    }

    /// The longest pause of all; 10 seconds unless set.
    pub fn max_backoff(mut self, pause: Duration) -> Self {
        self.max_backoff = pause;
        self
    }

    /// By how much the longest pause grows from attempt to attempt; 2 unless set. What is not greater
    /// than 0 counts as 1.
    pub fn multiplier(mut self, multiplier: f64) -> Self {
        self.multiplier = if multiplier > 0.0 { multiplier } else { 1.0 };
        self
    }

    /// The time that one attempt of a call with one request and one reply may take; none unless set, so that
    /// only the call's deadline counts. An attempt that takes longer is cancelled, and made again if it may be.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// The codes after which a call is sent again; UNAVAILABLE unless set.
    pub fn codes(mut self, codes: impl IntoIterator<Item = Code>) -> Self {
        self.codes = codes.into_iter().collect();
        self
    }
}

/// A number of attempts in its bounds.
pub(super) fn at_least_once(attempts: u32) -> u16 {
    u16::try_from(attempts.max(1)).unwrap_or(u16::MAX)
}

impl Retry {
    pub(crate) fn limit_of_attempt(&self) -> Option<Duration> {
        self.attempt_timeout
    }
}

/// The option `(rpc.retry)` of a method.
impl From<&RetryPolicy> for Retry {
    fn from(policy: &RetryPolicy) -> Self {
        Self::exponential(policy.max_attempts())
            .initial_backoff(policy.initial_backoff())
            .max_backoff(policy.max_backoff())
            .multiplier(policy.backoff_multiplier())
    }
}

/// How a call is repeated: after failures, or without waiting for them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Policy {
    Retry(Retry),
    Hedge(Hedge),
}

impl Policy {
    /// How often a call is sent at most.
    pub(crate) fn max_attempts(&self) -> u16 {
        match self {
            Policy::Retry(retry) => retry.max_attempts,
            Policy::Hedge(hedge) => hedge.max_attempts,
        }
    }
}
