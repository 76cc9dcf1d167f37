//! A caller that waits for a place.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rpc_wire::Status;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::timeout_at;

use super::{Connection, Lease, Pool, Ticket};

/// A caller in the queue; dropping it leaves the queue.
pub(crate) struct Waiting<C: Connection> {
    pub(super) pool: Arc<Pool<C>>,
    pub(super) ticket: Ticket,
    pub(super) since: tokio::time::Instant,
    pub(super) answer: oneshot::Receiver<Result<Lease<C>, Status>>,
}

/// When a caller stops waiting.
pub(super) struct Limit {
    at: Option<Instant>,
    /// The setting that says so, if it is not the call's deadline.
    pub(super) acquire_timeout: Option<Duration>,
}

impl Limit {
    pub(super) fn new(deadline: Option<Instant>, acquire_timeout: Option<Duration>) -> Self {
        let own = acquire_timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let own_is_first = own.is_some_and(|own| deadline.is_none_or(|deadline| own < deadline));
        Limit {
            at: if own_is_first { own } else { deadline },
            acquire_timeout: acquire_timeout.filter(|_| own_is_first),
        }
    }

    /// Waits as long as the caller may; nothing if that is not long enough.
    pub(super) async fn wait<F: Future>(&self, runtime: &Handle, future: F) -> Option<F::Output> {
        let Some(at) = self.at else {
            return Some(future.await);
        };
        let in_time = {
            let _runtime = runtime.enter();
            Box::pin(timeout_at(at.into(), future))
        };
        in_time.await.ok()
    }
}

impl<C: Connection> Waiting<C> {
    /// Waits for a place.
    ///
    /// # Errors
    ///
    /// The time has passed, or there will be none.
    pub(super) async fn wait(mut self, limit: &Limit) -> Result<Lease<C>, Status> {
        let answer = limit.wait(&self.pool.runtime, &mut self.answer).await;
        if let Some(answer) = answer {
            return self.received(answer);
        }
        match self.give_up(limit) {
            Some(status) => Err(status),
            None => {
                let answer = (&mut self.answer).await;
                self.received(answer)
            }
        }
    }

    /// Leaves the queue; nothing if the caller was served in this moment.
    fn give_up(&self, limit: &Limit) -> Option<Status> {
        let mut state = self.pool.lock();
        let waiter = state.queue.leave(self.ticket)?;
        state.counts.timeouts += 1;
        self.pool.publish(&mut state);
        let status = self.pool.too_late(&state, limit);
        drop(state);
        drop(waiter);
        Some(status)
    }

    fn received(
        &self,
        answer: Result<Result<Lease<C>, Status>, oneshot::error::RecvError>,
    ) -> Result<Lease<C>, Status> {
        // The pool answers everybody whom it takes out of the queue.
        answer.unwrap_or_else(|_| Err(self.pool.runtime_gone()))
    }
}

impl<C: Connection> Drop for Waiting<C> {
    fn drop(&mut self) {
        let waited = self.since.elapsed();
        let mut state = self.pool.lock();
        state.counts.wait_time += waited;
        let waiter = state.queue.leave(self.ticket);
        if waiter.is_some() {
            self.pool.publish(&mut state);
        }
        drop(state);
        drop(waiter);
    }
}
