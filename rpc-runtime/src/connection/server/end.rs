//! How a connection ends though nothing is wrong with it.

use std::time::{Duration, Instant};

use bytes::Buf;
use rpc_wire::Status;
use rpc_wire::session::SessionStats;

use super::{RequestSink, ServerDriver};
use crate::connection::shutdown::{FIRST_BYTES_TIMEOUT, SHUTTING_DOWN};

/// How long a client has to answer the PING of an orderly end.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a client that has been asked for a receipt may show no sign of life, unless `write_timeout` is
/// shorter. While replies are on their way it sends a PONG every 5 seconds, so it missed two.
const RECEIPT_TIMEOUT: Duration = Duration::from_secs(12);

/// What there was when the server began to shut down, and what it has cut since.
pub(super) struct Before {
    open: u64,
    stats: SessionStats,
    cut: u64,
}

/// The last replies of an orderly end.
pub(super) struct LastReplies {
    /// Where they stop, in bytes since the connection began.
    end: u64,
    /// When the last of them was written.
    written: Option<Instant>,
}

impl<S: RequestSink> ServerDriver<S> {
    /// Begins an orderly end. A client that has not identified itself has a little time: its first requests
    /// may be on their way.
    pub(super) fn begin_shutdown(&mut self) {
        self.before_shutdown = Some(Before {
            open: self.session.open_streams() as u64,
            stats: self.session.stats(),
            cut: 0,
        });
        if self.session.is_established() {
            self.drain(SHUTTING_DOWN);
        } else {
            let soon = Instant::now().checked_add(FIRST_BYTES_TIMEOUT);
            self.frame_deadline = self.frame_deadline.into_iter().chain(soon).min();
        }
    }

    /// Ends the calls that took longer than the server can wait.
    pub(super) fn cut(&mut self) -> String {
        if self.session.is_finished() {
            return "the client did not show within shutdown_grace that it has its last replies"
                .to_owned();
        }
        let open = self.session.open_streams() as u64;
        let refused = self.session.stats().refused;
        let status = Status::unavailable(
            "the server shut down, and the call took longer than it could wait (shutdown_grace)",
        );
        self.session.end_all(&status, &mut self.sink);
        let refused = self.session.stats().refused - refused;
        if let Some(before) = &mut self.before_shutdown {
            before.cut = open - refused;
        }
        "its calls took longer than shutdown_grace".to_owned()
    }

    /// Tells the server what became of the calls since it began to shut down.
    pub(super) fn count(&mut self) {
        let Some(before) = &self.before_shutdown else {
            return;
        };
        let stats = self.session.stats();
        let refused = stats.refused - before.stats.refused;
        let accepted = before.open + stats.streams_opened - before.stats.streams_opened - refused;
        let left = before.cut.max(self.session.open_streams() as u64);
        let cancelled = stats.cancelled - before.stats.cancelled;
        let finished = accepted.saturating_sub(left + cancelled);
        self.shutdown.tally.add(finished, refused, before.cut);
    }

    /// Begins an orderly end.
    pub(super) fn drain(&mut self, reason: &'static str) {
        self.draining = true;
        self.session.drain(reason);
        self.drain_deadline = Some(Instant::now() + DRAIN_TIMEOUT);
    }

    /// Asks the client, once the last reply is queued, whether everything has arrived.
    pub(super) fn ask_receipt(&mut self) {
        if self.session.is_finished() && self.last_replies.is_none() {
            let queued = self.wire.output.remaining() + self.session.queued_output();
            self.last_replies = Some(LastReplies {
                end: self.wire.written() + queued as u64,
                written: None,
            });
            self.session.ask_receipt();
        }
    }

    /// Whether the last reply of an orderly end was written.
    pub(super) fn has_sent_all(&self) -> bool {
        let last = self.last_replies.as_ref();
        last.is_some_and(|last| last.end <= self.wire.written())
    }

    /// Whether an orderly end has come to its end, and the client has everything.
    pub(super) fn is_over(&self) -> bool {
        self.session.is_finished() && self.session.is_received() && !self.wire.is_writing()
    }

    /// By when the client must have shown, at an orderly end, that it has its last replies. They may
    /// be on their way for long, and then its PONGs show that it is there.
    pub(super) fn receipt_deadline(&mut self) -> Option<Instant> {
        if self.session.is_received() || !self.has_sent_all() {
            return None;
        }
        let last = self.last_replies.as_mut()?;
        let written = *last.written.get_or_insert_with(|| {
            let idle_since = self.lifetime.idle_since().unwrap_or_else(Instant::now);
            self.wire.resumed().unwrap_or(idle_since).max(idle_since)
        });
        let last_sign = self.session.last_pong().unwrap_or(written).max(written);
        last_sign.checked_add(self.receipt_timeout())
    }

    pub(super) fn receipt_timeout(&self) -> Duration {
        RECEIPT_TIMEOUT.min(self.config.write_timeout)
    }
}
