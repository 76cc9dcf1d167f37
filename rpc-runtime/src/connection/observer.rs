//! Tells whoever wants to know that connections begin and end.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::unwind::contained;

/// What happened to a connection: see `Server::on_connection` and `ChannelBuilder::on_connection`.
///
/// ```
/// use rpc_runtime::{ConnectionEvent, Server};
///
/// let server = Server::new().on_connection(|event| match event {
///     ConnectionEvent::Opened { peer, .. } => println!("{peer} connected"),
///     ConnectionEvent::Closed { peer, reason, .. } => println!("{peer} left: {reason}"),
///     _ => {}
/// });
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ConnectionEvent<'a> {
    /// A connection was accepted, or made.
    #[non_exhaustive]
    Opened {
        /// The number of the connection in this process, the same when it is closed.
        id: u64,
        /// The other end.
        peer: &'a str,
    },
    /// A connection ended. Each that was opened is closed once.
    #[non_exhaustive]
    Closed {
        /// The number that it was opened with.
        id: u64,
        /// The other end.
        peer: &'a str,
        /// Why it ended, for humans.
        reason: &'a str,
        /// How long it was open.
        age: Duration,
    },
}

type Observe = dyn Fn(ConnectionEvent<'_>) + Send + Sync;

/// Whoever wants to know.
#[derive(Clone, Default)]
pub(crate) struct Observer(Option<Arc<Observe>>);

impl Observer {
    pub(crate) fn new(observe: impl Fn(ConnectionEvent<'_>) + Send + Sync + 'static) -> Self {
        Observer(Some(Arc::new(observe)))
    }

    fn tell(&self, event: ConnectionEvent<'_>) {
        let Some(observe) = &self.0 else { return };
        if !contained(|| observe(event)) {
            tracing::error!("an observer of connections panicked");
        }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Observer" } else { "None" })
    }
}

/// A connection that was opened and has to be closed.
pub(crate) struct Observed {
    id: u64,
    peer: Arc<str>,
    observer: Observer,
    opened: Instant,
    reason: Option<String>,
}

impl Observed {
    /// A connection begins.
    pub(crate) fn open(peer: Arc<str>, observer: Observer) -> Self {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(id, %peer, "connection opened");
        observer.tell(ConnectionEvent::Opened { id, peer: &peer });
        Observed {
            id,
            peer,
            observer,
            opened: Instant::now(),
            reason: None,
        }
    }

    /// The connection ends.
    pub(crate) fn close(mut self, reason: String) {
        self.reason = Some(reason);
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        let (id, peer) = (self.id, &*self.peer);
        let reason = self.reason.as_deref().unwrap_or("its task was dropped");
        tracing::debug!(id, peer, reason, "connection closed");
        self.observer.tell(ConnectionEvent::Closed {
            id,
            peer,
            reason,
            age: self.opened.elapsed(),
        });
    }
}
