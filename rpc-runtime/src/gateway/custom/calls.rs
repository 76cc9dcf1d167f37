//! What a gateway calls the server's methods with.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rpc_wire::Status;
use tokio::sync::watch;

use super::prepared::PreparedCall;
use crate::connection::server_config::ConnectionConfig;
use crate::connection::shutdown::{Phase, Tally};
use crate::server::{CallParts, GatewayConnection, Router};
use crate::transport::PeerIdentity;

/// Calls the server's methods for the client of one connection. Clones are the same.
///
/// A call goes the way that all calls of the server go, through its interceptors and limits.
#[derive(Clone)]
pub struct Calls {
    shared: Arc<Shared>,
}

/// What a connection, its calls and its supervisor have in common.
struct Shared {
    router: Arc<Router>,
    peer: Option<SocketAddr>,
    identity: Option<Arc<PeerIdentity>>,
    max_message_size: u64,
    max_calls: usize,
    running: AtomicUsize,
    /// Something was read, or called, since the supervisor asked.
    used: AtomicBool,
    draining: watch::Sender<bool>,
    phases: watch::Receiver<Phase>,
    tally: Arc<Tally>,
}

impl Calls {
    pub(super) fn of(connection: &GatewayConnection) -> Self {
        let GatewayConnection {
            peer,
            identity,
            router,
            config: ConnectionConfig { session, .. },
            shutdown,
            ..
        } = connection;
        Calls {
            shared: Arc::new(Shared {
                router: Arc::clone(router),
                peer: *peer,
                identity: identity.clone(),
                max_message_size: session.max_message_size,
                max_calls: session.settings.max_concurrent_streams as usize,
                running: AtomicUsize::new(0),
                used: AtomicBool::new(false),
                draining: watch::Sender::default(),
                phases: shutdown.phases(),
                tally: Arc::clone(&shutdown.tally),
            }),
        }
    }

    /// Prepares a call of the method at `path`, such as `helloworld.Hello/Hello`. Nothing runs yet.
    ///
    /// # Errors
    ///
    /// UNIMPLEMENTED if there is none, with what is missing.
    pub fn prepare(&self, path: &str) -> Result<PreparedCall, Status> {
        let route = self.shared.router.route(path);
        let method = route.method();
        let method = method
            .map_err(|status| status.with_may_have_run(false))?
            .descriptor();
        let parts = CallParts {
            peer: self.shared.peer,
            identity: self.shared.identity.clone(),
            ..CallParts::default()
        };
        Ok(PreparedCall::new(self.clone(), route, method, parts))
    }

    /// The client's address, if the transport has one.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.shared.peer
    }

    /// Who the client has proved to be by its TLS certificate, or by its process at the other end of a
    /// Unix socket.
    pub fn peer_identity(&self) -> Option<&PeerIdentity> {
        self.shared.identity.as_deref()
    }

    /// Waits until the connection is drained: it is idle, old, or its server shuts down. For protocols that
    /// can say so, or end subscriptions; whoever reads is told by the end of the input.
    ///
    /// # Cancel safety
    ///
    /// It may be dropped, and asked again.
    pub async fn draining(&self) {
        let mut draining = self.shared.draining.subscribe();
        // The sender is here.
        let _ = draining.wait_for(|draining| *draining).await;
    }

    /// Whether the connection is drained, so that the end of its input does not mean that the client has gone.
    pub fn is_draining(&self) -> bool {
        *self.shared.draining.borrow()
    }

    pub(super) fn router(&self) -> &Router {
        &self.shared.router
    }

    pub(super) fn max_message_size(&self) -> u64 {
        self.shared.max_message_size
    }

    pub(super) fn drain(&self) {
        self.shared.draining.send_replace(true);
    }

    /// Something was read.
    pub(super) fn used(&self) {
        self.shared.used.store(true, Ordering::Relaxed);
    }

    /// Whether the connection was used since this was last asked; while calls run it is.
    pub(super) fn take_used(&self) -> bool {
        let used = self.shared.used.swap(false, Ordering::Relaxed);
        used || self.shared.running.load(Ordering::Relaxed) > 0
    }

    /// Counts a call among those of the connection.
    ///
    /// # Errors
    ///
    /// RESOURCE_EXHAUSTED if there are as many as there may be.
    pub(super) fn enter(&self) -> Result<Running, Status> {
        let limit = self.shared.max_calls;
        let running = &self.shared.running;
        if running.fetch_add(1, Ordering::Relaxed) >= limit {
            running.fetch_sub(1, Ordering::Relaxed);
            return Err(Status::resource_exhausted(format!(
                "as many calls of the connection are running as the server's limit max_concurrent_streams \
                 allows, {limit}"
            ))
            .with_may_have_run(false));
        }
        Ok(Running {
            shared: Arc::clone(&self.shared),
            ended: false,
        })
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls")
            .field("peer", &self.shared.peer)
            .field("running", &self.shared.running)
            .finish_non_exhaustive()
    }
}

/// A call that is counted until this is dropped.
pub(super) struct Running {
    shared: Arc<Shared>,
    ended: bool,
}

impl Running {
    /// The call has ended by itself.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// The call has ended by itself, if this is how.
    pub(super) fn observe<T>(&mut self, step: Result<T, Status>) -> Result<T, Status> {
        self.ended |= step.is_err();
        step
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let shared = &*self.shared;
        shared.used.store(true, Ordering::Relaxed);
        shared.running.fetch_sub(1, Ordering::Relaxed);
        let phase = *shared.phases.borrow();
        match (phase, self.ended) {
            (Phase::Serving, _) => {}
            (_, true) => shared.tally.add(1, 0, 0),
            (Phase::Over, false) => shared.tally.add(0, 0, 1),
            // The gateway gave it up.
            (Phase::Draining, false) => {}
        }
    }
}
