//! How a channel's connections are pooled.

use std::time::Duration;

use rpc_wire::Status;

use super::ChannelBuilder;
use crate::pool::{HealthCheck, PoolConfig};

/// The pool of a channel's connections. With any of these options the channel gets a pool of its own.
///
/// ```no_run
/// use std::time::Duration;
/// use rpc_runtime::Channel;
///
/// # async fn example() -> Result<(), rpc_runtime::Status> {
/// let channel = Channel::builder("127.0.0.1:8000")
///     .max_connections(4)
///     .min_idle(1)
///     .acquire_timeout(Duration::from_millis(500))
///     .connect()
///     .await?;
/// # Ok(()) }
/// ```
impl ChannelBuilder {
    /// All settings of the pool, in place of those that were set before.
    pub fn pool(mut self, config: PoolConfig) -> Self {
        self.pool = config;
        self.shared = false;
        self
    }

    /// A pool that no other channel shares, so that it can be [closed](super::Channel::close) and counts
    /// by itself.
    pub fn own_pool(mut self) -> Self {
        self.shared = false;
        self
    }

    /// Whether a pool can be as it was configured.
    ///
    /// # Errors
    ///
    /// INVALID_ARGUMENT if not; it names the setting and its value.
    pub(crate) fn check_pool(&self) -> Result<(), Status> {
        self.pool.validate()
    }

    fn with_pool(mut self, set: impl FnOnce(&mut PoolConfig)) -> Self {
        set(&mut self.pool);
        self.shared = false;
        self
    }

    /// One call at a time on each connection, as with
    /// [`max_streams_per_connection(1)`](Self::max_streams_per_connection): a call never shares one with
    /// others, and `max_connections` is how many run at a time. Otherwise connections are multiplexed.
    pub fn exclusive(self) -> Self {
        self.max_streams_per_connection(1)
    }

    /// Connections that are open or being opened at the most; 8 unless set. They carry 8,192 calls at
    /// a time with a server's default of 1,024 streams, and another is made only when the streams of those
    /// that there are have been used up. Then calls wait in order, see
    /// [`acquire_timeout`](Self::acquire_timeout).
    ///
    /// Connections that are ending, while their last calls finish, do not count: a server that restarts holds up
    /// nobody. There may be as many of them again; then calls wait until one has ended.
    pub fn max_connections(self, connections: usize) -> Self {
        self.with_pool(|pool| pool.max_connections = connections)
    }

    /// Calls that one connection carries at a time; as many as the server allows, by its
    /// `max_concurrent_streams`, unless set.
    pub fn max_streams_per_connection(self, streams: u32) -> Self {
        self.with_pool(|pool| pool.max_streams_per_connection = Some(streams))
    }

    /// Connections that are made at the start and stay although nobody uses them, each replaced when it
    /// ends; 0 unless set.
    pub fn min_idle(self, connections: usize) -> Self {
        self.with_pool(|pool| pool.min_idle = connections)
    }

    /// Connections that may be without calls; one that becomes one too many is closed at once. Any
    /// number unless set, because [`idle_timeout`](Self::idle_timeout) sees to them.
    pub fn max_idle(self, connections: usize) -> Self {
        self.with_pool(|pool| pool.max_idle = Some(connections))
    }

    /// Time without calls after which a connection is closed; the next call makes another. 5
    /// minutes unless set, because most middleboxes forget a connection no sooner.
    pub fn idle_timeout(self, timeout: Duration) -> Self {
        self.with_pool(|pool| pool.idle_timeout = timeout)
    }

    /// Age at which a connection takes no more calls and ends with its last; none unless set, because
    /// only load balancers and rotated credentials need one. It is a tenth more or less, so that
    /// connections which began together do not end together.
    pub fn max_lifetime(self, age: Duration) -> Self {
        self.with_pool(|pool| pool.max_lifetime = Some(age))
    }

    /// The time that an attempt to connect may take; 10 seconds unless set, which is a few
    /// retransmissions of the first packet. A call that waits for it waits no longer than its deadline.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.with_pool(|pool| pool.connect_timeout = timeout)
    }

    /// The time that a call may wait for a place on a connection; until its deadline unless set. Callers are
    /// served in the order in which they came. One that waits longer ends with RESOURCE_EXHAUSTED, or
    /// UNAVAILABLE if there is no connection at all, and is not sent.
    pub fn acquire_timeout(self, timeout: Duration) -> Self {
        self.with_pool(|pool| pool.acquire_timeout = Some(timeout))
    }

    /// Calls that may wait for a place at a time; 262,144 unless set: far more than an honest burst. A call
    /// over it ends at once with RESOURCE_EXHAUSTED, and is not sent.
    pub fn max_waiting(self, calls: usize) -> Self {
        self.with_pool(|pool| pool.max_waiting = calls)
    }

    /// When connections without calls are asked whether their server is there; never unless set, because
    /// [`keepalive_interval`](Self::keepalive_interval) finds out while there are calls.
    pub fn health_check(self, check: HealthCheck) -> Self {
        self.with_pool(|pool| pool.health_check = check)
    }
}
