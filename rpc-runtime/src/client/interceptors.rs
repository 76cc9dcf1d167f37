//! What is around the calls of a channel.

use std::error::Error;

use tower_layer::Layer;
use tower_service::Service;

use super::ChannelBuilder;
use crate::middleware::{Interceptor, Next, Request, Response};

impl ChannelBuilder {
    /// Has an [`Interceptor`] deal with every call, of every kind, inside those that were added before:
    /// the first is the outermost. It is around the whole call: attempts and retries happen inside, and the
    /// call's deadline includes it.
    ///
    /// ```
    /// use rpc_runtime::Channel;
    /// use rpc_runtime::middleware::{Credentials, Logging};
    ///
    /// let builder = Channel::builder("rpcs://example.com:443")
    ///     .intercept(Logging::new())
    ///     .intercept(Credentials::bearer("t0ken"));
    /// ```
    pub fn intercept(mut self, interceptor: impl Interceptor) -> Self {
        self.layers.intercept(interceptor);
        self
    }

    /// Puts a tower layer around every call, inside the layers and interceptors that were added before.
    /// It is made once; each call has a clone of its service. An error of it that is no
    /// [`Status`](crate::Status) becomes UNKNOWN: map it to one.
    ///
    /// ```
    /// use rpc_runtime::Channel;
    /// use tower::limit::ConcurrencyLimitLayer;
    ///
    /// let builder = Channel::builder("127.0.0.1:8000").layer(ConcurrencyLimitLayer::new(100));
    /// ```
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Next> + Send + Sync + 'static,
        L::Service: Service<Request, Response = Response> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Future: Send,
        <L::Service as Service<Request>>::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        self.layers.layer(layer);
        self
    }
}
