//! A call that was sent and completes by itself.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use rpc_wire::Status;

use super::blocking;
use super::started::Started;
use super::task::CallTask;

/// A call that was sent at once and is completed by its runtime; see [`Call::start`](super::Call::start).
///
/// Await it, wait for it in code that is not async, or have callbacks called. Dropping it
/// cancels the call unless it was [detached](Self::detach) or has a callback.
///
/// While it waits to be sent again it is no task of the runtime, and takes some 300 bytes beside its
/// request; [`retry::tasks`](crate::retry::tasks) lists such calls. Where its channel has interceptors it stays a
/// task, and takes some 6 KB.
pub struct RpcFuture<T> {
    started: Arc<Started<T>>,
}

impl<T: Clone + Send + Sync + 'static> RpcFuture<T> {
    pub(super) fn of(started: Arc<Started<T>>) -> Self {
        RpcFuture { started }
    }

    /// Has `callback` called with the outcome: once, also when the call has ended already, and
    /// on a thread where it may block. At most 512 calls of a process have their callbacks called at the
    /// same time; those of further ones wait.
    ///
    /// The call then goes on when the future is dropped. A callback that panics harms nobody.
    pub fn on_complete<F>(&self, callback: F) -> &Self
    where
        F: FnOnce(&Result<T, Status>) + Send + 'static,
    {
        self.started.add_callback(Box::new(callback));
        self
    }

    /// Lets the call go on without anybody to wait for it.
    pub fn detach(self) {
        self.started.detach();
    }

    /// Cancels the call. Unless it has ended already, it ends with CANCELLED.
    pub fn cancel(&self) {
        self.started.cancel();
    }

    /// Whether the call has ended.
    pub fn is_done(&self) -> bool {
        self.started.is_done()
    }

    /// How far the call has come: whether it runs or waits to be sent again, and how often it was sent.
    pub fn task(&self) -> CallTask {
        self.started.task()
    }

    /// Waits for the reply on this thread; see [`Call::wait`](super::Call::wait).
    ///
    /// # Errors
    ///
    /// How the call ended; FAILED_PRECONDITION if it could never end.
    pub fn wait(self) -> Result<T, Status> {
        match blocking::would_deadlock(self.started.core.pool.runtime()) {
            Some(status) if !self.is_done() => {
                Err(self.started.describe(status).with_may_have_run(true))
            }
            _ => blocking::wait(self),
        }
    }

    /// Waits on this thread for a time; gives the future back if the call takes longer.
    ///
    /// # Errors
    ///
    /// The future, if the call has not ended.
    pub fn wait_timeout(mut self, timeout: Duration) -> Result<Result<T, Status>, Self> {
        let until = Instant::now().checked_add(timeout);
        blocking::wait_until(Pin::new(&mut self), until).ok_or(self)
    }
}

impl<T: Clone + Send + Sync + 'static> Future for RpcFuture<T> {
    type Output = Result<T, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = self.started.poll(cx);
        outcome.map(|outcome| Arc::try_unwrap(outcome).unwrap_or_else(|outcome| (*outcome).clone()))
    }
}

impl<T> Drop for RpcFuture<T> {
    fn drop(&mut self) {
        self.started.abandon();
    }
}

impl<T> fmt::Debug for RpcFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcFuture")
            .field("task", &self.started.task())
            .finish_non_exhaustive()
    }
}
