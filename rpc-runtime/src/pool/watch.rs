//! The end of a pool whose runtime goes while nothing of the pool runs there that would notice.

use std::sync::{Arc, Weak};

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
            let watch = Watch(Arc::downgrade(self));
            self.runtime.spawn(async move {
                let _watch = watch;
                // Nothing is ever sent.
                let _ = ended.await;
            });
        }
    }
}

/// Is dropped when the runtime goes, or after the pool.
struct Watch<C: Connection>(Weak<Pool<C>>);

impl<C: Connection> Drop for Watch<C> {
    fn drop(&mut self) {
        if let Some(pool) = self.0.upgrade() {
            pool.close(pool.runtime_gone());
        }
    }
}
