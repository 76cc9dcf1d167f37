//! Clients that begin calls only to end them: with a CANCEL, or by a deadline that has all but passed.

use std::time::{Duration, Instant};

/// Cancelled calls are counted for so long at a time.
const INTERVAL: Duration = Duration::from_secs(1);

/// Calls that a client may cancel in an [`INTERVAL`] for each stream that it may have open: all of them
/// ten times a second, which is what deadlines of a tenth of a second come to when a server is stuck.
const CANCELS_PER_STREAM: u64 = 10;

/// Calls that a client may cancel besides for each that it lets finish: it may send a call three
/// times and take the first answer.
const CANCELS_PER_FINISHED: u64 = 2;

/// Servers that allow fewer streams tolerate as many cancelled calls as if they allowed these.
const LEAST_STREAMS: u32 = 100;

/// The calls of one second that the client cancelled, or that came to the deadline which it gave them.
///
/// A stream that is cancelled makes room for the next, so `max_concurrent_streams` alone does not
/// bound how many handlers a client can have started. A client that cancels much is honest as long as it
/// lets others finish, or takes its time; one that does not is made to.
#[derive(Debug, Default)]
pub struct Cancels {
    /// When the interval began.
    since: Option<Instant>,
    /// Calls that had come to a handler by then.
    begun_before: u64,
    cancelled: u64,
    pause: Option<Instant>,
}

impl Cancels {
    /// Until when nothing should be read, because more was cancelled than is tolerated.
    pub fn pause(&self) -> Option<Instant> {
        self.pause
    }

    /// Notes a cancelled call, of the `begun` that have come to a handler so far.
    pub fn note(&mut self, now: Instant, begun: u64, max_concurrent_streams: u32) {
        let is_over = |since| now.saturating_duration_since(since) >= INTERVAL;
        let since = match self.since {
            Some(since) if !is_over(since) => since,
            _ => {
                *self = Cancels {
                    since: Some(now),
                    begun_before: begun,
                    ..Cancels::default()
                };
                now
            }
        };
        self.cancelled += 1;
        let tolerated = CANCELS_PER_STREAM * u64::from(max_concurrent_streams.max(LEAST_STREAMS));
        let others = begun.saturating_sub(self.begun_before);
        let finished = others.saturating_sub(self.cancelled);
        let is_over_limit = self.cancelled > tolerated + CANCELS_PER_FINISHED * finished;
        self.pause = is_over_limit.then_some(since + INTERVAL);
    }
}
