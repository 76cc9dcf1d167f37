//! The pool manager: all connection pools of this process, to look at and to close.
//!
//! ```no_run
//! use std::time::Duration;
//! use rpc_runtime::pools;
//!
//! # async fn example() -> std::io::Result<()> {
//! // At SIGTERM or Ctrl-C: no new calls, and 10 seconds for those that run.
//! let closing = pools::close_on_shutdown_signal(Duration::from_secs(10))?;
//! // ... make calls ...
//! for pool in pools::all() {
//!     println!("{}: {} calls run", pool.address, pool.stats.pending);
//! }
//! for pool in closing.await? {
//!     println!("{}: {}", pool.address, pool.report);
//! }
//! # Ok(()) }
//! ```

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::close::closed;
use super::{CloseReport, PoolStats, registry};
use crate::signal::shutdown_signal;

/// A pool of this process.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PoolInfo {
    /// Where its connections go.
    pub address: Arc<str>,
    /// What it has and has done.
    pub stats: PoolStats,
}

/// A pool that was closed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClosedPool {
    /// Where its connections went.
    pub address: Arc<str>,
    /// What became of its calls.
    pub report: CloseReport,
}

/// The pools of this process that are open, in the order in which they were made.
pub fn all() -> Vec<PoolInfo> {
    let open = registry::all().into_iter().filter(|pool| !pool.is_closed());
    open.map(|pool| PoolInfo {
        address: pool.address(),
        stats: pool.stats(),
    })
    .collect()
}

/// Closes all pools at once, as [`Channel::close`](crate::Channel::close) closes one.
///
/// Channels that are made later are not concerned.
pub fn close() {
    for pool in registry::all() {
        pool.close(closed());
    }
}

/// Closes all pools, as [`Channel::close_within`](crate::Channel::close_within) closes one, all in the
/// same time. Channels that are made later are not concerned. One that is being closed already is waited for, and
/// reported, once more.
///
/// # Cancel safety
///
/// The pools are closed whether the future is awaited or not, once it was polled.
pub async fn close_within(limit: Duration) -> Vec<ClosedPool> {
    let pools = registry::all().into_iter().filter(|pool| !pool.is_over());
    let closing: Vec<_> = pools
        .map(|pool| {
            let closing = pool.runtime().spawn(Arc::clone(&pool).close_within(limit));
            (pool, closing)
        })
        .collect();
    let mut reports = Vec::with_capacity(closing.len());
    for (pool, closing) in closing {
        reports.push(ClosedPool {
            address: pool.address(),
            // A runtime that is gone has taken its calls along.
            report: closing.await.unwrap_or_default(),
        });
    }
    reports
}

/// Closes all pools, as [`close_within`] does, when the process is asked to end: by SIGTERM, or by Ctrl-C.
/// The task ends when they are closed; await it before the end of `main`.
///
/// The process no longer ends by itself when it is asked to; see
/// [`shutdown_signal`].
///
/// # Errors
///
/// The operating system does not let the process listen.
///
/// # Panics
///
/// Outside a tokio runtime.
pub fn close_on_shutdown_signal(limit: Duration) -> io::Result<JoinHandle<Vec<ClosedPool>>> {
    let signal = shutdown_signal()?;
    Ok(tokio::spawn(async move {
        signal.await;
        close_within(limit).await
    }))
}
