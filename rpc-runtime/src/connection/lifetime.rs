//! When a connection ends although nothing is wrong with it.

use std::time::{Duration, Instant};

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Nobody used it.
    Idle,
    /// It is old.
    Old,
}

impl End {
    /// The reason as a server's clients are told it.
    pub(crate) fn of_server(self) -> &'static str {
        match self {
            End::Idle => IDLE,
            End::Old => "the connection is as old as it may become (max_connection_age)",
        }
    }

    /// The reason as a client's server is told it.
    pub(crate) fn of_client(self) -> &'static str {
        match self {
            End::Idle => IDLE,
            End::Old => "the connection is as old as it may become (max_lifetime)",
        }
    }
}

const IDLE: &str = "nobody used the connection (idle_timeout)";

/// The end of a connection that nobody uses, or that is old.
pub(crate) struct Lifetime {
    /// `None` once it has passed.
    idle_timeout: Option<Duration>,
    /// Since when there are no calls, as far as is known.
    idle_since: Option<Instant>,
    old: Option<Instant>,
}

impl Lifetime {
    /// The lifetime of a connection that begins now. Its age is up to a tenth more or less than
    /// `max_age`, so that connections that began together do not end together.
    pub(crate) fn new(idle_timeout: Duration, max_age: Option<Duration>) -> Self {
        let now = Instant::now();
        let jitter = 0.9 + fastrand::f64() * 0.2;
        let old = max_age.and_then(|age| {
            let age = Duration::try_from_secs_f64(age.as_secs_f64() * jitter).ok()?;
            now.checked_add(age)
        });
        Lifetime {
            idle_timeout: Some(idle_timeout),
            idle_since: Some(now),
            old,
        }
    }

    /// Something came, perhaps a call that is answered already.
    pub(crate) fn used(&mut self, now: Instant) {
        self.idle_since = Some(now);
    }

    /// Since when there are no calls, if there are none.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        self.idle_since
    }

    /// When the connection ends, if it goes on with calls or without as now.
    pub(crate) fn end(&mut self, has_calls: bool) -> Option<Instant> {
        let idle = if has_calls {
            self.idle_since = None;
            None
        } else {
            let since = *self.idle_since.get_or_insert_with(Instant::now);
            self.idle_timeout
                .and_then(|timeout| since.checked_add(timeout))
        };
        idle.into_iter().chain(self.old).min()
    }

    /// Why the connection ends now, if it does; it is said once.
    pub(crate) fn expire(&mut self, now: Instant, has_calls: bool) -> Option<End> {
        if self.end(has_calls).is_none_or(|end| end > now) {
            return None;
        }
        let is_old = self.old.take().is_some_and(|old| old <= now);
        self.idle_timeout = None;
        Some(if is_old { End::Old } else { End::Idle })
    }

    /// The connection stays although nobody used it: the time begins again.
    pub(crate) fn stay(&mut self, now: Instant, idle_timeout: Duration) {
        self.idle_since = Some(now);
        self.idle_timeout = Some(idle_timeout);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_connection_is_idle_a_while_after_its_last_call_and_never_with_calls() {
        let mut lifetime = Lifetime::new(MINUTE, None);
        let first = lifetime.end(false).unwrap();
        assert_eq!(lifetime.end(false), Some(first), "it stays as it is");
        assert_eq!(lifetime.end(true), None);
        let end = lifetime.end(false).unwrap();
        assert!(end > first, "it counts from the end of the call");
        assert_eq!(lifetime.expire(first, false), None);
        assert_eq!(lifetime.expire(end, false), Some(End::Idle));
        assert_eq!(lifetime.end(false), None, "it ends once");
        lifetime.stay(end, MINUTE);
        assert_eq!(lifetime.end(false), Some(end + MINUTE));
    }

    #[test]
    fn an_old_connection_ends_with_calls_too_a_tenth_earlier_or_later() {
        let began = Instant::now();
        let mut lifetime = Lifetime::new(Duration::MAX, Some(10 * MINUTE));
        let end = lifetime.end(true).unwrap();
        assert!(end >= began + 9 * MINUTE && end <= Instant::now() + 11 * MINUTE);
        assert_eq!(lifetime.expire(began, true), None);
        assert_eq!(lifetime.expire(end, true), Some(End::Old));
    }
}
