//! Connections of protocols other than the native one.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use super::Router;
use crate::connection::refusal::tell;
use crate::connection::room::FIRST_READ_SIZE;
use crate::connection::server_config::ConnectionConfig;
use crate::connection::shutdown::{FIRST_BYTES_TIMEOUT, Shutdown};
use crate::transport::{Opened, PeerIdentity, Prefix};

/// A protocol other than the native one, on the same port.
///
/// A gateway translates: what its clients send becomes calls that the [`Router`] answers. What the
/// configuration promises of a connection it keeps: limits, time limits, an orderly end.
pub(crate) trait AnyGateway: Send + Sync {
    /// What the protocol is called in logs.
    fn name(&self) -> &'static str;

    /// Whether a connection is this protocol's if it begins with these bytes, of which there is at
    /// least one. It is asked once all gateways before it have said [`Prefix::NoMatch`].
    fn probe(&self, first: &[u8]) -> Prefix;

    /// The names that its protocols have in ALPN.
    fn alpn(&self) -> &'static [&'static [u8]] {
        &[]
    }

    /// Does not answer this protocol, if it is one of its own; false if none is left.
    fn leave_out(&mut self, protocol: &str) -> bool {
        protocol != self.name()
    }

    /// Tells a client that it is not served, for this reason, and closes the connection; says nothing unless
    /// overridden, for a protocol that has no word for it.
    fn refuse<'a>(
        &'a self,
        opened: Opened,
        _reason: &'a str,
        _config: &'a ConnectionConfig,
    ) -> Refusing<'a> {
        Box::pin(tell(opened.transport, b""))
    }

    /// Serves a connection until it ends; says why it ended. Dropped, it cancels the calls.
    fn serve(&self, connection: GatewayConnection) -> Serving;
}

/// The gateways of a server.
pub(crate) type Gateways = Arc<[Box<dyn AnyGateway>]>;

/// What [`AnyGateway::serve`] returns: why the connection ended.
pub(crate) type Serving = Pin<Box<dyn Future<Output = String> + Send>>;

/// What [`AnyGateway::refuse`] returns.
///
/// # Errors
///
/// If the connection breaks before the client was told.
pub(crate) type Refusing<'a> = Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'a>>;

/// A connection for a gateway.
pub(crate) struct GatewayConnection {
    pub(crate) opened: Opened,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) identity: Option<Arc<PeerIdentity>>,
    pub(crate) router: Arc<Router>,
    pub(crate) config: ConnectionConfig,
    pub(crate) shutdown: Shutdown,
}

/// What the beginning of a connection has shown.
pub(super) enum Beginning<'a> {
    /// It is of this gateway's protocol.
    Gateway(&'a dyn AnyGateway),
    /// It is of no gateway's protocol, or its client said too little in time.
    Native,
    /// There is no need to know any more.
    Ended(String),
}

/// Finds out what protocol a connection is of, if there is a choice.
pub(super) async fn recognise<'a>(
    opened: &mut Opened,
    gateways: &'a [Box<dyn AnyGateway>],
    timeout: Duration,
    shutdown: &mut Shutdown,
) -> Beginning<'a> {
    if gateways.is_empty() {
        return Beginning::Native;
    }
    let rest = timeout.saturating_sub(opened.since.elapsed());
    let sniffing = opened.sniff(FIRST_READ_SIZE, gateways, |gateway, first| {
        gateway.probe(first)
    });
    let mut sniffing = pin!(tokio::time::timeout(rest, sniffing));
    let sniffed = tokio::select! {
        biased;
        sniffed = &mut sniffing => sniffed,
        _ = shutdown.next() => {
            let last = tokio::time::timeout(FIRST_BYTES_TIMEOUT, sniffing).await;
            shutdown.report_again();
            match last {
                Ok(sniffed) => sniffed,
                Err(_) => return Beginning::Ended(
                    "the server shut down before the client spoke".to_owned(),
                ),
            }
        }
    };
    match sniffed {
        Ok(Ok(Some(gateway))) => Beginning::Gateway(&**gateway),
        // The native driver tells whoever is late what it was waiting for.
        Ok(Ok(None)) | Err(_) => Beginning::Native,
        Ok(Err(error)) => Beginning::Ended(format!("the connection broke: {error}")),
    }
}
