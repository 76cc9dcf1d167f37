//! A server that calls go to, and the connection to it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use rpc_wire::session::ClientConfig;
use rpc_wire::{Stage, Status};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::backoff::Backoff;
use crate::connection::client::ClientConnection;
use crate::connection::client_driver::ClientDriver;
use crate::connection::observer::{Observed, Observer};
use crate::transport::Connector;

/// How connections are made.
#[derive(Clone, Debug)]
pub(super) struct PeerConfig {
    pub(super) session: ClientConfig,
    /// From looking the name up to the stream being open.
    pub(super) connect_timeout: Duration,
    /// How long a connection may have no calls.
    pub(super) idle_timeout: Duration,
    pub(super) observer: Observer,
    /// How many times as long a reply may become when it is decompressed.
    pub(super) max_ratio: u32,
}

/// A server and the one connection to it, which is opened by the first call, used by all, and
/// replaced when it ends.
///
/// Connections are driven by the runtime that the peer was made in.
pub(super) struct Peer {
    connector: Arc<dyn Connector>,
    config: PeerConfig,
    runtime: Handle,
    backoff: Arc<Backoff>,
    current: ArcSwapOption<ClientConnection>,
    /// The attempt to connect that is under way.
    dial: Mutex<Option<Dial>>,
}

/// How an attempt to connect ends; `None` until it does.
type Dial = watch::Receiver<Option<Result<Arc<ClientConnection>, Status>>>;

impl Peer {
    pub(super) fn new(
        connector: Arc<dyn Connector>,
        config: PeerConfig,
        runtime: Handle,
    ) -> Arc<Self> {
        Arc::new(Peer {
            connector,
            config,
            runtime,
            backoff: Arc::default(),
            current: ArcSwapOption::empty(),
            dial: Mutex::default(),
        })
    }

    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    pub(super) fn address(&self) -> Arc<str> {
        self.connector.address()
    }

    /// The connection, if there is one.
    pub(super) fn current(&self) -> Option<Arc<ClientConnection>> {
        self.current.load_full()
    }

    /// A connection that takes calls. All who ask while there is none share one attempt, which
    /// begins after a pause if the attempts before it failed. Nobody is given the outcome of an
    /// attempt that had ended before it asked.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(super) async fn connection(self: &Arc<Self>) -> Result<Arc<ClientConnection>, Status> {
        let mut dial = self.join_dial();
        match dial.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(outcome)) => outcome.clone(),
            // The attempt was dropped with its runtime.
            _ => Err(self.runtime_gone()),
        }
    }

    fn join_dial(self: &Arc<Self>) -> Dial {
        let mut dial = self.dial.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = self.current().filter(|connection| connection.accepts()) {
            return watch::Sender::new(Some(Ok(connection))).subscribe();
        }
        if let Some(dial) = dial
            .as_ref()
            .filter(|dial| dial.has_changed().is_ok() && dial.borrow().is_none())
        {
            return dial.clone();
        }
        let (sender, receiver) = watch::channel(None);
        let peer = Arc::clone(self);
        self.runtime.spawn(async move {
            let outcome = peer.dial().await;
            if let Ok(connection) = &outcome {
                peer.current.store(Some(connection.clone()));
            }
            sender.send_replace(Some(outcome));
        });
        *dial = Some(receiver.clone());
        receiver
    }

    async fn dial(&self) -> Result<Arc<ClientConnection>, Status> {
        let pause = self.backoff.next_pause();
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let limit = self.config.connect_timeout;
        let transport = tokio::time::timeout(limit, self.connector.connect())
            .await
            .unwrap_or_else(|_| Err(no_connection_after(limit)))?;
        let connection = ClientConnection::new(
            self.address(),
            self.config.session.clone(),
            self.config.max_ratio,
        );
        let backoff = self.backoff.clone();
        let observed = Observed::open(self.address(), self.config.observer.clone());
        let driver = ClientDriver::new(
            connection.clone(),
            transport,
            limit,
            self.config.idle_timeout,
            observed,
            move || backoff.reset(),
        );
        tokio::spawn(tokio::task::unconstrained(driver.run()));
        Ok(connection)
    }

    /// Connects, and waits until the server has proved to speak the protocol.
    pub(super) async fn establish(self: &Arc<Self>) -> Result<(), Status> {
        let limit = self.config.connect_timeout;
        let mut connected = false;
        let established = async {
            let connection = self.connection().await?;
            connected = true;
            connection.established().await
        };
        let established = {
            let _runtime = self.runtime.enter();
            tokio::time::timeout(limit, established)
        };
        let result = match established.await {
            Ok(result) => result,
            Err(_) if connected => Err(too_slow(format!(
                "connected, but no answer after {limit:?} (connect_timeout); is it an rpc server?"
            ))),
            Err(_) => Err(no_connection_after(limit)),
        };
        result.map_err(|status| status.with_address(&*self.address()))
    }

    fn runtime_gone(&self) -> Status {
        Status::unavailable(
            "the tokio runtime that the channel belongs to was shut down; connect again",
        )
        .with_stage(Stage::Connect)
        .with_may_have_run(false)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if let Some(connection) = self.current.swap(None) {
            connection.abandon();
        }
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer")
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}

fn no_connection_after(limit: Duration) -> Status {
    too_slow(format!(
        "no connection after {limit:?} (connect_timeout); is the host reachable?"
    ))
}

fn too_slow(message: String) -> Status {
    Status::unavailable(message)
        .with_stage(Stage::Connect)
        .with_may_have_run(false)
}
