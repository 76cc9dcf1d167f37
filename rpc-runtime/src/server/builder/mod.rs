//! What a server is made of.

mod connections;

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rpc_wire::frame::Features;
use tower_layer::Layer;

use super::connection_limits::ConnectionLimits;
use super::router::{CallConfig, Services};
use super::{AnyGateway, Builtin, IntoService, ServeError, Service, WorkerPool};
use crate::connection::server_config::ConnectionConfig;
use crate::middleware::{Interceptor, Next, Request, Response};
use crate::transport::ServerTls;

/// Time for accepted calls to finish at shutdown, unless configured otherwise: the default
/// deadline of a call.
const DEFAULT_SHUTDOWN_GRACE: Duration = Duration::from_secs(30);

/// Serves services.
///
/// ```no_run
/// # async fn example(greeter: std::sync::Arc<dyn rpc_runtime::codegen::Service>) -> Result<(), rpc_runtime::ServeError> {
/// use rpc_runtime::Server;
///
/// # struct Greeter;
/// # impl rpc_runtime::codegen::IntoService<()> for Greeter {
/// #     fn into_service(self) -> std::sync::Arc<dyn rpc_runtime::codegen::Service> { unreachable!() }
/// # }
/// Server::new().service(Greeter).serve("127.0.0.1:8000").await
/// # }
/// ```
pub struct Server {
    pub(super) services: Result<Services, ServeError>,
    pub(super) calls: CallConfig,
    pub(super) gateways: Vec<Box<dyn AnyGateway>>,
    pub(super) builtin: Vec<Box<dyn Builtin>>,
    pub(super) connection: ConnectionConfig,
    pub(super) limits: ConnectionLimits,
    pub(super) tls: Option<ServerTls>,
    pub(super) shutdown_grace: Duration,
}

impl Server {
    /// A server with these gateways and no services but these.
    pub(crate) fn made_of(
        gateways: Vec<Box<dyn AnyGateway>>,
        builtin: Vec<Box<dyn Builtin>>,
    ) -> Self {
        Server {
            services: Ok(Services::default()),
            calls: CallConfig::default(),
            gateways,
            builtin,
            connection: ConnectionConfig::default(),
            limits: ConnectionLimits::default(),
            tls: None,
            shutdown_grace: DEFAULT_SHUTDOWN_GRACE,
        }
    }

    /// Answers one more protocol, where none of the others claims a connection.
    pub(crate) fn with_gateway(mut self, gateway: Box<dyn AnyGateway>) -> Self {
        self.gateways.push(gateway);
        self
    }

    /// Does not answer the protocol of this name.
    pub(crate) fn leave_out(mut self, protocol: &str) -> Self {
        self.gateways
            .retain_mut(|gateway| gateway.leave_out(protocol));
        self
    }

    /// Keeps the services that are built in and wanted, by name.
    pub(crate) fn retain_builtin(mut self, wanted: impl Fn(&str) -> bool) -> Self {
        self.builtin.retain(|builtin| wanted(builtin.name()));
        self
    }

    /// Has this one in place of the service of its name that is built in.
    #[cfg(feature = "health")]
    pub(crate) fn with_builtin(self, builtin: Box<dyn Builtin>) -> Self {
        let mut server = self.retain_builtin(|name| name != builtin.name());
        server.builtin.push(builtin);
        server
    }

    /// Adds a service under its own name, such as `helloworld.Hello`.
    ///
    /// Give it the implementation itself where it implements one service, and a generated
    /// `HelloServer::new(..)` for each where it implements several. (The compiler asks for the
    /// `Marker` of a type with several services, because it cannot know which is meant.) Two
    /// services under one name are an error when the server starts.
    #[must_use]
    pub fn service<S, Marker>(self, service: S) -> Self
    where
        S: IntoService<Marker>,
    {
        self.register(None, service)
    }

    /// Adds a service under another name than its own, for clients that know it by that one, such as
    /// those of protocol version 1.
    ///
    /// The limits of `#[rpc(limit = ..)]` count the calls under each name apart.
    #[must_use]
    pub fn service_as<S, Marker>(self, name: impl Into<String>, service: S) -> Self
    where
        S: IntoService<Marker>,
    {
        self.register(Some(name.into()), service)
    }

    fn register<S, Marker>(self, name: Option<String>, service: S) -> Self
    where
        S: IntoService<Marker>,
    {
        let service = service.into_service();
        let name = name.unwrap_or_else(|| service.descriptor().name().to_owned());
        self.add(name, service, std::any::type_name::<S>())
    }

    /// Adds a service under a name; `type_name` is for errors.
    pub(crate) fn add(
        mut self,
        name: String,
        service: Arc<dyn Service>,
        type_name: &'static str,
    ) -> Self {
        self.services = self.services.and_then(|mut services| {
            services.add(name, service, type_name)?;
            Ok(services)
        });
        self
    }

    /// Has an [`Interceptor`] deal with every call, of every protocol and kind, inside those that
    /// were added before: the first is the outermost. Limits on calls are asked before any of them.
    ///
    /// ```
    /// use rpc_runtime::Server;
    /// use rpc_runtime::middleware::{Authenticate, Logging};
    ///
    /// let server = Server::new()
    ///     .intercept(Logging::new())
    ///     .intercept(Authenticate::bearer([("billing", "t0ken")]));
    /// ```
    #[must_use]
    pub fn intercept(mut self, interceptor: impl Interceptor) -> Self {
        self.calls.layers.intercept(interceptor);
        self
    }

    /// Puts a tower layer around every call, inside the layers and interceptors that were added before.
    /// It is made once; each call has a clone of its service. An error of it that is no [`Status`] becomes
    /// UNKNOWN: map it to one.
    ///
    /// ```
    /// use rpc_runtime::Server;
    /// use tower::limit::GlobalConcurrencyLimitLayer;
    ///
    /// let server = Server::new().layer(GlobalConcurrencyLimitLayer::new(100));
    /// ```
    ///
    /// [`Status`]: crate::Status
    #[must_use]
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Next> + Send + Sync + 'static,
        L::Service:
            tower_service::Service<Request, Response = Response> + Clone + Send + Sync + 'static,
        <L::Service as tower_service::Service<Request>>::Future: Send,
        <L::Service as tower_service::Service<Request>>::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        self.calls.layers.layer(layer);
        self
    }

    /// Largest request that is accepted, in bytes; 4 MiB unless set. A larger one is answered
    /// with RESOURCE_EXHAUSTED.
    #[must_use]
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.connection.session.max_message_size = bytes as u64;
        self
    }

    /// Largest metadata of a request, in bytes; 16 KiB unless set, which is the least. Larger
    /// ones are answered with RESOURCE_EXHAUSTED.
    #[must_use]
    pub fn max_metadata_size(mut self, bytes: u32) -> Self {
        let settings = &mut self.connection.session.settings;
        settings.max_metadata_size =
            bytes.clamp(rpc_wire::DEFAULT_MAX_METADATA_SIZE, MAX_METADATA_SIZE);
        self
    }

    /// Bytes of requests that one connection may hold before handlers have taken them, each
    /// message counted 64 bytes larger than it is; 256 MiB unless set, and at least the largest
    /// message. Over it the call that holds most of them is answered with RESOURCE_EXHAUSTED, so
    /// that uploads whose handlers do not read are no reason to refuse the calls beside them.
    ///
    /// It bounds what a client can make the server keep by beginning many uploads at a time.
    #[must_use]
    pub fn max_unread_input(mut self, bytes: usize) -> Self {
        self.connection.session.max_unread_input = bytes as u64;
        self
    }

    /// Bytes that one connection may hold in its output, cut into frames, before its client has taken them; 1 MiB
    /// unless set; large replies wait [beside it](Self::max_queued_replies). While there are more no request is read, so that a client that does not read holds up
    /// nobody but itself; after [`write_timeout`](Self::write_timeout) it loses the connection.
    #[must_use]
    pub fn max_unread_output(mut self, bytes: usize) -> Self {
        self.connection.max_unread_output = bytes.max(1);
        self
    }

    /// Bytes of large replies that one connection may hold until its client lets them be sent; 256 MiB unless
    /// set. One reply may be beyond it, so the largest always finds room. At the limit a new call is
    /// answered with RESOURCE_EXHAUSTED before its handler is started, and so is a reply of 8 KiB or more of a call that
    /// runs: its handler was.
    ///
    /// It bounds what a client can make the server keep by asking for much and reading little. One that
    /// lets none of its answers be sent on for [`write_timeout`](Self::write_timeout) loses the connection.
    #[must_use]
    pub fn max_queued_replies(mut self, bytes: usize) -> Self {
        self.connection.session.max_queued_replies = bytes;
        self
    }

    /// Calls that one connection may have open, at least 1; 1,024 unless set. Clients keep more
    /// than that waiting on their side. A client that cancels ten times as many within a second, or
    /// has them end at their deadlines, and lets few finish, is not read until the second is over.
    #[must_use]
    pub fn max_concurrent_streams(mut self, streams: u32) -> Self {
        self.connection.session.settings.max_concurrent_streams = streams.max(1);
        self
    }

    /// Requests that a JSON-RPC batch may have; 1,024 unless set. A longer one is answered with one error,
    /// and nothing of it is executed.
    #[cfg(feature = "jsonrpc")]
    #[must_use]
    pub fn max_batch_length(mut self, requests: usize) -> Self {
        self.connection.max_batch_length = requests;
        self
    }

    /// Whether the frames of clients that want it have a checksum, in both directions; they do unless
    /// set. A bit that was changed on the way ends the connection instead of reaching a handler. See
    /// [`ChannelBuilder::checksum`](crate::ChannelBuilder::checksum).
    #[must_use]
    pub fn checksum(mut self, checksum: bool) -> Self {
        let features = &mut self.connection.session.settings.features;
        match checksum {
            true => *features |= Features::CHECKSUM,
            false => *features &= !Features::CHECKSUM,
        }
        self
    }

    /// Calls that the server runs at a time, on all connections together; no limit unless set,
    /// because the right one depends on what the handlers do, and each connection has its own.
    ///
    /// Further calls are shed: they are answered with RESOURCE_EXHAUSTED and provably did not run,
    /// so that they can be made again, after a pause or at another server. (UNAVAILABLE would be
    /// sent again at once, to a server that has too much to do.) A call with streams counts until
    /// its end.
    #[must_use]
    pub fn max_concurrent_calls(mut self, calls: usize) -> Self {
        self.calls.max_concurrent_calls = Some(calls);
        self
    }

    /// How long a call may take whose client has no way to say how long it waits, which is so with
    /// JSON-RPC and protocol version 1; 30 seconds unless set. Then it ends as a call that fails does, and its handler
    /// is dropped. A method's own timeout, `#[rpc(timeout = ..)]`, comes before it, be it longer or
    /// shorter. Calls of other clients end when they say.
    #[must_use]
    pub fn default_timeout(mut self, timeout: Duration) -> Self {
        self.calls.default_timeout = timeout;
        self
    }

    /// Where handlers that block are run; a [`WorkerPool`] of the server's own unless set.
    #[must_use]
    pub fn worker_pool(mut self, pool: WorkerPool) -> Self {
        self.calls.workers = pool;
        self
    }

    /// Connections that the server has at one time; 16,384 unless set, whose buffers take 1 GiB.
    ///
    /// A client that connects on top of that is told so: its calls end with UNAVAILABLE, marked as
    /// not executed. If more than 64 are being told, the rest are cut without a word.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.limits.total = connections;
        self
    }

    /// Connections that the server has at one time with one address; 4,096 unless set, so that one
    /// host cannot lock out the others. All addresses of an IPv6 /64 count as one. What has no
    /// address, such as a Unix socket, is not counted.
    ///
    /// Raise it where all clients come through one proxy. A client that connects on top of that is
    /// treated as with [`max_connections`](Self::max_connections).
    #[must_use]
    pub fn max_connections_per_peer(mut self, connections: usize) -> Self {
        self.limits.per_peer = connections;
        self
    }

    /// Speaks TLS on every connection, also on those that [`serve_incoming`](Self::serve_incoming) is
    /// given. Clients connect to `rpcs://host:port`, or wrap their own streams with `ClientTls::over`.
    /// Unix sockets and `mem:` go without: nothing leaves the machine there.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// How long accepted calls may go on after the shutdown signal before they are cancelled, and
    /// their replies may be on their way; 30 seconds unless set.
    ///
    /// Connections that nobody uses end at once. Only a client that got a reply less than 12 seconds ago, and
    /// does not answer when it is asked whether it has it, is waited for until these are over.
    #[must_use]
    pub fn shutdown_grace(mut self, grace: Duration) -> Self {
        self.shutdown_grace = grace;
        self
    }
}

/// The header has 24 bits for the size of the metadata.
const MAX_METADATA_SIZE: u32 = 0xff_ffff;

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}
