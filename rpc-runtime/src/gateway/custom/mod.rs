//! Protocols of users' own.

mod calls;
mod connection;
mod prepared;
mod replies;
mod supervise;

use std::error::Error;
use std::future::Future;
use std::sync::Arc;

use rpc_wire::frame::MAGIC;

pub use calls::Calls;
pub use connection::Connection;
pub use prepared::PreparedCall;

use crate::server::{AnyGateway, GatewayConnection, Server, Serving};
use crate::transport::Prefix;
use crate::unwind::contained;

/// Bytes after which a protocol has to know its connections.
const MAX_PREFIX: usize = 1024;

/// Why a gateway gave a connection up.
pub(crate) type ServeFailure = Box<dyn Error + Send + Sync>;

/// A protocol of the user's own, on the port of a [`Server`]; [the module](super) shows one.
///
/// It recognises its connections by their first bytes and translates: what its clients send becomes
/// calls, which [`Calls`] makes, and what they come to is written back.
///
/// # What the server does
///
/// - Interceptors, the limits and options of methods, `max_concurrent_calls`, deadlines and what
///   becomes of panics are the same for calls that gateways make as for all others. A connection
///   runs no more of them at a time than `max_concurrent_streams`, and a request is no larger than
///   `max_message_size`.
/// - A connection that is idle, old, or of a server that shuts down is drained: whoever reads it is
///   given what was read before, and then the end of the input. A gateway that finishes its calls then,
///   and returns, has done all that is asked of it. At the end of `shutdown_grace` it is dropped.
/// - When [`serve`](Self::serve) has returned, panicked or was dropped, the connection is closed so that the client
///   can read what was written. A panic ends this one connection.
///
/// # What is left to the gateway
///
/// - Bounds for what it reads: [`Connection::max_message_size`], and [`Connection::frame_timeout`] for
///   a message that has begun.
/// - Cancelling: a call ends when its future, or the body of its response, is dropped. A gateway that
///   awaits one call after the other learns that its client has gone when it reads again; one that is
///   to learn of it earlier reads meanwhile. Tasks that it spawns are its own to end: a
///   `tokio::task::JoinSet` does.
pub trait Gateway: Send + Sync + 'static {
    /// What the protocol is called in logs.
    fn name(&self) -> &'static str;

    /// Whether a connection is this protocol's if it begins with these bytes, of which there is at
    /// least one; more of them are shown as they arrive.
    ///
    /// The native protocol comes first, then those of the library, then gateways in the order in which
    /// they were added. Each is asked when all before it have said [`Prefix::NoMatch`], so where several
    /// would match, it is always the first that has the connection, however its bytes were split. Say `NoMatch`
    /// as early as it is known: those behind wait for it. After 1 KiB, or a panic, it is taken for said.
    ///
    /// A client of which nobody is sure within `handshake_timeout` is treated as any stranger. Protocols
    /// whose server speaks first cannot be recognised.
    fn probe(&self, first: &[u8]) -> Prefix;

    /// The names that the protocol has in ALPN, for clients that ask for one of them during the TLS
    /// handshake; none unless overridden. The first bytes decide all the same.
    fn alpn(&self) -> &'static [&'static [u8]] {
        &[]
    }

    /// Serves a connection to its end, in the connection's own task. An error is logged, as the reason why
    /// it ended.
    fn serve(
        &self,
        connection: Connection,
    ) -> impl Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send;
}

impl Server {
    /// Answers one more protocol on the same port: see [`Gateway`].
    #[must_use]
    pub fn gateway(self, gateway: impl Gateway) -> Self {
        self.with_gateway(Box::new(Custom(Arc::new(gateway))))
    }
}

/// A user's gateway, as the server sees it.
struct Custom<G>(Arc<G>);

impl<G: Gateway> AnyGateway for Custom<G> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn probe(&self, first: &[u8]) -> Prefix {
        match Prefix::compare(first, &MAGIC.to_be_bytes()) {
            Prefix::Match => return Prefix::NoMatch,
            Prefix::NeedMore => return Prefix::NeedMore,
            Prefix::NoMatch => {}
        }
        let shown = &first[..first.len().min(MAX_PREFIX)];
        let mut prefix = Prefix::NoMatch;
        if !contained(|| prefix = self.0.probe(shown)) {
            tracing::error!(protocol = self.name(), "a gateway panicked in probe");
        }
        match prefix {
            Prefix::NeedMore if shown.len() == MAX_PREFIX => Prefix::NoMatch,
            prefix => prefix,
        }
    }

    fn alpn(&self) -> &'static [&'static [u8]] {
        self.0.alpn()
    }

    /// It is nobody else's to leave out.
    fn leave_out(&mut self, _: &str) -> bool {
        true
    }

    fn serve(&self, connection: GatewayConnection) -> Serving {
        let gateway = Arc::clone(&self.0);
        Box::pin(async move {
            let name = gateway.name();
            supervise::serve(name, connection, |connection| gateway.serve(connection)).await
        })
    }
}
