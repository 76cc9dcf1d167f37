//! Who is at the other end.

use std::fmt;

use bytes::Bytes;

/// Who the other end of a connection has proved to be, beyond its address.
///
/// Handlers reach it by `Context::peer_identity`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerIdentity {
    /// The holder of a TLS certificate that was verified.
    Certificates(PeerCertificates),
    /// A process on the same machine, at the other end of a Unix socket.
    Process(PeerProcess),
}

/// The certificates that a TLS peer showed and that were verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificates {
    chain: Vec<Bytes>,
}

impl PeerCertificates {
    /// Certificates in DER, the peer's own first. To be made by whoever verified them, such as
    /// code that accepts connections for `Server::serve_incoming`.
    pub fn new(chain: impl IntoIterator<Item = Bytes>) -> Self {
        PeerCertificates {
            chain: chain.into_iter().collect(),
        }
    }

    /// The peer's own certificate in DER; `None` if there is no certificate at all.
    pub fn end_entity(&self) -> Option<&[u8]> {
        self.chain.first().map(|certificate| &certificate[..])
    }

    /// All certificates that the peer sent, in DER, its own first.
    pub fn chain(&self) -> impl Iterator<Item = &[u8]> {
        self.chain.iter().map(|certificate| &certificate[..])
    }
}

/// A process at the other end of a Unix socket, as the operating system knows it.
///
/// It says who opened the connection; the connection may have been handed on since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerProcess {
    uid: u32,
    gid: u32,
    pid: Option<i32>,
}

impl PeerProcess {
    /// A process of this user and group. To be made by whoever asked the operating system.
    pub fn new(uid: u32, gid: u32, pid: Option<i32>) -> Self {
        PeerProcess { uid, gid, pid }
    }

    /// The id of its user.
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// The id of its group.
    pub fn gid(&self) -> u32 {
        self.gid
    }

    /// Its own id, where the operating system tells it.
    pub fn pid(&self) -> Option<i32> {
        self.pid
    }
}

impl fmt::Display for PeerProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "process {pid} of user {}", self.uid),
            None => write!(f, "a process of user {}", self.uid),
        }
    }
}
