//! Frames that are allowed, but not without end.

use std::time::{Duration, Instant};

use super::SessionError;
use crate::frame::GoAwayCode;

/// Pings that may come earlier than agreed before the peer is told to leave: a few are early
/// when the network bunches them.
const EARLY_PINGS_TOLERATED: u32 = 8;

/// GOAWAYs that a peer may send: an orderly end takes two and an error one, and some may come of
/// several reasons to leave.
const GOAWAYS_TOLERATED: u32 = 8;

/// Counts the frames of which a peer has no reason to send many. Those that are not counted cost no
/// more than reading their bytes: nothing is kept of them, and nothing is answered.
#[derive(Debug, Default)]
pub(crate) struct Floods {
    last_ping: Option<Instant>,
    early_pings: u32,
    goaways: u32,
    /// Late frames that the peer may still send.
    late_allowance: u64,
}

impl Floods {
    /// A stream was opened, or ended by this side: `frames` of the peer may cross that on their way.
    pub(crate) fn allow_late(&mut self, frames: u64) {
        self.late_allowance += frames;
    }

    /// Counts a frame for a stream that had ended.
    pub(crate) fn note_late(&mut self, id: u32) -> Result<(), SessionError> {
        let allowance = self.late_allowance.checked_sub(1).ok_or_else(|| {
            excessive(format!(
                "more frames for streams that had ended than can be on their way, the last for stream {id}"
            ))
        })?;
        self.late_allowance = allowance;
        Ok(())
    }

    /// Counts a PING, of which one is agreed on per `interval`.
    pub(crate) fn note_ping(
        &mut self,
        now: Instant,
        interval: Duration,
    ) -> Result<(), SessionError> {
        let early = self
            .last_ping
            .is_some_and(|last| now.saturating_duration_since(last) < interval);
        self.last_ping = Some(now);
        self.early_pings = if early { self.early_pings + 1 } else { 0 };
        if self.early_pings > EARLY_PINGS_TOLERATED {
            return Err(excessive(format!(
                "pings came more often than every {interval:?}, the agreed interval"
            )));
        }
        Ok(())
    }

    /// Counts a GOAWAY.
    pub(crate) fn note_goaway(&mut self) -> Result<(), SessionError> {
        self.goaways += 1;
        if self.goaways > GOAWAYS_TOLERATED {
            return Err(excessive(format!(
                "more than {GOAWAYS_TOLERATED} GOAWAY frames on a connection"
            )));
        }
        Ok(())
    }
}

/// A peer that is told to leave.
fn excessive(message: String) -> SessionError {
    SessionError::new(GoAwayCode::ExcessiveLoad, message)
}
