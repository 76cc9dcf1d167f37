//! Attempts to connect, each in a task of its own.

use std::future::poll_fn;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use rpc_wire::{Stage, Status};

use super::backoff::Backoff;
use super::connections::{Ended, Entry, Plan};
use super::keep::PoolKeeper;
use super::{Connection, Pool, not_run};

impl<C: Connection> Pool<C> {
    /// Begins the attempts that were planned.
    pub(super) fn dial(self: &Arc<Self>, plan: Plan) {
        let failures = self.backoff.failures();
        for id in plan.ids {
            // A server that ends every connection is not asked for others without a pause.
            let pause = Backoff::pause(failures.max(u32::from(plan.replenishes)));
            let attempt = Attempt {
                pool: Arc::downgrade(self),
                id,
                pause,
                failures,
                is_polled: false,
                ended: false,
            };
            self.runtime.spawn(attempt.run());
        }
    }

    /// Takes in a connection that was made; it may have ended already.
    fn connected(self: &Arc<Self>, id: u64, connection: Arc<C>) {
        let mut state = self.lock();
        state.counts.opened += 1;
        let ended = state.connecting.remove(&id).flatten();
        let closed = state.closed.clone();
        match &ended {
            Some(_) => state.counts.closed += 1,
            None => {
                let entry = Entry {
                    id,
                    connection: Arc::clone(&connection),
                    on_trial: false,
                };
                state.open.push(entry);
            }
        }
        drop(state);
        match (ended, closed) {
            (None, Some(reason)) => connection.cut(reason),
            (
                Some(Ended {
                    reason,
                    established: false,
                }),
                _,
            ) => self.give_up_waiting(reason),
            _ => self.serve(),
        }
    }

    fn not_connected(self: &Arc<Self>, id: u64, reason: Status) {
        let mut state = self.lock();
        state.connecting.remove(&id);
        state.counts.errors += 1;
        drop(state);
        self.give_up_waiting(reason);
    }

    /// An attempt came to nothing. Callers learn of it unless there are connections, or attempts that
    /// may still succeed, to wait for.
    fn give_up_waiting(self: &Arc<Self>, reason: Status) {
        let mut state = self.lock();
        let hopeless = state.open.is_empty() && state.connecting.is_empty();
        let waiting = if hopeless {
            state.queue.take()
        } else {
            Vec::new()
        };
        drop(state);
        let reason = not_run(reason, Stage::Connect);
        for waiter in waiting {
            // It may have gone.
            let _ = waiter.send(Err(reason.clone()));
        }
        self.serve();
    }

    pub(super) fn runtime_gone(&self) -> Status {
        Status::unavailable(
            "the tokio runtime that the channel belongs to was shut down; connect again",
        )
        .with_stage(Stage::Connect)
        .with_may_have_run(false)
    }
}

/// An attempt to connect. Dropped before its end it has gone with its runtime, or with a connector
/// that panicked.
struct Attempt<C: Connection> {
    /// Nobody connects for a pool that nobody uses.
    pool: Weak<Pool<C>>,
    id: u64,
    /// To be made before it.
    pause: Duration,
    /// How often the server had failed when the attempt began.
    failures: u32,
    /// The connector has the word, and keeps it if it panics.
    is_polled: bool,
    ended: bool,
}

impl<C: Connection> Attempt<C> {
    async fn run(mut self) {
        if !self.pause.is_zero() {
            tokio::time::sleep(self.pause).await;
        }
        let Some(pool) = self.pool.upgrade() else {
            return;
        };
        if pool.is_closed() {
            pool.lock().connecting.remove(&self.id);
            self.ended = true;
            return;
        }
        let keeper = PoolKeeper::new(self.pool.clone(), self.id, self.failures);
        let streams = pool.streams.load(Ordering::Relaxed);
        let mut dialling = pool.dialer.dial(Arc::new(keeper), streams);
        let outcome = poll_fn(|cx| {
            self.is_polled = true;
            let polled = dialling.as_mut().poll(cx);
            self.is_polled = false;
            polled
        })
        .await;
        self.ended = true;
        match outcome {
            Ok(connection) => pool.connected(self.id, connection),
            Err(status) => {
                pool.backoff.failed(self.failures);
                pool.not_connected(self.id, status);
            }
        }
    }
}

impl<C: Connection> Drop for Attempt<C> {
    fn drop(&mut self) {
        let Some(pool) = self.pool.upgrade().filter(|_| !self.ended) else {
            return;
        };
        if self.is_polled {
            pool.backoff.failed(self.failures);
            let status = Status::internal("the connector panicked");
            pool.not_connected(self.id, status);
        } else {
            pool.close(pool.runtime_gone());
        }
    }
}
