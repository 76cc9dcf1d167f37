//! How a pool makes connections to servers that speak JSON-RPC.

use std::sync::Arc;

use rpc_wire::Status;

use super::{Dialer, Dialling, Keeper, PoolConfig, SessionConfig, open};
use crate::connection::any::AnyConnection;
use crate::connection::client_driver::DriverConfig;
use crate::connection::foreign::ForeignDriver;
use crate::connection::jsonrpc::{self, Endpoint};
use crate::connection::observer::{Observed, Observer};
use crate::transport::Connector;

/// Connects by a [`Connector`], and has the connection driven. The server says nothing before it is asked.
pub(crate) struct JsonRpcDialer {
    connector: Arc<dyn Connector>,
    /// Where requests are posted, if that is how they are sent.
    endpoint: Option<Endpoint>,
    max_message_size: u64,
    observer: Observer,
    max_calls: usize,
    driver: DriverConfig,
}

impl JsonRpcDialer {
    pub(crate) fn new(
        connector: Arc<dyn Connector>,
        endpoint: Option<Endpoint>,
        config: &SessionConfig,
        pool: &PoolConfig,
    ) -> Self {
        let most = pool.max_streams_per_connection;
        JsonRpcDialer {
            connector,
            endpoint,
            max_message_size: config.session.max_message_size,
            observer: config.observer.clone(),
            max_calls: most.map_or(usize::MAX, |most| most as usize),
            driver: pool.driver(),
        }
    }

    async fn connect(&self, keeper: Arc<dyn Keeper>) -> Result<Arc<AnyConnection>, Status> {
        let limit = self.driver.handshake_timeout;
        let transport = open(&*self.connector, limit).await?;
        let (size, address) = (self.max_message_size, self.address());
        let (connection, moving) = match self.endpoint.clone() {
            Some(endpoint) => {
                jsonrpc::connect_http(transport, endpoint, size, address, keeper).await?
            }
            None => jsonrpc::connect(transport, size, address, self.max_calls, keeper),
        };
        let observed = Observed::open(self.address(), self.observer.clone());
        let driver = ForeignDriver::new(Arc::clone(&connection), moving, self.driver, observed);
        tokio::spawn(tokio::task::unconstrained(driver.run()));
        Ok(Arc::new(AnyConnection::Foreign(connection)))
    }
}

impl Dialer<AnyConnection> for JsonRpcDialer {
    fn dial(&self, keeper: Arc<dyn Keeper>, _streams: u32) -> Dialling<'_, AnyConnection> {
        Box::pin(self.connect(keeper))
    }

    fn address(&self) -> Arc<str> {
        self.connector.address()
    }
}
