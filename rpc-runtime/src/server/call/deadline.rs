//! When a call has to end.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use rpc_wire::Status;
use tokio::time::{Sleep, sleep_until};

/// The deadline of a call that its caller gave, or the server.
pub(super) struct Deadline {
    at: Option<Instant>,
    /// Where the deadline comes from, if not from the caller.
    default_timeout: Option<Duration>,
    /// Made when the call has to wait.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    /// The caller's, or else the end of a timeout that begins now.
    pub(super) fn new(given: Option<Instant>, default_timeout: Option<Duration>) -> Self {
        let default = default_timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Deadline {
            at: given.or(default),
            default_timeout,
            timer: None,
        }
    }

    pub(super) fn at(&self) -> Option<Instant> {
        self.at
    }

    /// Ready with DEADLINE_EXCEEDED once it has passed.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Status> {
        let Some(at) = self.at else {
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(at.into())));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Status::deadline_exceeded(match self.default_timeout {
            Some(timeout) => format!(
                "it took longer than {timeout:?} (default_timeout); a method may have another time, \
                 #[rpc(timeout = ..)]"
            ),
            None => "the deadline passed at the server".to_owned(),
        }))
    }
}
