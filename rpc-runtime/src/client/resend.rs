//! A request that is sent again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rpc_wire::{Code, Metadata, MethodDescriptor, MethodKind, Stage, Status};

use super::attempt::{Attempt, State};
use super::channel::Core;
use super::compression::Compress;

/// How often a call is sent again at once because the server provably never started it, which happens
/// when a connection is replaced.
const MAX_TRANSPARENT_RETRIES: u8 = 3;

impl Attempt {
    /// An attempt at a call that was sent before.
    pub(super) fn again(core: Arc<Core>, method: &'static MethodDescriptor, body: Bytes) -> Self {
        Attempt {
            core,
            method,
            body: body.into(),
            compressed: None,
            compress: Compress::Never,
            metadata: Metadata::new(),
            timeout: None,
            parent: None,
            requests: None,
            upload: None,
            deadline: None,
            attempt_timeout: None,
            limit: None,
            resent: 0,
            transparent: 0,
            ran: false,
            refused: false,
            state: State::Again,
        }
    }

    /// A further attempt beside this one.
    pub(super) fn twin(&self, number: u32) -> Self {
        let body = self.body.bytes.clone();
        let mut twin = Attempt::again(Arc::clone(&self.core), self.method, body);
        twin.compress = self.compress;
        twin.metadata = self.metadata.clone();
        twin.deadline = self.deadline;
        twin.resent = number;
        twin
    }

    /// Attempts that count for a retry policy.
    pub(super) fn counted_attempts(&self) -> u32 {
        self.attempts() - u32::from(self.transparent)
    }

    /// Whether the call was neither polled nor is sent again.
    pub(super) fn is_new(&self) -> bool {
        matches!(self.state, State::New)
    }

    /// Whether the next poll begins an attempt.
    pub(super) fn is_beginning(&self) -> bool {
        matches!(self.state, State::New | State::Again)
    }

    /// Whether the request can be sent again: a stream of requests that was begun cannot.
    pub(super) fn can_resend(&self) -> bool {
        self.upload.is_none()
    }

    /// Whether one attempt of the call may be limited in time, and beside others.
    pub(super) fn is_unary(&self) -> bool {
        self.method.kind() == MethodKind::Unary
    }

    /// The time that this attempt was allowed and has taken, if that is how it ended. A server may end
    /// a call with the same code for reasons of its own.
    pub(super) fn timed_out(&self, status: &Status) -> Option<Duration> {
        let is_own = self.deadline.is_none() || self.limit < self.deadline;
        let timeout = self
            .attempt_timeout
            .filter(|_| is_own && self.is_late(Instant::now()));
        timeout.filter(|_| status.code() == Code::DeadlineExceeded)
    }

    /// Sends the request once more, when it is polled again.
    pub(super) fn rewind(&mut self) {
        self.give_up();
        self.resent += 1;
        self.refused = false;
        self.compressed = None;
        self.state = State::Again;
    }

    /// Starts again at once after a failure, if that is certain to do no harm: the server provably
    /// never started the call, because its connection was being replaced. A server that refuses it and
    /// takes others is asked again at the expense of the budget, and not if it says when to ask.
    pub(super) fn send_again(&mut self, status: &Status) -> bool {
        let again = status.code() == Code::Unavailable
            && !status.may_have_run()
            && matches!(status.stage(), Some(Stage::Send | Stage::Wait))
            && status.retry_pushback().is_none()
            && self.transparent < MAX_TRANSPARENT_RETRIES
            && self.can_resend()
            && (!self.is_refused() || self.is_in_budget());
        if again {
            self.rewind();
            self.transparent += 1;
        }
        again
    }

    /// Whether the server that did not run the call goes on taking others.
    fn is_refused(&self) -> bool {
        self.refused
            || self
                .sent()
                .is_some_and(|(connection, _)| connection.accepts())
    }

    fn is_in_budget(&self) -> bool {
        let tokens = &self.core.rules.tokens;
        tokens.spend();
        tokens.allow()
    }
}
