//! Calls to a service in the same process.

use std::sync::Arc;
use std::time::Instant;

use crate::connection::shutdown::Shutdown;
use rpc_wire::Status;

use crate::client::{Channel, ChannelBuilder};
use crate::connection::server_config::ConnectionConfig;
use crate::server::{Gateways, Router, Service, serve_transport};
use crate::transport::{Accepted, Connecting, Connector, Transport, pipe};

impl Channel {
    /// A channel to a service in this process, as tests use it. Calls take the whole way but for
    /// the network. It belongs to the tokio runtime around the caller, or to the library's own.
    ///
    /// # Panics
    ///
    /// If there is no runtime and the library's own cannot be started.
    pub fn local(service: Arc<dyn Service>) -> Channel {
        let channel = ChannelBuilder::with_connector(LocalServer::new(service)).connect_lazy();
        channel.expect("only starting a runtime can fail")
    }

    /// As [`local`](Self::local), for code that is not async: the channel belongs to the
    /// library's own runtime.
    ///
    /// # Panics
    ///
    /// If the library's own runtime cannot be started.
    pub fn local_blocking(service: Arc<dyn Service>) -> Channel {
        let channel =
            ChannelBuilder::with_connector(LocalServer::new(service)).connect_lazy_blocking();
        channel.expect("only starting a runtime can fail")
    }
}

/// Serves every connection that it makes.
struct LocalServer {
    router: Arc<Router>,
}

impl LocalServer {
    fn new(service: Arc<dyn Service>) -> Self {
        LocalServer {
            router: Arc::new(Router::of(service)),
        }
    }
}

impl Connector for LocalServer {
    fn connect(&self) -> Connecting<'_> {
        let (client, server) = pipe();
        // It is served until the client closes.
        let shutdown = Shutdown::never();
        let config = ConnectionConfig::default();
        tokio::spawn(serve_transport(
            Accepted::new(server),
            Instant::now(),
            self.router.clone(),
            Gateways::default(),
            config,
            shutdown,
        ));
        let connected: Result<Box<dyn Transport>, Status> = Ok(Box::new(client));
        Box::pin(std::future::ready(connected))
    }

    fn address(&self) -> Arc<str> {
        "this process".into()
    }
}
