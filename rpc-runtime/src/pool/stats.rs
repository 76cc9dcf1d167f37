//! What a pool has done and has.

use std::time::Duration;

use super::{Connection, Pool};

/// A pool's connections and callers at one moment, and what it has counted since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Connections without calls.
    pub idle: usize,
    /// Connections with calls.
    pub active: usize,
    /// Attempts to connect, also those that pause after a failure.
    pub connecting: usize,
    /// Connections that take no more calls and end with their last.
    pub draining: usize,
    /// Calls that run.
    pub pending: usize,
    /// Callers that wait for a place on a connection.
    pub waiting: usize,
    /// Times that a call found a place at once.
    pub hits: u64,
    /// Times that a call had to wait, for a place or for a connection.
    pub misses: u64,
    /// Callers that waited as long as they might, by their deadline or `acquire_timeout`.
    pub timeouts: u64,
    /// Callers that might not wait because of `max_waiting`.
    pub rejected: u64,
    /// Attempts to connect, and health checks, that failed.
    pub errors: u64,
    /// Connections that were made.
    pub opened: u64,
    /// Connections that have ended.
    pub closed: u64,
    /// Time that callers have waited, all together, but for those who wait now.
    pub wait_time: Duration,
}

/// What is counted under the pool's lock.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Without those of the connections that are there.
    pub(super) hits: u64,
    pub(super) misses: u64,
    pub(super) timeouts: u64,
    pub(super) rejected: u64,
    pub(super) errors: u64,
    pub(super) opened: u64,
    pub(super) closed: u64,
    pub(super) wait_time: Duration,
}

impl<C: Connection> Pool<C> {
    pub(crate) fn stats(&self) -> PoolStats {
        let state = self.lock();
        let counts = &state.counts;
        let mut stats = PoolStats {
            connecting: state.connecting.len(),
            draining: state.leaving.len(),
            waiting: state.queue.len(),
            hits: counts.hits,
            misses: counts.misses,
            timeouts: counts.timeouts,
            rejected: counts.rejected,
            errors: counts.errors,
            opened: counts.opened,
            closed: counts.closed,
            wait_time: counts.wait_time,
            ..PoolStats::default()
        };
        for entry in &state.open {
            let load = entry.connection.load();
            match load.is_idle() {
                true => stats.idle += 1,
                false => stats.active += 1,
            }
        }
        for entry in state.open.iter().chain(&state.leaving) {
            let load = entry.connection.load();
            stats.pending += load.calls;
            stats.hits += load.direct;
        }
        stats
    }
}
