//! Takes connections in and sees them out.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_core::Stream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::dispatch::Dispatcher;
use super::router::Router;
use super::throttle::Throttle;
use crate::connection::completions::Completions;
use crate::connection::observer::Observed;
use crate::connection::server::ServerDriver;
use crate::connection::server_config::ConnectionConfig;
use crate::transport::Accepted;

/// Pause after an error of `accept`, such as too many open files: it would come again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What serves the connections that are accepted.
pub(super) struct Acceptor {
    pub(super) router: Arc<Router>,
    pub(super) config: ConnectionConfig,
    /// How long calls may go on after the signal to shut down.
    pub(super) grace: Duration,
}

impl Acceptor {
    /// Accepts connections until `signal` completes, then lets them finish for as long as the
    /// grace period. If there are none to come any more, serves those that there are to their end.
    pub(super) async fn run<I, T>(self, incoming: I, signal: impl Future<Output = ()>)
    where
        I: Stream<Item = io::Result<T>>,
        T: Into<Accepted>,
    {
        let mut signal = pin!(signal);
        let shutdown = watch::Sender::new(false);
        let mut connections = JoinSet::new();
        {
            let mut incoming = pin!(incoming);
            let throttle = Throttle::default();
            loop {
                let accepted = tokio::select! {
                    () = &mut signal => break,
                    Some(_) = connections.join_next() => continue,
                    accepted = next(incoming.as_mut()) => accepted,
                };
                match accepted {
                    Some(Ok(accepted)) => {
                        let served = serve_transport(
                            accepted.into(),
                            self.router.clone(),
                            self.config.clone(),
                            shutdown.subscribe(),
                        );
                        connections.spawn(served);
                    }
                    Some(Err(error)) if is_of_one_connection(&error) => {}
                    Some(Err(error)) => {
                        if let Some(unreported) = throttle.pass(Instant::now()) {
                            tracing::warn!(%error, unreported, "a connection could not be accepted");
                        }
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                    None => {
                        tokio::select! {
                            () = &mut signal => {}
                            () = all_ended(&mut connections) => {}
                        }
                        break;
                    }
                }
            }
        }
        shutdown.send_replace(true);
        let finished = all_ended(&mut connections);
        if tokio::time::timeout(self.grace, finished).await.is_err() {
            tracing::warn!(
                connections = connections.len(),
                "calls were cut: they took longer than shutdown_grace"
            );
        }
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

/// Serves one connection until it ends.
pub(crate) fn serve_transport(
    accepted: Accepted,
    router: Arc<Router>,
    config: ConnectionConfig,
    mut shutdown: watch::Receiver<bool>,
) -> impl Future<Output = ()> + Send {
    let name = accepted.name().into();
    let Accepted {
        transport,
        peer,
        identity,
    } = accepted;
    let completions = Arc::new(Completions::default());
    let dispatcher = Dispatcher::new(router, peer, identity, completions.clone());
    let shutdown = async move {
        // Without a sender nobody will ever ask for a shutdown.
        if shutdown.wait_for(|begun| *begun).await.is_err() {
            std::future::pending().await
        }
    };
    let observer = config.observer.clone();
    let driver = ServerDriver::new(transport, dispatcher, completions, config, shutdown);
    // Handlers are polled inline: tokio's budget, once used up, would make each look pending.
    tokio::task::unconstrained(async move {
        let observed = Observed::open(name, observer);
        let reason = driver.run().await;
        observed.close(reason);
    })
}
