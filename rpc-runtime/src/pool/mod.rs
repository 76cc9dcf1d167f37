//! Connections to one address, shared by everybody who calls there; and all pools of the process.
//!
//! A pool knows connections by the trait [`Connection`] and makes them by a [`Dialer`], so its rules hold without
//! sockets:
//!
//! - A call goes to a connection with a free place. One is always at hand in [`Pool::current`], without the pool's
//!   lock, unless callers wait.
//! - Callers who find no place wait in one queue, in the order in which they came. Whoever is served has a
//!   place kept ([`Lease`]). While anybody waits nothing is at hand, so that no newcomer overtakes.
//! - When all places are taken another connection is dialled, up to `max_connections`; attempts that follow a
//!   failed one are paced.
//!
//! The pool's lock is taken before a connection's, never under one; under it nobody is woken, and no task spawned.

mod acquire;
mod any;
mod backoff;
mod close;
mod config;
mod connections;
mod dial;
mod dialer;
mod exhausted;
#[cfg(feature = "grpc")]
mod grpc;
mod health;
mod held;
#[cfg(feature = "jsonrpc")]
mod jsonrpc;
mod keep;
mod lease;
mod native;
pub mod pools;
mod queue;
mod registry;
mod stats;
#[cfg(test)]
mod tests;
mod waiting;
mod watch;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::ArcSwapOption;
use rpc_wire::{Stage, Status};
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};

use self::backoff::Backoff;
use self::connections::State;
use self::held::HeldCalls;
use self::native::NativeDialer;
use crate::connection::any::AnyConnection;
use crate::connection::keeper::{Keeper, Load, Reserved};

pub(crate) use acquire::Entered;
pub use close::CloseReport;
pub(crate) use close::closed;
pub use config::{HealthCheck, PoolConfig};
pub(crate) use dialer::{SessionConfig, dialer};
pub(crate) use held::HeldCall;
pub(crate) use lease::Lease;
pub(crate) use native::no_connection_after;
#[cfg(feature = "_foreign")]
use native::open;
pub(crate) use queue::Ticket;
pub(crate) use registry::{register, shared};
pub use stats::PoolStats;

/// What a pool holds: see `ClientConnection`, whose methods these are.
pub(crate) trait Connection: Send + Sync + 'static {
    /// Keeps a place for a call. If there is none, the keeper is told when there is.
    fn reserve(&self) -> Reserved;

    /// Gives back a place that no call took.
    fn unreserve(&self);

    /// What the connection carries.
    fn load(&self) -> Load;

    /// Asks whether the server is there, unless it was heard lately; see [`health`].
    fn check(&self) -> Option<oneshot::Receiver<()>>;

    /// Takes no more calls, and ends once the last has ended.
    fn leave(&self, reason: &'static str);

    /// Ends now, and every call with it.
    fn cut(&self, reason: Status);

    /// Ends once the last call has ended: the pool is gone.
    fn abandon(&self);
}

/// What [`Dialer::dial`] returns.
pub(crate) type Dialling<'a, C> = Pin<Box<dyn Future<Output = Result<Arc<C>, Status>> + Send + 'a>>;

/// Makes connections.
pub(crate) trait Dialer<C>: Send + Sync + 'static {
    /// Connects. `keeper` is told what becomes of the connection, `closed` in any case. `streams` are as many as the
    /// server allowed on the connection before this one.
    ///
    /// # Errors
    ///
    /// Why there is no connection. The keeper is told nothing.
    fn dial(&self, keeper: Arc<dyn Keeper>, streams: u32) -> Dialling<'_, C>;

    /// What stands for the server in errors and logs.
    fn address(&self) -> Arc<str>;
}

/// The pool that channels use.
pub(crate) type ClientPool = Pool<AnyConnection>;

/// Connections to one address. They belong to the tokio runtime that the pool was made in.
pub(crate) struct Pool<C: Connection> {
    dialer: Box<dyn Dialer<C>>,
    config: PoolConfig,
    runtime: Handle,
    backoff: Backoff,
    /// Streams that the server allows on a connection, as far as it has said.
    streams: AtomicU32,
    /// A connection which probably has a place; none while callers wait.
    current: ArcSwapOption<C>,
    state: Mutex<State<C>>,
    held: HeldCalls,
    /// Notified when a connection of a closed pool has ended.
    ended: Notify,
    /// Called when the pool takes no more calls.
    on_close: OnceLock<fn(&Pool<C>)>,
    /// Ends the task that watches the runtime, once there is one.
    watched: OnceLock<oneshot::Sender<()>>,
}

impl<C: Connection> Pool<C> {
    /// A pool, which begins to make the connections that are to be there at least.
    pub(crate) fn new(
        dialer: Box<dyn Dialer<C>>,
        config: PoolConfig,
        runtime: Handle,
    ) -> Arc<Self> {
        let pool = Arc::new(Pool {
            dialer,
            state: Mutex::new(State::new(&config)),
            config,
            runtime,
            backoff: Backoff::default(),
            streams: AtomicU32::new(u32::MAX),
            current: ArcSwapOption::empty(),
            held: HeldCalls::default(),
            ended: Notify::new(),
            on_close: OnceLock::new(),
            watched: OnceLock::new(),
        });
        pool.serve();
        pool.start_checks();
        pool
    }

    /// Has `tell` called when the pool takes no more calls: calls may wait elsewhere that need to know.
    pub(crate) fn on_close(self: Arc<Self>, tell: fn(&Pool<C>)) -> Arc<Self> {
        self.on_close.get_or_init(|| tell);
        self
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    pub(crate) fn address(&self) -> Arc<str> {
        self.dialer.address()
    }

    pub(crate) fn config(&self) -> &PoolConfig {
        &self.config
    }

    /// A connection that probably has a place for a call.
    pub(crate) fn current(&self) -> Option<Arc<C>> {
        self.current.load_full()
    }

    /// A connection that takes calls, whether it has a place now or not.
    pub(crate) fn any(&self) -> Option<Arc<C>> {
        let state = self.lock();
        let entry = state.open.first()?;
        Some(Arc::clone(&entry.connection))
    }

    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the connection at hand that newcomers may use: none while others wait.
    fn publish(&self, state: &mut State<C>) {
        let open_to_newcomers =
            state.queue.is_empty() && state.closed.is_none() && !self.config.health_check.on_borrow;
        let entry = state.preferred().filter(|_| open_to_newcomers);
        let id = entry.map(|entry| entry.id);
        if id != state.published {
            let connection = entry.map(|entry| Arc::clone(&entry.connection));
            self.current.store(connection);
            state.published = id;
        }
    }
}

impl<C: Connection> Drop for Pool<C> {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        for entry in state.open.drain(..).chain(state.leaving.drain(..)) {
            entry.connection.abandon();
        }
    }
}

impl<C: Connection> fmt::Debug for Pool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("address", &self.address())
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// The status of a call that was not sent, which had come to `stage` unless the status says otherwise.
fn not_run(reason: Status, stage: Stage) -> Status {
    let stage = reason.stage().unwrap_or(stage);
    reason.with_stage(stage).with_may_have_run(false)
}
