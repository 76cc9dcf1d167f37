//! Where all pools of the process are known.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::runtime::{self, Handle};

use super::ClientPool;

static REGISTRY: Mutex<Registry> = Mutex::new(Registry::new());

/// Pools live as long as a channel uses them.
struct Registry {
    all: Vec<Weak<ClientPool>>,
    /// Those that channels share.
    shared: Option<HashMap<Key, Weak<ClientPool>>>,
    /// How many pools there may be before those that are gone are looked for.
    clean_at: usize,
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    runtime: runtime::Id,
    target: String,
}

impl Registry {
    const fn new() -> Self {
        Registry {
            all: Vec::new(),
            shared: None,
            clean_at: 64,
        }
    }

    fn add(&mut self, pool: &Arc<ClientPool>) {
        if self.all.len() >= self.clean_at {
            self.all.retain(|pool| pool.strong_count() > 0);
            self.clean_at = (self.all.len() * 2).max(64);
        }
        self.all.push(Arc::downgrade(pool));
    }
}

fn lock() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The pool of this runtime for a target; `make` makes it if there is none that is open.
pub(crate) fn shared(
    runtime: &Handle,
    target: String,
    make: impl FnOnce() -> Arc<ClientPool>,
) -> Arc<ClientPool> {
    let mut registry = lock();
    let key = Key {
        runtime: runtime.id(),
        target,
    };
    let shared = registry.shared.get_or_insert_default();
    let known = shared.get(&key).and_then(Weak::upgrade);
    if let Some(pool) = known.filter(|pool| !pool.is_closed()) {
        return pool;
    }
    shared.retain(|_, pool| pool.strong_count() > 0);
    let pool = make();
    shared.insert(key, Arc::downgrade(&pool));
    registry.add(&pool);
    pool
}

/// Makes a pool known that its channel shares with nobody.
pub(crate) fn register(pool: Arc<ClientPool>) -> Arc<ClientPool> {
    lock().add(&pool);
    pool
}

/// The pools that there are.
pub(super) fn all() -> Vec<Arc<ClientPool>> {
    let registry = lock();
    let pools = registry.all.iter().filter_map(Weak::upgrade);
    pools.collect()
}
