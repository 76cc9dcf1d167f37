//! How a server starts.

use std::future::{Future, pending};
use std::io;
use std::sync::Arc;

use futures_core::Stream;

use super::accept::Acceptor;
use super::router::{CallConfig, Router};
use super::throttle::Throttle;
use super::{BoundServer, ServeError, Server, ShutdownReport};
use crate::transport::{Accepted, ListenAddress, Listener};

impl Server {
    /// Listens on `address` and serves until the future is dropped.
    ///
    /// # Errors
    ///
    /// [`ServeError`] if the server cannot start.
    pub async fn serve(self, address: impl Into<ListenAddress>) -> Result<(), ServeError> {
        self.bind(address).await?.serve().await
    }

    /// Listens on `address` and serves until `signal` completes; then accepted calls finish. See
    /// [`BoundServer::serve_with_shutdown`].
    ///
    /// # Errors
    ///
    /// [`ServeError`] if the server cannot start.
    pub async fn serve_with_shutdown(
        self,
        address: impl Into<ListenAddress>,
        signal: impl Future<Output = ()>,
    ) -> Result<ShutdownReport, ServeError> {
        self.bind(address).await?.serve_with_shutdown(signal).await
    }

    /// Serves the connections of a listener, such as a tokio `TcpListener`, until the future is
    /// dropped.
    ///
    /// # Errors
    ///
    /// [`ServeError`] if the server cannot start.
    pub async fn serve_with_listener(
        self,
        listener: impl Into<Listener>,
    ) -> Result<(), ServeError> {
        self.with_listener(listener.into())?.serve().await
    }

    /// Serves connections that the caller accepts, over whatever transport, until the stream ends
    /// and the last of them has, or the future is dropped. Errors of the stream are logged.
    ///
    /// ```
    /// use rpc_runtime::{ServeError, Server};
    /// use tokio::io::DuplexStream;
    /// use tokio_stream::{Stream, StreamExt};
    ///
    /// async fn serve(
    ///     server: Server,
    ///     pipes: impl Stream<Item = DuplexStream>,
    /// ) -> Result<(), ServeError> {
    ///     server.serve_incoming(pipes.map(Ok)).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ServeError`] if the server cannot start.
    pub async fn serve_incoming<I, T>(self, incoming: I) -> Result<(), ServeError>
    where
        I: Stream<Item = io::Result<T>>,
        T: Into<Accepted>,
    {
        let served = self.serve_incoming_with_shutdown(incoming, pending());
        served.await.map(drop)
    }

    /// As [`serve_incoming`](Self::serve_incoming), until `signal` completes; then accepted calls
    /// finish.
    ///
    /// # Errors
    ///
    /// [`ServeError`] if the server cannot start.
    pub async fn serve_incoming_with_shutdown<I, T>(
        self,
        incoming: I,
        signal: impl Future<Output = ()>,
    ) -> Result<ShutdownReport, ServeError>
    where
        I: Stream<Item = io::Result<T>>,
        T: Into<Accepted>,
    {
        Ok(self.acceptor()?.run(incoming, signal).await)
    }

    /// Serves from a plain `fn main`, on a runtime of its own, for ever.
    ///
    /// # Errors
    ///
    /// [`ServeError`] if the server cannot start, above all inside an async runtime.
    pub fn serve_blocking(self, address: impl Into<ListenAddress>) -> Result<(), ServeError> {
        block_on(self.serve(address))
    }

    /// Listens on `address`. With port 0, [`BoundServer::local_addr`] tells the port.
    ///
    /// # Errors
    ///
    /// [`ServeError`] if the server cannot start.
    pub async fn bind(self, address: impl Into<ListenAddress>) -> Result<BoundServer, ServeError> {
        let address = address.into();
        let listener = address.listen(self.tls.is_some()).await;
        let listener = listener.map_err(|source| ServeError::Bind {
            address: address.to_string(),
            source,
        })?;
        self.with_listener(listener)
    }

    fn with_listener(self, listener: Listener) -> Result<BoundServer, ServeError> {
        Ok(BoundServer {
            listener,
            acceptor: self.acceptor()?,
        })
    }

    pub(super) fn acceptor(self) -> Result<Acceptor, ServeError> {
        let mut services = self.services?;
        for (name, service) in self.builtin.iter().flat_map(|builtin| builtin.services()) {
            services.add_builtin(name, service);
        }
        let registered = services.list();
        for builtin in &self.builtin {
            builtin.starting(&registered);
        }
        let json = self.calls.json.within(&self.connection);
        let calls = CallConfig { json, ..self.calls };
        let alpn = self.gateways.iter().flat_map(|gateway| gateway.alpn());
        let alpn: Vec<_> = alpn.copied().collect();
        Ok(Acceptor {
            router: Arc::new(Router::new(services, calls)),
            gateways: self.gateways.into(),
            builtin: self.builtin,
            config: self.connection,
            limits: self.limits,
            tls: self.tls.map(|tls| tls.acceptor(&alpn)),
            events: Throttle::default(),
            grace: self.shutdown_grace,
        })
    }
}

/// Serves on a runtime of its own.
///
/// # Errors
///
/// Inside an async runtime, which it would block.
pub(crate) fn block_on(
    serving: impl Future<Output = Result<(), ServeError>>,
) -> Result<(), ServeError> {
    if tokio::runtime::Handle::try_current().is_ok() {
        return Err(ServeError::InsideRuntime);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serving)
}
