//! How bytes move: anything that reads and writes can carry a connection.

mod accepted;
mod address;
mod closing;
mod connectors;
mod happy_eyeballs;
mod listener;
mod memory;
mod peer;
mod sniff;
mod target;
mod tcp;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "no_tls.rs"]
mod tls;
#[cfg(unix)]
mod unix;
#[cfg(not(unix))]
#[path = "no_unix.rs"]
mod unix;

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use rpc_wire::{Stage, Status};
use tokio::io::{AsyncRead, AsyncWrite};

pub use accepted::Accepted;
pub use address::ListenAddress;
pub use listener::Listener;
pub use peer::{PeerCertificates, PeerIdentity, PeerProcess};
pub use sniff::Prefix;
#[cfg(feature = "tls")]
pub use tls::{ClientTls, ServerTls, TlsError};

pub(crate) use connectors::connector;
pub(crate) use memory::pipe;
pub(crate) use sniff::Opened;
pub(crate) use target::Target;
pub(crate) use tls::TlsAcceptor;
#[cfg(not(feature = "tls"))]
pub(crate) use tls::{ClientTls, ServerTls};

/// The names of protocols in ALPN: the native one, which is a server's first choice, and HTTP/2.
const ALPN_NATIVE: &[u8] = b"rpc";
const ALPN_HTTP2: &[u8] = b"h2";

/// A stream of bytes both ways, such as a `tokio::net::TcpStream`.
///
/// It is implemented for everything that fits.
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Transport for T {}

pub(crate) type BoxTransport = Box<dyn Transport>;

/// What [`Connector::connect`] returns.
pub type Connecting<'a> =
    Pin<Box<dyn Future<Output = Result<Box<dyn Transport>, Status>> + Send + 'a>>;

/// A way to reach a server; called for the first connection and for each that replaces it.
///
/// A function that opens a stream is a connector:
///
/// ```no_run
/// use rpc_runtime::Channel;
/// use tokio::net::TcpStream;
///
/// # async fn example() -> Result<(), rpc_runtime::Status> {
/// let channel = Channel::connect_with(|| TcpStream::connect("127.0.0.1:8000")).await?;
/// # Ok(()) }
/// ```
pub trait Connector: Send + Sync + 'static {
    /// Opens a stream to the server.
    ///
    /// # Errors
    ///
    /// What went wrong, with the stage `Resolve` or `Connect`.
    fn connect(&self) -> Connecting<'_>;

    /// What stands for the server in errors and logs.
    fn address(&self) -> Arc<str>;
}

impl<F, Fut, T> Connector for F
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = io::Result<T>> + Send + 'static,
    T: Transport,
{
    fn connect(&self) -> Connecting<'_> {
        let connecting = self();
        Box::pin(async move {
            let transport = connecting.await.map_err(connect_error)?;
            Ok(Box::new(transport) as Box<dyn Transport>)
        })
    }

    fn address(&self) -> Arc<str> {
        "the given connector".into()
    }
}

/// The status of a connection that did not come about.
fn connect_error(error: io::Error) -> Status {
    let advice = match error.kind() {
        io::ErrorKind::ConnectionRefused => "; is the server running, and on this port?",
        _ => "",
    };
    Status::unavailable(format!("cannot connect: {error}{advice}"))
        .with_source(error)
        .with_stage(Stage::Connect)
        .with_may_have_run(false)
}
