//! The end of a pool whose runtime goes while nothing of the pool runs there that would notice.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Weak};
use std::task::Poll;

use tokio::sync::oneshot;

use super::{Connection, Pool};

impl<C: Connection> Pool<C> {
    /// Closes the pool when its runtime goes: calls wait for it elsewhere. One task of the runtime is enough for all
    /// of them, and ends with the pool.
    pub(crate) fn watch_runtime(self: &Arc<Self>) {
        let mut unwatched = None;
        self.watched.get_or_init(|| {
            let (pool_ends, ended) = oneshot::channel();
            unwatched = Some(ended);
            pool_ends
        });
        if let Some(ended) = unwatched {
            let mut watch = Watch {
                pool: Arc::downgrade(self),
                ended,
            };
            self.runtime.spawn(async move {
                // Nothing is ever sent.
                let _ = (&mut watch.ended).await;
            });
        }
    }

    /// Whether the runtime, which is watched, has gone: a timer of it would panic.
    pub(crate) fn has_lost_runtime(&self) -> bool {
        self.watched.get().is_some_and(oneshot::Sender::is_closed)
    }

    /// Polls what may have timers of the runtime, which is watched. It is pending once that has gone, also where it
    /// goes meanwhile; whoever waits is to know by other means that the pool is closed.
    pub(crate) fn poll_in_runtime<R>(&self, poll: impl FnOnce() -> Poll<R>) -> Poll<R> {
        if self.has_lost_runtime() {
            return Poll::Pending;
        }
        match catch_unwind(AssertUnwindSafe(poll)) {
            Ok(polled) => polled,
            Err(panic) if self.has_lost_runtime() => {
                std::mem::forget(panic);
                Poll::Pending
            }
            Err(panic) => resume_unwind(panic),
        }
    }
}

/// Is dropped when the runtime goes, or after the pool.
struct Watch<C: Connection> {
    pool: Weak<Pool<C>>,
    ended: oneshot::Receiver<()>,
}

impl<C: Connection> Drop for Watch<C> {
    fn drop(&mut self) {
        // Whoever is woken by the end of the pool finds out why.
        self.ended.close();
        if let Some(pool) = self.pool.upgrade() {
            pool.close(pool.runtime_gone());
        }
    }
}
