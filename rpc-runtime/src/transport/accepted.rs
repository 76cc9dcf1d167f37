//! A connection that a server has accepted.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use super::{BoxTransport, PeerIdentity, Transport};

/// A connection that was accepted: its bytes, and what is known of the peer.
///
/// Every [`Transport`] is one of which nothing is known. It is what `Server::serve_incoming`
/// takes; who knows more of the peer says so:
///
/// ```
/// # use tokio::net::TcpStream;
/// # use std::net::SocketAddr;
/// use rpc_runtime::Accepted;
///
/// fn accepted(stream: TcpStream, peer: SocketAddr) -> Accepted {
///     Accepted::new(stream).with_peer(peer)
/// }
/// ```
pub struct Accepted {
    pub(crate) transport: BoxTransport,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) identity: Option<Arc<PeerIdentity>>,
}

impl Accepted {
    /// A connection of which nothing is known but its bytes.
    pub fn new(transport: impl Transport) -> Self {
        Accepted {
            transport: Box::new(transport),
            peer: None,
            identity: None,
        }
    }

    /// Says which address the peer has. Handlers see it as `Context::peer`, and
    /// `Server::max_connections_per_peer` counts by it.
    #[must_use]
    pub fn with_peer(mut self, address: SocketAddr) -> Self {
        self.peer = Some(canonical(address));
        self
    }

    /// Says who the peer has proved to be. Handlers see it as `Context::peer_identity`.
    #[must_use]
    pub fn with_identity(mut self, identity: PeerIdentity) -> Self {
        self.identity = Some(Arc::new(identity));
        self
    }

    /// What stands for the peer in logs.
    pub(crate) fn name(&self) -> String {
        match (self.peer, self.identity.as_deref()) {
            (Some(address), _) => address.to_string(),
            (None, Some(PeerIdentity::Process(process))) => process.to_string(),
            (None, _) => "a peer without an address".to_owned(),
        }
    }
}

/// An IPv4 peer of a socket that listens on IPv6 too is known by its IPv4 address.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        ip if ip == address.ip() => address,
        ip => SocketAddr::new(ip, address.port()),
    }
}

impl<T: Transport> From<T> for Accepted {
    fn from(transport: T) -> Self {
        Accepted::new(transport)
    }
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted")
            .field("peer", &self.peer)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}
