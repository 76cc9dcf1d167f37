//! What proxies make their calls through.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use rpc_wire::{MethodDescriptor, MethodKind, Status};

use super::builder::ChannelBuilder;
use super::call::Call;
use super::compression::Compress;
use super::streaming::{encode, encoded};
use crate::call::Streaming;
use crate::codec::{Codec, Protobuf};
use crate::middleware::Next;
use crate::pool::{self, ClientPool, CloseReport, PoolStats};
use crate::retry::Rules;
use crate::transport::Connector;

/// The way to a server. Proxies are thin covers over one; cloning it is cheap.
///
/// Channels to one target in one tokio runtime share a pool of connections, however many there are,
/// unless their builder sets how connections are made. While the streams of one connection suffice, it is the
/// only one.
///
/// `C` is the [codec](crate::codec) of the calls that are made through this one; proxies choose it
/// themselves.
///
/// ```no_run
/// use std::time::Duration;
/// use rpc_runtime::Channel;
///
/// # async fn example() -> Result<(), rpc_runtime::Status> {
/// let channel = Channel::builder("127.0.0.1:8000")
///     .timeout(Duration::from_secs(2))
///     .connect()
///     .await?;
/// // HelloAsyncClientProxy::with(channel)
/// # Ok(()) }
/// ```
pub struct Channel<C = Protobuf> {
    pub(super) core: Arc<Core>,
    codec: PhantomData<fn() -> C>,
}

/// What the clones of a channel share with its calls.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) pool: Arc<ClientPool>,
    /// For calls that set none.
    pub(super) timeout: Option<Duration>,
    /// For calls that do not say.
    pub(super) compress: Compress,
    /// How calls are repeated.
    pub(super) rules: Rules,
    /// What deals with every call.
    pub(super) interceptors: Option<Next>,
}

impl Core {
    /// The time that a call may take that does not say.
    pub(super) fn timeout_of(&self, method: &MethodDescriptor) -> Option<Duration> {
        let configured = self.rules.service_config.method(method);
        let timeout = configured
            .and_then(|config| config.timeout)
            .or(method.timeout());
        // A stream may be meant to stay open, so only unary calls have the channel's deadline.
        match method.kind() {
            MethodKind::Unary => timeout.or(self.timeout),
            _ => timeout,
        }
    }
}

impl Channel {
    /// A channel to be configured. A target is
    ///
    /// - `host:port` or `rpc://host:port`: TCP. Of a host with several addresses the first that
    ///   answers counts;
    /// - `rpcs://host:port`: TLS over TCP, with the feature `tls`;
    /// - `grpc://host:port`, `grpcs://host:port`: any gRPC server, without TLS and with it, with the feature `grpc`;
    /// - `unix:path` or `unix:///path`: a Unix socket;
    /// - `mem:name`: a server of this process that listens under this name.
    pub fn builder(target: impl AsRef<str>) -> ChannelBuilder {
        ChannelBuilder::new(target.as_ref())
    }

    /// Connects to a server.
    ///
    /// # Errors
    ///
    /// INVALID_ARGUMENT if the target cannot be understood; UNAVAILABLE if nobody answers there
    /// who speaks the protocol.
    pub async fn connect(target: impl AsRef<str>) -> Result<Channel, Status> {
        Self::builder(target).connect().await
    }

    /// A channel that connects with its first call.
    ///
    /// # Errors
    ///
    /// INVALID_ARGUMENT if the target cannot be understood.
    pub fn connect_lazy(target: impl AsRef<str>) -> Result<Channel, Status> {
        Self::builder(target).connect_lazy()
    }

    /// Connects in a way of the caller's own.
    ///
    /// # Errors
    ///
    /// UNAVAILABLE if the connector fails, or nobody at its other end speaks the protocol.
    pub async fn connect_with(connector: impl Connector) -> Result<Channel, Status> {
        ChannelBuilder::with_connector(connector).connect().await
    }

    pub(super) fn new(core: Core) -> Self {
        Channel {
            core: Arc::new(core),
            codec: PhantomData,
        }
    }
}

impl<C> Channel<C> {
    /// The same channel for calls of another codec.
    #[must_use]
    pub fn with_codec<D>(&self) -> Channel<D> {
        Channel {
            core: Arc::clone(&self.core),
            codec: PhantomData,
        }
    }

    /// The connections and callers of the channel's pool, and what it has counted.
    ///
    /// ```no_run
    /// # fn example(channel: rpc_runtime::Channel) {
    /// let stats = channel.stats();
    /// println!("{} calls run on {} connections", stats.pending, stats.active);
    /// # }
    /// ```
    #[must_use]
    pub fn stats(&self) -> PoolStats {
        self.core.pool.stats()
    }

    /// Closes the channel at once: calls that wait or run end with CANCELLED, later ones fail with it without
    /// being sent. Closing it again changes nothing.
    ///
    /// It closes the pool, so channels that share it are closed too; see
    /// [`ChannelBuilder::own_pool`]. The next channel that is made for the target has a new one.
    pub fn close(&self) {
        self.core.pool.close(pool::closed());
    }

    /// Closes the channel in order, as [`close`](Self::close) but for the calls that run: they have until
    /// `limit` to finish.
    ///
    /// ```no_run
    /// # async fn example(channel: rpc_runtime::Channel) {
    /// use std::time::Duration;
    ///
    /// let report = channel.close_within(Duration::from_secs(10)).await;
    /// println!("{report}");
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped after it was polled, the channel stays closed, and the calls that run go on.
    pub async fn close_within(&self, limit: Duration) -> CloseReport {
        Arc::clone(&self.core.pool).close_within(limit).await
    }

    /// A unary call.
    pub fn unary<Req, Rep>(&self, method: &'static MethodDescriptor, request: &Req) -> Call<Rep>
    where
        C: Codec<Req> + Codec<Rep>,
    {
        Call::unary::<C, Req>(self, method, encode::<C, Req>(request))
    }

    /// A call with a stream of replies.
    pub fn server_streaming<Req, Rep>(
        &self,
        method: &'static MethodDescriptor,
        request: &Req,
    ) -> Call<Streaming<Rep>>
    where
        C: Codec<Req> + Codec<Rep>,
    {
        Call::streaming::<C, Req>(self, method, encode::<C, Req>(request))
    }

    /// A call with a stream of requests.
    pub fn client_streaming<Req, Rep>(
        &self,
        method: &'static MethodDescriptor,
        requests: impl Stream<Item = Req> + Send + 'static,
    ) -> Call<Rep>
    where
        C: Codec<Req> + Codec<Rep>,
    {
        Call::unary::<C, Req>(self, method, Ok(Bytes::new()))
            .with_requests(encoded::<C, Req>(requests))
    }

    /// A call with a stream of requests and a stream of replies.
    pub fn bidi_streaming<Req, Rep>(
        &self,
        method: &'static MethodDescriptor,
        requests: impl Stream<Item = Req> + Send + 'static,
    ) -> Call<Streaming<Rep>>
    where
        C: Codec<Req> + Codec<Rep>,
    {
        Call::streaming::<C, Req>(self, method, Ok(Bytes::new()))
            .with_requests(encoded::<C, Req>(requests))
    }
}

// Not derived, because a codec need be neither.
impl<C> Clone for Channel<C> {
    fn clone(&self) -> Self {
        self.with_codec()
    }
}

impl<C> fmt::Debug for Channel<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("pool", &self.core.pool)
            .field("timeout", &self.core.timeout)
            .finish_non_exhaustive()
    }
}
