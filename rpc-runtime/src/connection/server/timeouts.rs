//! What a server does when a client takes too long.

use std::time::Instant;

use rpc_wire::frame::GoAwayCode;
use rpc_wire::session::SessionError;

use super::{RequestSink, ServerDriver};
use crate::connection::shutdown::SHUTTING_DOWN;

/// Replies that wait for the client to grant them a window.
pub(super) struct Unread {
    /// See [`ServerSession::awaits_grant`](rpc_wire::session::ServerSession::awaits_grant).
    progress: u64,
    since: Instant,
}

impl<S: RequestSink> ServerDriver<S> {
    /// By when the client must have taken something of the output, or let more of its replies be sent.
    pub(super) fn write_deadline(&self) -> Option<Instant> {
        let unread = self.unread.as_ref().map(|unread| unread.since);
        let since = self.wire.stalled_since().into_iter().chain(unread).min()?;
        since.checked_add(self.config.write_timeout)
    }

    /// Takes note of replies that only the client holds up, and since when.
    pub(super) fn note_unread(&mut self) {
        let Some(progress) = self.session.awaits_grant() else {
            self.unread = None;
            return;
        };
        if self
            .unread
            .as_ref()
            .is_none_or(|unread| unread.progress != progress)
        {
            let since = Instant::now();
            self.unread = Some(Unread { progress, since });
        }
    }

    /// Does what is due by now.
    pub(super) fn expire(&mut self) -> Result<(), String> {
        let now = Instant::now();
        let is_past = |goal: Option<Instant>| goal.is_some_and(|goal| goal <= now);
        if let Err(error) = self.session.expire(now, &mut self.sink) {
            self.session.fail(&error);
            return Err(error.to_string());
        }
        let has_calls = self.session.open_streams() > 0;
        if let Some(end) = self.lifetime.expire(now, has_calls) {
            self.drain(end.of_server());
        }
        if is_past(self.write_deadline()) {
            return Err(self.write_too_late());
        }
        if is_past(self.receipt_deadline()) {
            let limit = self.receipt_timeout();
            return Err(format!(
                "the client did not show for {limit:?} that it has its last replies"
            ));
        }
        if is_past(self.drain_deadline) {
            self.drain_deadline = None;
            self.session.finish_drain();
        }
        if is_past(self.frame_deadline) {
            let error = self.frame_too_late();
            self.session.fail(&error);
            return Err(error.message().to_owned());
        }
        Ok(())
    }

    /// Why the client, which takes no replies, does not get the rest.
    fn write_too_late(&mut self) -> String {
        let limit = self.config.write_timeout;
        if self.wire.stalled_since().is_some() {
            return format!(
                "the client took nothing of what was written for {limit:?} (write_timeout)"
            );
        }
        let message = format!(
            "replies waited for {limit:?} (write_timeout) for the client to grant them a window"
        );
        let error = SessionError::new(GoAwayCode::Timeout, message);
        self.session.fail(&error);
        error.message().to_owned()
    }

    /// Why the client, which has not said what it began to say, is not waited for any longer.
    fn frame_too_late(&self) -> SessionError {
        if self.session.is_established() {
            let limit = self.config.frame_timeout;
            let message = format!("a frame was not complete after {limit:?} (frame_timeout)");
            return SessionError::new(GoAwayCode::Timeout, message);
        }
        if self.before_shutdown.is_some() {
            return SessionError::new(GoAwayCode::NoError, SHUTTING_DOWN);
        }
        let limit = self.config.handshake_timeout;
        let message = format!("no SETTINGS after {limit:?} (handshake_timeout)");
        SessionError::new(GoAwayCode::Timeout, message)
    }
}
