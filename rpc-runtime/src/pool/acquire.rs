//! How a caller gets a place, at once or by waiting.

use std::sync::Arc;
use std::time::Instant;

use rpc_wire::Status;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::connections::Found;
use super::queue::Waiter;
use super::waiting::{Limit, Waiting};
use super::{Connection, Lease, Pool, Ticket};

/// What asking for a place came to.
pub(crate) enum Entered<C: Connection> {
    /// A place is kept.
    Granted(Lease<C>),
    /// A place is kept on a connection which is asked whether it is alive.
    Checked(Lease<C>, oneshot::Receiver<()>),
    /// The caller waits.
    Waits(Waiting<C>),
}

impl<C: Connection> Pool<C> {
    /// Asks for a place; `ticket` is what the caller got when it asked before.
    ///
    /// # Errors
    ///
    /// The pool is closed, or as many callers wait as may.
    pub(crate) fn enter(self: &Arc<Self>, ticket: Option<Ticket>) -> Result<Entered<C>, Status> {
        let mut state = self.lock();
        if let Some(status) = &state.closed {
            return Err(status.clone());
        }
        let ticket = ticket.unwrap_or_else(|| state.queue.ticket());
        let found = match state.queue.is_first(ticket) {
            true => state.reserve(),
            // Whoever is before this caller has found none.
            false => state.found_last(),
        };
        if let Found::Place(connection) = found {
            state.counts.hits += 1;
            self.publish(&mut state);
            drop(state);
            return Ok(self.checked(Lease::new(connection, ticket)));
        }
        if state.queue.len() >= self.config.max_waiting {
            state.counts.rejected += 1;
            return Err(self.too_many(&state));
        }
        let (sender, answer) = oneshot::channel();
        state.counts.misses += 1;
        state.queue.join(ticket, sender);
        let plan = state.plan(&found, self.backoff.is_failing());
        self.publish(&mut state);
        drop(state);
        self.dial(plan);
        Ok(Entered::Waits(Waiting {
            pool: Arc::clone(self),
            ticket,
            since: tokio::time::Instant::now(),
            answer,
        }))
    }

    /// A place on a connection that is alive, by `deadline` and within `acquire_timeout`.
    ///
    /// # Errors
    ///
    /// Why there is none.
    ///
    /// # Cancel safety
    ///
    /// Whoever stops waiting leaves the queue, and gives back what was kept.
    pub(crate) async fn granted(
        self: Arc<Self>,
        mut entered: Entered<C>,
        deadline: Option<Instant>,
    ) -> Result<Lease<C>, Status> {
        let limit = Limit::new(deadline, self.config.acquire_timeout);
        loop {
            let (lease, check) = match entered {
                Entered::Granted(lease) => return Ok(lease),
                Entered::Checked(lease, check) => (lease, check),
                Entered::Waits(waiting) => {
                    entered = self.checked(waiting.wait(&limit).await?);
                    continue;
                }
            };
            match limit
                .wait(&self.runtime, self.begin_check(&lease, check))
                .await
            {
                Some(Ok(true)) => return Ok(lease),
                Some(_) => {}
                None => return Err(self.unchecked(&limit)),
            }
            let ticket = lease.ticket();
            drop(lease);
            entered = self.enter(Some(ticket))?;
        }
    }

    /// Waits for the answer to a check beside the caller: if that one gives up, the next is not to find a
    /// dead connection.
    fn begin_check(
        self: &Arc<Self>,
        lease: &Lease<C>,
        check: oneshot::Receiver<()>,
    ) -> JoinHandle<bool> {
        let (pool, connection) = (Arc::clone(self), Arc::clone(lease.connection()));
        let passes = async move { pool.passes(&connection, check).await };
        self.runtime.spawn(passes)
    }

    /// Has a connection checked before it is used, if that is wanted.
    fn checked(&self, lease: Lease<C>) -> Entered<C> {
        if !self.config.health_check.on_borrow {
            return Entered::Granted(lease);
        }
        match lease.connection().check() {
            Some(check) => Entered::Checked(lease, check),
            None => Entered::Granted(lease),
        }
    }

    /// Gives those who wait the places there are, and dials if there are none.
    pub(super) fn serve(self: &Arc<Self>) {
        let mut served: Vec<(Waiter<C>, Lease<C>)> = Vec::new();
        let mut state = self.lock();
        let found = loop {
            if state.queue.is_empty() {
                break Found::Later;
            }
            match state.reserve() {
                Found::Place(connection) => {
                    if let Some((ticket, waiter)) = state.queue.pop() {
                        served.push((waiter, Lease::new(connection, ticket)));
                    }
                }
                nothing => break nothing,
            }
        };
        let plan = state.plan(&found, self.backoff.is_failing());
        self.publish(&mut state);
        drop(state);
        for (waiter, lease) in served {
            // Whoever has gone gives the place back by dropping it.
            let _ = waiter.send(Ok(lease));
        }
        self.dial(plan);
    }
}
