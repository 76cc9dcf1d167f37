//! What a pool does when something becomes of its connections.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use rpc_wire::Status;

use super::connections::{Ended, Entry};
use super::{Connection, Keeper, Pool};

/// A pool as one of its connections sees it.
pub(super) struct PoolKeeper<C: Connection> {
    pool: Weak<Pool<C>>,
    id: u64,
    /// How often the server had failed when the attempt to connect began.
    failures: u32,
}

impl<C: Connection> PoolKeeper<C> {
    pub(super) fn new(pool: Weak<Pool<C>>, id: u64, failures: u32) -> Self {
        PoolKeeper { pool, id, failures }
    }
}

impl<C: Connection> Keeper for PoolKeeper<C> {
    fn established(&self, streams: u32) {
        if let Some(pool) = self.pool.upgrade() {
            pool.backoff.reset();
            pool.streams.store(streams, Ordering::Relaxed);
            // What might have had room has said how much.
            pool.serve();
            // Whoever it was made for may have gone.
            pool.let_surplus_go(self.id);
        }
    }

    fn freed(&self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.serve();
        }
    }

    fn watches_idle(&self) -> bool {
        self.pool.upgrade().is_some_and(|pool| {
            pool.config.max_idle.is_some() || pool.config.health_check.on_return
        })
    }

    fn idle(&self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.fell_idle(self.id);
        }
    }

    fn may_retire(&self) -> bool {
        match self.pool.upgrade() {
            Some(pool) => pool.may_retire(self.id),
            None => true,
        }
    }

    fn leaving(&self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.retire(self.id);
            pool.serve();
        }
    }

    fn closed(&self, reason: &Status, established: bool) {
        let Some(pool) = self.pool.upgrade() else {
            return;
        };
        if !established {
            pool.backoff.failed(self.failures);
        }
        let reason = reason.clone();
        pool.forget(
            self.id,
            Ended {
                reason,
                established,
            },
        );
    }
}

impl<C: Connection> Pool<C> {
    /// Gives a connection no more calls.
    pub(super) fn retire(&self, id: u64) -> Option<Arc<C>> {
        let mut state = self.lock();
        let retired = state.retire(id);
        self.publish(&mut state);
        retired
    }

    /// Whether a connection that nobody used may go, which then gets no more calls: not if it is one of
    /// those that are always there.
    fn may_retire(&self, id: u64) -> bool {
        let mut state = self.lock();
        if state.open.len() <= self.config.min_idle && state.closed.is_none() {
            return false;
        }
        state.retire(id);
        self.publish(&mut state);
        true
    }

    /// The last call of a connection has ended.
    fn fell_idle(self: &Arc<Self>, id: u64) {
        self.let_surplus_go(id);
        let connection = self
            .lock()
            .entry(id)
            .map(|entry| Arc::clone(&entry.connection));
        if let Some(connection) = connection.filter(|_| self.config.health_check.on_return) {
            self.check(id, &connection);
        }
    }

    /// Closes a connection if nobody uses it and as many are idle without it as may be.
    fn let_surplus_go(&self, id: u64) {
        let Some(most) = self.config.max_idle else {
            return;
        };
        let mut state = self.lock();
        let is_idle = |entry: &mut Entry<C>| entry.connection.load().is_idle();
        let is_surplus = state.entry(id).is_some_and(is_idle)
            && state.open.len() > self.config.min_idle
            && state.idle() > most;
        if is_surplus && let Some(connection) = state.retire(id) {
            self.publish(&mut state);
            drop(state);
            connection.leave("as many connections are idle as may be (max_idle)");
        }
    }

    /// A connection has ended, perhaps before the pool has taken it in.
    fn forget(self: &Arc<Self>, id: u64, end: Ended) {
        let mut state = self.lock();
        if let Some(ended) = state.connecting.get_mut(&id) {
            *ended = Some(end);
            return;
        }
        if let Some(entry) = state.remove(id) {
            state.counts.closed += 1;
            state.counts.hits += entry.connection.load().direct;
        }
        self.publish(&mut state);
        drop(state);
        self.ended.notify_waiters();
        self.serve();
    }
}
