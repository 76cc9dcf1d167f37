//! Takes connections in and sees them out.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::dispatch::Dispatcher;
use super::router::Router;
use crate::connection::completions::Completions;
use crate::connection::observer::Observed;
use crate::connection::server::ServerDriver;
use crate::connection::server_config::ConnectionConfig;
use crate::transport::{BoxTransport, set_options};

/// Pause after an error of `accept`, such as too many open files: it would come again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until `signal` completes, then lets them finish for as long as `grace`.
pub(super) async fn accept(
    listener: TcpListener,
    router: Arc<Router>,
    config: ConnectionConfig,
    signal: impl Future<Output = ()>,
    grace: Duration,
) {
    let mut signal = pin!(signal);
    let shutdown = watch::Sender::new(false);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = &mut signal => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted.and_then(|(stream, peer)| Ok((set_options(stream)?, peer))) {
            Ok((stream, peer)) => {
                let transport = Box::new(stream);
                let shutdown = shutdown.subscribe();
                let served = serve_transport(
                    transport,
                    Some(peer),
                    router.clone(),
                    config.clone(),
                    shutdown,
                );
                connections.spawn(served);
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    shutdown.send_replace(true);
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(grace, finished).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "calls were cut: they took longer than shutdown_grace"
        );
    }
}

/// Serves one connection until it ends.
pub(crate) fn serve_transport(
    transport: BoxTransport,
    peer: Option<SocketAddr>,
    router: Arc<Router>,
    config: ConnectionConfig,
    mut shutdown: watch::Receiver<bool>,
) -> impl Future<Output = ()> + Send {
    let completions = Arc::new(Completions::default());
    let dispatcher = Dispatcher::new(router, peer, completions.clone());
    let shutdown = async move {
        // Without a sender nobody will ever ask for a shutdown.
        if shutdown.wait_for(|begun| *begun).await.is_err() {
            std::future::pending().await
        }
    };
    let name = peer.map_or_else(|| "in this process".into(), |peer| peer.to_string().into());
    let observer = config.observer.clone();
    let driver = ServerDriver::new(transport, dispatcher, completions, config, shutdown);
    // Handlers are polled inline: tokio's budget, once used up, would make each look pending.
    tokio::task::unconstrained(async move {
        let observed = Observed::open(name, observer);
        let reason = driver.run().await;
        observed.close(reason);
    })
}
