//! The service itself.

use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};

use rpc_runtime::{Context, Status, rpc_service};

use crate::proto::{Count, Counter};

/// Counts in memory.
#[derive(Debug, Default)]
pub struct Tally(AtomicU64);

#[rpc_service]
impl Counter for Tally {
    async fn read(&self, _cx: Context, (): ()) -> Result<Count, Status> {
        let value = self.0.load(Ordering::Relaxed);
        Ok(Count { value })
    }

    async fn add(&self, _cx: Context, more: Count) -> Result<Count, Status> {
        let before = self.0.fetch_add(more.value, Ordering::Relaxed);
        Ok(Count {
            value: before + more.value,
        })
    }

    async fn ponder(&self, _cx: Context, (): ()) -> Result<Count, Status> {
        pending().await
    }
}
