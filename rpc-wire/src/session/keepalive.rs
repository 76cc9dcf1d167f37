//! Finds out when the peer is gone.

use std::time::{Duration, Instant};

use super::SessionError;
use crate::frame::GoAwayCode;

/// How a connection with open streams finds out that its peer is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// Silence after which the peer is sent a PING; never less than the peer's
    /// `min_ping_interval`.
    pub interval: Duration,
    /// Further silence after which the peer is given up.
    pub timeout: Duration,
}

/// When the peer was heard last, and since when it owes an answer. Sessions have one of their own; connections that
/// speak other protocols have none and use this.
#[derive(Debug)]
pub struct Silence {
    keepalive: Option<Keepalive>,
    heard: Option<Instant>,
    asked: Option<Instant>,
}

impl Silence {
    /// A peer that has not been heard.
    pub fn new(keepalive: Option<Keepalive>) -> Self {
        Silence {
            keepalive,
            heard: None,
            asked: None,
        }
    }

    /// Something arrived, or nothing could because nobody reads.
    pub fn heard(&mut self, now: Instant) {
        self.heard = Some(now);
        self.asked = None;
    }

    /// When [`expire`](Self::expire) wants to be called. A connection without open streams is not
    /// asked whether it is alive; others are not asked again sooner than after `least`.
    pub fn next_timeout(&self, has_streams: bool, least: Duration) -> Option<Instant> {
        let keepalive = self.keepalive.as_ref()?;
        match self.asked {
            Some(asked) => asked.checked_add(keepalive.timeout),
            None if has_streams => self.heard?.checked_add(keepalive.interval.max(least)),
            None => None,
        }
    }

    /// Whether the peer is to be sent a PING now.
    ///
    /// # Errors
    ///
    /// The peer did not answer the last one in time.
    pub fn expire(
        &mut self,
        now: Instant,
        has_streams: bool,
        least: Duration,
    ) -> Result<bool, SessionError> {
        let due = self.next_timeout(has_streams, least);
        let Some(keepalive) = self.keepalive.filter(|_| due.is_some_and(|due| due <= now)) else {
            return Ok(false);
        };
        if self.asked.is_some() {
            let Keepalive { interval, timeout } = keepalive;
            return Err(SessionError::new(
                GoAwayCode::Timeout,
                format!(
                    "the peer is gone: nothing came from it for {:?}, and no answer to a PING for \
                     {timeout:?} of that (keepalive)",
                    interval.max(least) + timeout
                ),
            ));
        }
        self.asked = Some(now);
        Ok(true)
    }

    /// Whether the peer was heard within `least`, and whether it is to be sent a PING now: not before
    /// its first word, and not while it owes an answer.
    pub(super) fn check(&mut self, now: Instant, least: Duration) -> (bool, bool) {
        let alive = self
            .heard
            .is_none_or(|heard| now.saturating_duration_since(heard) < least);
        let ask = !alive && self.asked.is_none();
        if ask {
            self.asked = Some(now);
        }
        (alive, ask)
    }
}
