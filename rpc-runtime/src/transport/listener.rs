//! What takes connections in.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::net::{TcpListener, TcpStream};

use super::closing::Closing;
use super::memory::MemoryListener;
use super::tcp::set_options;
use super::unix::UnixSocket;
use super::{Accepted, Target};

/// A socket that listens, made of a tokio `TcpListener` or `UnixListener`, such as one that was
/// inherited. Its own file, if any, is left alone.
pub struct Listener(Kind);

enum Kind {
    /// At least one; `next` is asked first, so that each gets its turn.
    Tcp {
        listeners: Arc<[TcpListener]>,
        next: usize,
        /// Whether no other process may have them too.
        own: bool,
    },
    Unix(UnixSocket),
    Memory(MemoryListener),
}

impl Listener {
    pub(super) fn tcp(listeners: Vec<TcpListener>) -> Self {
        Listener(Kind::Tcp {
            listeners: listeners.into(),
            next: 0,
            own: true,
        })
    }

    pub(super) async fn unix(path: PathBuf) -> io::Result<Self> {
        UnixSocket::bind(path).await.map(Kind::Unix).map(Listener)
    }

    pub(super) fn memory(name: String) -> io::Result<Self> {
        MemoryListener::bind(name).map(Kind::Memory).map(Listener)
    }

    /// The address of a TCP listener, the first if it has several.
    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        match &self.0 {
            Kind::Tcp { listeners, .. } => listeners.first()?.local_addr().ok(),
            Kind::Unix(_) | Kind::Memory(_) => None,
        }
    }

    /// What ends it gently. A socket that was inherited may be somebody else's too, who goes on.
    pub(crate) fn closing(&self) -> Option<Closing> {
        match &self.0 {
            Kind::Tcp { listeners, own, .. } => own.then(|| Closing::new(Arc::clone(listeners))),
            Kind::Unix(_) | Kind::Memory(_) => None,
        }
    }

    /// What clients connect to; empty for a Unix socket without a name.
    pub(crate) fn target(&self) -> String {
        match &self.0 {
            Kind::Tcp { .. } => self.local_addr().map(|address| address.to_string()),
            Kind::Unix(socket) => socket.path().map(|path| Target::Unix(path).to_string()),
            Kind::Memory(listener) => Some(Target::Memory(listener.name().to_owned()).to_string()),
        }
        .unwrap_or_default()
    }
}

impl Stream for Listener {
    type Item = io::Result<Accepted>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.0 {
            Kind::Tcp {
                listeners, next, ..
            } => poll_tcp(listeners, next, cx).map(Some),
            Kind::Unix(socket) => socket.poll_accept(cx).map(Some),
            Kind::Memory(listener) => listener
                .poll_accept(cx)
                .map(|stream| Some(Ok(Accepted::new(stream)))),
        }
    }
}

fn poll_tcp(
    listeners: &[TcpListener],
    next: &mut usize,
    cx: &mut Context<'_>,
) -> Poll<io::Result<Accepted>> {
    for _ in 0..listeners.len() {
        let listener = &listeners[*next % listeners.len()];
        *next = next.wrapping_add(1);
        if let Poll::Ready(accepted) = listener.poll_accept(cx) {
            return Poll::Ready(accepted.map(of_tcp));
        }
    }
    Poll::Pending
}

fn of_tcp((stream, peer): (TcpStream, SocketAddr)) -> Accepted {
    if let Err(error) = set_options(&stream) {
        // It is gone already, which the first read will tell.
        tracing::debug!(%peer, %error, "the options of a connection could not be set");
    }
    Accepted::new(stream).with_peer(peer)
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Listener(Kind::Tcp {
            listeners: [listener].into(),
            next: 0,
            own: false,
        })
    }
}

#[cfg(unix)]
impl From<tokio::net::UnixListener> for Listener {
    fn from(listener: tokio::net::UnixListener) -> Self {
        Listener(Kind::Unix(listener.into()))
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Listener").field(&self.target()).finish()
    }
}
