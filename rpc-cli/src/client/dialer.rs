//! Opens streams to a server, and measures each step on the way.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rpc_runtime::{Connecting, Connector, Stage, Status, Transport};
use tokio::net::{TcpStream, lookup_host};

use super::ServerArgs;
use super::meter::{Meter, Metered, Opened};
use super::target::{Route, Target};
use super::tls::Tls;
use crate::error::Result;

/// How long an address has to answer before the next one is tried, too: what RFC 8305 recommends.
const HEAD_START: Duration = Duration::from_millis(250);

/// Opens streams to one server, by TLS if its target says so.
pub(crate) struct Dialer {
    route: Route,
    tls: Option<Tls>,
    address: Arc<str>,
    timeout: Duration,
    meter: Arc<Meter>,
}

impl Dialer {
    /// What opens streams to `target`.
    ///
    /// # Errors
    ///
    /// What is wrong with the arguments for TLS.
    pub(crate) fn new(target: &Target, args: &ServerArgs) -> Result<Self> {
        let tls = match &target.route {
            Route::Tcp { host, .. } if target.by_tls => {
                Some(Tls::new(args, host, target.protocol.alpn())?)
            }
            _ => None,
        };
        Ok(Dialer {
            route: target.route.clone(),
            tls,
            address: target.authority().into(),
            timeout: args.connect_timeout,
            meter: Arc::default(),
        })
    }

    /// What is measured of the streams.
    pub(crate) fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    /// Opens a stream; gives, too, how it was done.
    ///
    /// # Errors
    ///
    /// What went wrong, with its stage.
    pub(crate) async fn open(&self) -> Result<(Box<dyn Transport>, Opened), Status> {
        let opened = tokio::time::timeout(self.timeout, self.open_in_time()).await;
        opened.unwrap_or_else(|_| {
            Err(failed(
                Stage::Connect,
                format!("no connection after {:?} (--connect-timeout)", self.timeout),
            ))
        })
    }

    async fn open_in_time(&self) -> Result<(Box<dyn Transport>, Opened), Status> {
        let mut opened = Opened::default();
        let meter = self.meter();
        let stream: Box<dyn Transport> = match &self.route {
            Route::Tcp { host, port } => {
                let stream = connect_tcp(host, *port, &mut opened).await?;
                Box::new(Metered { stream, meter })
            }
            #[cfg(not(unix))]
            Route::Unix(_) => {
                let message = "this system has no Unix sockets".to_owned();
                return Err(failed(Stage::Connect, message));
            }
            #[cfg(unix)]
            Route::Unix(path) => {
                let begin = Instant::now();
                let stream = tokio::net::UnixStream::connect(path).await;
                let stream = stream.map_err(refused)?;
                opened.connect = begin.elapsed();
                opened.peer = path.display().to_string();
                Box::new(Metered { stream, meter })
            }
        };
        let stream: Box<dyn Transport> = match &self.tls {
            None => stream,
            Some(tls) => {
                let begin = Instant::now();
                let (stream, details) = tls.connect(stream).await?;
                opened.tls = Some((begin.elapsed(), details));
                Box::new(stream)
            }
        };
        self.meter.opened(opened.clone());
        Ok((stream, opened))
    }
}

impl Connector for Dialer {
    fn connect(&self) -> Connecting<'_> {
        Box::pin(async { Ok(self.open().await?.0) })
    }

    fn address(&self) -> Arc<str> {
        Arc::clone(&self.address)
    }
}

/// Connects to the first of a host's addresses that answers.
async fn connect_tcp(host: &str, port: u16, opened: &mut Opened) -> Result<TcpStream, Status> {
    let begin = Instant::now();
    let addresses = lookup_host((host, port)).await.map_err(|error| {
        let message = format!("cannot resolve the host {host:?}: {error}; check the name");
        failed(Stage::Resolve, message)
    })?;
    opened.resolve = begin.elapsed();
    let (stream, peer, took) = race(addresses.collect()).await.map_err(refused)?;
    opened.connect = took;
    opened.peer = peer.to_string();
    stream.set_nodelay(true).map_err(refused)?;
    Ok(stream)
}

/// Connects to the first of these addresses that answers. Each is tried when the one before has failed, or not answered
/// for a while.
async fn race(addresses: Vec<SocketAddr>) -> io::Result<(TcpStream, SocketAddr, Duration)> {
    let mut waiting = addresses.into_iter();
    let mut running = FuturesUnordered::new();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    loop {
        running.extend(waiting.next().map(connect));
        tokio::select! {
            outcome = running.next() => match outcome {
                Some(Ok(connected)) => return Ok(connected),
                Some(Err(error)) => last = error,
                None => return Err(last),
            },
            () = tokio::time::sleep(HEAD_START), if waiting.len() > 0 => {}
        }
    }
}

async fn connect(address: SocketAddr) -> io::Result<(TcpStream, SocketAddr, Duration)> {
    let begin = Instant::now();
    let stream = TcpStream::connect(address).await?;
    Ok((stream, address, begin.elapsed()))
}

fn refused(error: io::Error) -> Status {
    let advice = match error.kind() {
        io::ErrorKind::ConnectionRefused => "; is the server running, and on this port?",
        io::ErrorKind::NotFound => "; is the server running, and is this its socket?",
        _ => "",
    };
    failed(Stage::Connect, format!("cannot connect: {error}{advice}"))
}

fn failed(stage: Stage, message: String) -> Status {
    Status::unavailable(message)
        .with_stage(stage)
        .with_may_have_run(false)
}
