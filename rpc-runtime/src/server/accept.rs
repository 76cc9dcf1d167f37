//! Takes connections in and sees them out.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_core::Stream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Builtin;
use super::connection_limits::{ConnectionCounts, ConnectionLimits};
use super::dispatch::Dispatcher;
use super::gateway::{Beginning, GatewayConnection, Gateways, recognise};
use super::report::ShutdownReport;
use super::router::Router;
use super::throttle::Throttle;
use crate::connection::completions::Completions;
use crate::connection::observer::Observed;
use crate::connection::packing::Packing;
use crate::connection::refusal::{close, refuse};
use crate::connection::server::ServerDriver;
use crate::connection::server_config::ConnectionConfig;
use crate::connection::shutdown::{Phase, Shutdown, Tally};
use crate::transport::{Accepted, Opened, TlsAcceptor};

/// Pause after an error of `accept`, such as too many open files: it would come again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Clients that are told at one time why they are refused; whoever comes on top of them is cut.
const MAX_REFUSALS: usize = 64;

/// How long a client has to hear why it is refused: a few round trips.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);

/// Bytes of a client that are read at a time to know how to refuse it: enough for most protocols.
const REFUSED_INPUT: usize = 64;

/// How long connections are accepted after the signal to shut down: those that wait already.
const BACKLOG_TIMEOUT: Duration = Duration::from_millis(20);

/// How long connections have to tell their clients that calls were cut, and to close.
const CUT_TIMEOUT: Duration = Duration::from_secs(2);

/// What serves the connections that are accepted.
pub(super) struct Acceptor {
    pub(super) router: Arc<Router>,
    pub(super) gateways: Gateways,
    pub(super) builtin: Vec<Box<dyn Builtin>>,
    pub(super) config: ConnectionConfig,
    pub(super) limits: ConnectionLimits,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) events: Throttle,
    /// How long calls may go on after the signal to shut down.
    pub(super) grace: Duration,
}

impl Acceptor {
    /// Accepts connections until `signal` completes, then lets them finish for as long as the
    /// grace period. If there are none to come any more, serves those that there are to their end.
    pub(super) async fn run<I, T>(
        self,
        incoming: I,
        signal: impl Future<Output = ()>,
    ) -> ShutdownReport
    where
        I: Stream<Item = io::Result<T>>,
        T: Into<Accepted>,
    {
        let mut incoming = Box::pin(incoming);
        let grace = self.grace;
        let mut connections = Connections::new(self);
        let acceptor = Arc::clone(&connections.acceptor);
        let mut signal = pin!(async move {
            signal.await;
            acceptor.shutting_down();
        });
        tokio::select! {
            () = &mut signal => {
                // Who waits to be accepted has connected, and may have sent requests.
                let waiting = connections.accept_all(incoming.as_mut());
                let _ = tokio::time::timeout(BACKLOG_TIMEOUT, waiting).await;
            }
            () = connections.accept_all(incoming.as_mut()) => tokio::select! {
                () = signal => {}
                () = all_ended(&mut connections.served) => {}
            },
        }
        drop(incoming);
        connections.finish(grace).await
    }

    fn shutting_down(&self) {
        for builtin in &self.builtin {
            builtin.shutting_down();
        }
    }

    /// Serves a connection, which was accepted at `since`, until it ends.
    async fn serve(&self, accepted: Accepted, since: Instant, mut shutdown: Shutdown) {
        let accepted = tokio::select! {
            biased;
            accepted = self.secure(accepted, since) => accepted,
            _ = shutdown.next() => return,
        };
        if let Some(accepted) = accepted {
            let (router, gateways) = (self.router.clone(), self.gateways.clone());
            let config = self.config.clone();
            serve_transport(accepted, since, router, gateways, config, shutdown).await;
        }
    }

    /// Shakes hands, if the server speaks TLS; `None` if that fails.
    async fn secure(&self, accepted: Accepted, since: Instant) -> Option<Accepted> {
        let Some(tls) = &self.tls else {
            return Some(accepted);
        };
        let peer = accepted.peer;
        let limit = self.config.handshake_timeout;
        let rest = limit.saturating_sub(since.elapsed());
        let error = match tokio::time::timeout(rest, tls.accept(accepted)).await {
            Ok(Ok(secured)) => return Some(secured),
            Ok(Err((error, transport))) => {
                close(transport).await;
                error.to_string()
            }
            Err(_) => format!("it took longer than {limit:?} (handshake_timeout)"),
        };
        if let Some(unreported) = self.events.pass(Instant::now()) {
            tracing::warn!(?peer, error, unreported, "a TLS handshake failed");
        }
        None
    }

    /// Tells a client why it is not served.
    async fn refuse(&self, accepted: Accepted, reason: &str) {
        let refused = async {
            if let Some(accepted) = self.secure(accepted, Instant::now()).await {
                let opened = Opened::new(accepted.transport, Instant::now());
                // Whether the client heard it is no concern of anybody here.
                let _ = self.refuse_by_protocol(opened, reason).await;
            }
        };
        let _ = tokio::time::timeout(REFUSAL_TIMEOUT, refused).await;
    }

    /// Says it in the words of the protocol that the client begins with.
    async fn refuse_by_protocol(&self, mut opened: Opened, reason: &str) -> io::Result<()> {
        let sniffed = opened.sniff(REFUSED_INPUT, &self.gateways, |gateway, first| {
            gateway.probe(first)
        });
        match sniffed.await? {
            Some(gateway) => gateway.refuse(opened, reason, &self.config).await,
            None => refuse(opened, reason).await,
        }
    }
}

/// The connections of a server.
struct Connections {
    acceptor: Arc<Acceptor>,
    counts: ConnectionCounts,
    served: JoinSet<()>,
    /// Those that hear why they are not served.
    refused: JoinSet<()>,
    phase: watch::Sender<Phase>,
    tally: Arc<Tally>,
}

impl Connections {
    fn new(acceptor: Acceptor) -> Self {
        Connections {
            counts: ConnectionCounts::new(acceptor.limits),
            acceptor: Arc::new(acceptor),
            served: JoinSet::new(),
            refused: JoinSet::new(),
            phase: watch::Sender::default(),
            tally: Arc::default(),
        }
    }

    /// Takes connections in until there are no more.
    async fn accept_all<I, T>(&mut self, mut incoming: Pin<&mut I>)
    where
        I: Stream<Item = io::Result<T>>,
        T: Into<Accepted>,
    {
        loop {
            let accepted = tokio::select! {
                Some(_) = self.served.join_next() => continue,
                Some(_) = self.refused.join_next() => continue,
                accepted = next(incoming.as_mut()) => accepted,
            };
            match accepted {
                Some(Ok(accepted)) => self.take_in(accepted.into()),
                Some(Err(error)) if is_of_one_connection(&error) => {}
                Some(Err(error)) => {
                    if let Some(unreported) = self.acceptor.events.pass(Instant::now()) {
                        tracing::warn!(%error, unreported, "a connection could not be accepted");
                    }
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
                None => return,
            }
        }
    }

    fn take_in(&mut self, accepted: Accepted) {
        let admitted = match self.counts.admit(accepted.peer) {
            Ok(admitted) => admitted,
            Err(reason) => return self.refuse(accepted, reason),
        };
        let acceptor = Arc::clone(&self.acceptor);
        let shutdown = Shutdown::new(self.phase.subscribe(), Arc::clone(&self.tally));
        let since = Instant::now();
        self.served.spawn(async move {
            acceptor.serve(accepted, since, shutdown).await;
            drop(admitted);
        });
    }

    /// Tells a client which limit is reached, unless too many are being told.
    fn refuse(&mut self, accepted: Accepted, reason: String) {
        if let Some(unreported) = self.acceptor.events.pass(Instant::now()) {
            let peer = accepted.peer;
            tracing::warn!(?peer, reason, unreported, "a connection was refused");
        }
        if self.refused.len() < MAX_REFUSALS {
            let acceptor = Arc::clone(&self.acceptor);
            self.refused
                .spawn(async move { acceptor.refuse(accepted, &reason).await });
        }
    }

    /// Lets what was accepted finish, and cuts what does not.
    async fn finish(mut self, grace: Duration) -> ShutdownReport {
        self.refused.abort_all();
        for (phase, limit) in [(Phase::Draining, grace), (Phase::Over, CUT_TIMEOUT)] {
            self.phase.send_replace(phase);
            let finished = all_ended(&mut self.served);
            if tokio::time::timeout(limit, finished).await.is_ok() {
                break;
            }
        }
        let report = ShutdownReport::of(&self.tally);
        if report.cut > 0 {
            tracing::warn!(%report, "calls were cut: they took longer than shutdown_grace");
        } else {
            tracing::info!(%report, "the server has shut down");
        }
        report
    }
}

async fn next<S: Stream>(mut stream: Pin<&mut S>) -> Option<S::Item> {
    poll_fn(|cx| stream.as_mut().poll_next(cx)).await
}

async fn all_ended(connections: &mut JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}

/// Whether it is not accepting that failed, but the connection, before it was accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

/// Serves one connection until it ends: by a gateway if it begins as its protocol does, natively
/// otherwise. It was accepted at `since`, when the time for the handshake began.
pub(crate) fn serve_transport(
    accepted: Accepted,
    since: Instant,
    router: Arc<Router>,
    gateways: Gateways,
    config: ConnectionConfig,
    mut shutdown: Shutdown,
) -> impl Future<Output = ()> + Send {
    let name = accepted.name().into();
    let Accepted {
        transport,
        peer,
        identity,
    } = accepted;
    let mut opened = Opened::new(transport, since);
    let observer = config.observer.clone();
    // Handlers are polled inline: tokio's budget, once used up, would make each look pending.
    tokio::task::unconstrained(async move {
        let observed = Observed::open(name, observer);
        let timeout = config.handshake_timeout;
        let reason = match recognise(&mut opened, &gateways, timeout, &mut shutdown).await {
            Beginning::Gateway(gateway) => {
                tracing::debug!(?peer, protocol = gateway.name(), "connection recognised");
                let connection = GatewayConnection {
                    opened,
                    peer,
                    identity,
                    router,
                    config,
                    shutdown,
                };
                gateway.serve(connection).await
            }
            Beginning::Native => {
                let completions = Arc::new(Completions::new(config.session.max_queued_replies));
                let packing = Packing::new(&config);
                let dispatcher =
                    Dispatcher::new(router, peer, identity, completions.clone(), packing);
                let mut driver =
                    ServerDriver::new(opened, dispatcher, completions, config, shutdown);
                driver.run().await
            }
            Beginning::Ended(reason) => reason,
        };
        observed.close(reason);
    })
}

#[cfg(test)]
#[cfg(feature = "tls")]
mod tests {
    use std::sync::Mutex;

    use tokio::io::{AsyncReadExt, DuplexStream, duplex};

    use super::*;
    use crate::server::Server;
    use crate::transport::{ClientTls, Connector, ServerTls, Transport};

    /// Far more than a handshake takes, and far less than `LIMIT`.
    const REST: Duration = Duration::from_secs(1);

    const LIMIT: Duration = Duration::from_secs(30);

    async fn by_tls(stream: DuplexStream, root: &str) -> Box<dyn Transport> {
        let stream = Mutex::new(Some(stream));
        let open = move || std::future::ready(Ok(stream.lock().unwrap().take().unwrap()));
        let tls = ClientTls::new().roots_pem(root).unwrap();
        let connector = tls.over(open, "localhost").unwrap();
        connector.connect().await.unwrap()
    }

    #[tokio::test]
    async fn the_time_for_the_handshake_is_one_for_tls_and_what_follows() {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = made.cert.pem();
        let tls = ServerTls::from_pem(&certificate, made.signing_key.serialize_pem()).unwrap();
        let server = Server::new().tls(tls).handshake_timeout(LIMIT + REST);
        let acceptor = server.acceptor().unwrap();
        for shakes_hands in [false, true] {
            let (client, server) = duplex(1024);
            // Nearly all of it is over before the connection is served.
            let since = Instant::now().checked_sub(LIMIT).unwrap();
            let served = acceptor.serve(Accepted::new(server), since, Shutdown::never());
            let silent = async {
                let mut client: Box<dyn Transport> = match shakes_hands {
                    true => by_tls(client, &certificate).await,
                    false => Box::new(client),
                };
                client.read_to_end(&mut Vec::new()).await.unwrap();
            };
            let ended = tokio::time::timeout(LIMIT, async { tokio::join!(served, silent) });
            ended.await.unwrap();
        }
    }
}
