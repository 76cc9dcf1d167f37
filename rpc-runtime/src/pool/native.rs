//! How a pool makes connections of the native protocol.

use std::sync::Arc;
use std::time::Duration;

use rpc_wire::session::Keepalive;
use rpc_wire::{Stage, Status};

use super::{Dialer, Dialling, Keeper, PoolConfig, SessionConfig};
use crate::connection::any::AnyConnection;
use crate::connection::client::ClientConnection;
use crate::connection::client_driver::{ClientDriver, DriverConfig};
use crate::connection::observer::Observed;
use crate::transport::{BoxTransport, Connector};

/// How a server that is gone is found out, unless configured otherwise: within 20 seconds, so that
/// a call with the default timeout learns of it before its deadline.
const KEEPALIVE: Keepalive = Keepalive {
    interval: Duration::from_secs(10),
    timeout: Duration::from_secs(10),
};

/// Connects by a [`Connector`] and has the connection driven.
pub(crate) struct NativeDialer {
    connector: Arc<dyn Connector>,
    config: SessionConfig,
    driver: DriverConfig,
}

impl NativeDialer {
    pub(crate) fn new(
        connector: Arc<dyn Connector>,
        mut config: SessionConfig,
        pool: &PoolConfig,
    ) -> Self {
        config.session.keepalive = Some(config.keepalive(KEEPALIVE));
        config.session.max_streams = pool.max_streams_per_connection.unwrap_or(u32::MAX);
        NativeDialer {
            connector,
            config,
            driver: pool.driver(),
        }
    }
}

impl Dialer<AnyConnection> for NativeDialer {
    fn dial(&self, keeper: Arc<dyn Keeper>, streams: u32) -> Dialling<'_, AnyConnection> {
        Box::pin(async move {
            let transport = open(&*self.connector, self.driver.handshake_timeout).await?;
            let mut session = self.config.session.clone();
            // What is over a server's limit would be refused.
            session.assumed_streams = session.assumed_streams.min(streams);
            let connection =
                ClientConnection::new(self.address(), session, self.config.max_ratio, keeper);
            let observed = Observed::open(self.address(), self.config.observer.clone());
            let mut driver =
                ClientDriver::new(connection.clone(), transport, self.driver, observed);
            let driving = async move { driver.run().await };
            tokio::spawn(tokio::task::unconstrained(driving));
            Ok(Arc::new(AnyConnection::Native(connection)))
        })
    }

    fn address(&self) -> Arc<str> {
        self.connector.address()
    }
}

/// Opens a stream to the server.
///
/// # Errors
///
/// The connector's, or that there is no connection after `limit`.
pub(super) async fn open(
    connector: &dyn Connector,
    limit: Duration,
) -> Result<BoxTransport, Status> {
    let opening = tokio::time::timeout(limit, connector.connect());
    opening
        .await
        .unwrap_or_else(|_| Err(no_connection_after(limit)))
}

/// The status of a connection that did not come about in time.
pub(crate) fn no_connection_after(limit: Duration) -> Status {
    Status::unavailable(format!(
        "no connection after {limit:?} (connect_timeout); is the host reachable?"
    ))
    .with_stage(Stage::Connect)
    .with_may_have_run(false)
}
