//! How a pool makes connections to gRPC servers.

use std::sync::Arc;
use std::time::Duration;

use rpc_wire::session::Keepalive;
use rpc_wire::{Stage, Status};

use super::{Dialer, Dialling, Keeper, PoolConfig, SessionConfig, open};
use crate::compression::Compression;
use crate::connection::any::AnyConnection;
use crate::connection::client_driver::DriverConfig;
use crate::connection::foreign::ForeignDriver;
use crate::connection::grpc::{self, GrpcConfig, Origin};
use crate::connection::observer::{Observed, Observer};
use crate::transport::{BoxTransport, Connector};

/// How a server that is gone is found out, unless configured otherwise: later than on native connections, because gRPC
/// servers close those on which a PING comes sooner than 5 minutes after the last.
const KEEPALIVE: Keepalive = Keepalive {
    interval: Duration::from_secs(330),
    timeout: Duration::from_secs(20),
};

/// What requests are compressed with if the channel does not say: what nearly every gRPC server knows.
#[cfg(feature = "compression")]
const COMPRESSION: Option<Compression> = Some(Compression::Gzip);
#[cfg(not(feature = "compression"))]
const COMPRESSION: Option<Compression> = None;

/// Connects by a [`Connector`], waits until the server has proved to speak HTTP/2, and has the connection driven.
pub(crate) struct GrpcDialer {
    connector: Arc<dyn Connector>,
    config: GrpcConfig,
    observer: Observer,
    max_calls: usize,
    driver: DriverConfig,
}

impl GrpcDialer {
    pub(crate) fn new(
        connector: Arc<dyn Connector>,
        origin: Origin,
        config: &SessionConfig,
        pool: &PoolConfig,
    ) -> Self {
        let most = pool.max_streams_per_connection;
        let names = config.session.settings.compression.iter();
        let accepted: Vec<_> = names
            .filter_map(|name| Compression::from_name(name))
            .collect();
        let grpc = GrpcConfig {
            origin,
            compression: match config.compresses {
                true => accepted.first().copied(),
                false => COMPRESSION,
            },
            accepted,
            max_message_size: config.session.max_message_size,
            max_metadata_size: config.session.settings.max_metadata_size,
            max_ratio: config.max_ratio,
            keepalive: config.keepalive(KEEPALIVE),
        };
        GrpcDialer {
            connector,
            config: grpc,
            observer: config.observer.clone(),
            max_calls: most.map_or(usize::MAX, |most| most as usize),
            driver: pool.driver(),
        }
    }

    async fn connect(&self, keeper: Arc<dyn Keeper>) -> Result<Arc<AnyConnection>, Status> {
        let limit = self.driver.handshake_timeout;
        let transport = open(&*self.connector, limit).await?;
        let handshake = tokio::time::timeout(limit, self.shake_hands(transport, keeper));
        handshake
            .await
            .unwrap_or_else(|_| Err(no_answer_after(limit)))
    }

    async fn shake_hands(
        &self,
        transport: BoxTransport,
        keeper: Arc<dyn Keeper>,
    ) -> Result<Arc<AnyConnection>, Status> {
        let (address, config) = (self.address(), self.config.clone());
        let connected = grpc::connect(transport, config, address, self.max_calls, keeper);
        let (connection, moving) = connected.await?;
        let observed = Observed::open(self.address(), self.observer.clone());
        let driver = ForeignDriver::new(Arc::clone(&connection), moving, self.driver, observed);
        tokio::spawn(tokio::task::unconstrained(driver.run()));
        Ok(Arc::new(AnyConnection::Foreign(connection)))
    }
}

impl Dialer<AnyConnection> for GrpcDialer {
    fn dial(&self, keeper: Arc<dyn Keeper>, _streams: u32) -> Dialling<'_, AnyConnection> {
        Box::pin(self.connect(keeper))
    }

    fn address(&self) -> Arc<str> {
        self.connector.address()
    }
}

/// The status of a connection on which the server said nothing.
fn no_answer_after(limit: Duration) -> Status {
    Status::unavailable(format!(
        "connected, but no answer after {limit:?} (connect_timeout); is it a gRPC server?"
    ))
    .with_stage(Stage::Connect)
    .with_may_have_run(false)
}
