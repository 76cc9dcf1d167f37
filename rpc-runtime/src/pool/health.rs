//! Asks connections whether their server is there, where that is wanted. Those with calls are asked by
//! keepalive; these checks are for the others.
//!
//! The check is a PING. PINGs may not follow each other faster than the server allows, so a connection on
//! which anything arrived that lately has passed without one.

use std::sync::Arc;

use rpc_wire::Status;
use tokio::sync::oneshot;

use super::{Connection, Pool};

impl<C: Connection> Pool<C> {
    /// Checks idle connections from time to time, for as long as the pool is there.
    pub(super) fn start_checks(self: &Arc<Self>) {
        let Some(interval) = self.config.health_check.interval else {
            return;
        };
        let pool = Arc::downgrade(self);
        self.runtime.spawn(async move {
            loop {
                tokio::time::sleep(interval).await;
                match pool.upgrade() {
                    Some(pool) => pool.check_idle(),
                    None => return,
                }
            }
        });
    }

    fn check_idle(self: &Arc<Self>) {
        let idle: Vec<_> = {
            let state = self.lock();
            let idle = state
                .open
                .iter()
                .filter(|entry| !entry.on_trial && entry.connection.load().is_idle());
            idle.map(|entry| (entry.id, Arc::clone(&entry.connection)))
                .collect()
        };
        for (id, connection) in idle {
            self.check(id, &connection);
        }
    }

    /// Checks a connection, which takes no calls meanwhile.
    pub(super) fn check(self: &Arc<Self>, id: u64, connection: &Arc<C>) {
        let Some(check) = connection.check() else {
            return;
        };
        self.set_on_trial(id, true);
        let (pool, connection) = (Arc::clone(self), Arc::clone(connection));
        self.runtime.spawn(async move {
            if pool.passes(&connection, check).await {
                pool.set_on_trial(id, false);
                pool.serve();
            }
        });
    }

    fn set_on_trial(&self, id: u64, on_trial: bool) {
        let mut state = self.lock();
        if let Some(entry) = state.entry(id) {
            entry.on_trial = on_trial;
        }
        self.publish(&mut state);
    }

    /// Waits for the answer to a check; a connection that gives none is cut.
    pub(super) async fn passes(&self, connection: &Arc<C>, check: oneshot::Receiver<()>) -> bool {
        let limit = self.config.health_check.timeout;
        let answered = {
            let _runtime = self.runtime.enter();
            tokio::time::timeout(limit, check)
        };
        if matches!(answered.await, Ok(Ok(()))) {
            return true;
        }
        let mut state = self.lock();
        state.counts.errors += 1;
        let of = |entry: &&super::connections::Entry<C>| Arc::ptr_eq(&entry.connection, connection);
        if let Some(id) = state.open.iter().find(of).map(|entry| entry.id) {
            state.retire(id);
        }
        self.publish(&mut state);
        drop(state);
        connection.cut(Status::unavailable(format!(
            "the server did not answer a PING within {limit:?} (health_check)"
        )));
        false
    }
}
