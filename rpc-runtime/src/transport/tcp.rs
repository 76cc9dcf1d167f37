//! TCP.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rpc_wire::{Stage, Status};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::{TcpListener, TcpStream, lookup_host};

use super::happy_eyeballs::race;
use super::target::Authority;
use super::{BoxTransport, Connecting, Connector, connect_error};

/// Connections that wait to be accepted; the system may allow fewer (`net.core.somaxconn`).
const BACKLOG: i32 = 1024;

/// How long nothing is received before the system asks whether the peer is still there. Routers
/// forget idle connections after some minutes.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);

/// Time between two such questions. Linux gives up after nine: 150 seconds in all.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);

/// How often a free port is looked for that is free on all of a name's addresses.
const PORT_ATTEMPTS: u32 = 8;

/// Connects to the first address of a host that answers.
pub(super) struct TcpConnector {
    authority: Authority,
    address: Arc<str>,
}

impl TcpConnector {
    /// `address` is what stands for the server in errors and logs.
    pub(super) fn new(authority: Authority, address: Arc<str>) -> Self {
        TcpConnector { authority, address }
    }

    async fn open(&self) -> Result<TcpStream, Status> {
        let host = &self.authority.host;
        let addresses = resolve(&self.authority)
            .await
            .map_err(|error| resolve_error(host, error))?;
        race(addresses, |address| async move {
            let stream = TcpStream::connect(address).await?;
            set_options(&stream)?;
            Ok(stream)
        })
        .await
        .map_err(connect_error)
    }
}

impl Connector for TcpConnector {
    fn connect(&self) -> Connecting<'_> {
        Box::pin(async { Ok(Box::new(self.open().await?) as BoxTransport) })
    }

    fn address(&self) -> Arc<str> {
        self.address.clone()
    }
}

/// The addresses of a host, in the order in which the system prefers them.
pub(super) async fn resolve(authority: &Authority) -> io::Result<Vec<SocketAddr>> {
    let addresses = lookup_host((&*authority.host, authority.port)).await?;
    Ok(addresses.collect())
}

/// Small frames leave at once: the connection does its own batching. A peer whose machine is gone
/// is found although nobody sends.
pub(super) fn set_options(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_IDLE)
        .with_interval(KEEPALIVE_INTERVAL);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

/// Listens on every one of `addresses`, with port 0 on the same free port of all. An address that
/// this machine does not have (`localhost` may name `::1` where IPv6 is off) is passed over unless
/// it is the only one.
pub(super) fn listen(addresses: &[SocketAddr]) -> io::Result<Vec<TcpListener>> {
    let mut attempts = 1..=PORT_ATTEMPTS;
    loop {
        let is_last = attempts.next() == Some(PORT_ATTEMPTS);
        match listen_on_all(addresses) {
            Err((chosen, error)) if chosen && !is_last => {
                tracing::debug!(%error, "the free port of one address is taken on another");
            }
            outcome => return outcome.map_err(|(_, error)| error),
        }
    }
}

/// An error comes with whether it was met on a port that the system chose.
fn listen_on_all(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, (bool, io::Error)> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut port = None;
    let mut missing = io::Error::new(io::ErrorKind::InvalidInput, "there is no address");
    for &address in addresses {
        let mut address = address;
        let chosen = port.filter(|_| address.port() == 0);
        address.set_port(chosen.unwrap_or(address.port()));
        match listen_on(address) {
            Ok(listener) => {
                let local = listener.local_addr().map_err(|error| (false, error))?;
                port.get_or_insert(local.port());
                listeners.push(listener);
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                return Err((chosen.is_some(), error));
            }
            Err(error) => missing = error,
        }
    }
    match listeners.is_empty() {
        true => Err((false, missing)),
        false => Ok(listeners),
    }
}

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if matches!(address.ip(), IpAddr::V6(ip) if ip.is_unspecified()) {
        // Systems differ in whether `[::]` means IPv4 too; here it does.
        socket.set_only_v6(false)?;
    }
    // On Windows this would let another process take the port over.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn resolve_error(host: &str, error: io::Error) -> Status {
    Status::unavailable(format!(
        "cannot resolve the host {host:?}: {error}; check the name"
    ))
    .with_source(error)
    .with_stage(Stage::Resolve)
    .with_may_have_run(false)
}
