//! What proxies make their calls through.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use prost::Message;
use rpc_wire::{MethodDescriptor, Status};

use super::builder::ChannelBuilder;
use super::call::Call;
use super::peer::Peer;
use super::streaming::encoded;
use crate::call::Streaming;
use crate::transport::Connector;

/// The way to a server. Proxies are thin covers over one; cloning it is cheap.
///
/// Channels to one target in one tokio runtime share a connection, however many there are,
/// unless their builder sets how connections are made.
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
#[derive(Clone, Debug)]
pub struct Channel {
    pub(super) peer: Arc<Peer>,
    /// For calls that set none.
    pub(super) timeout: Option<Duration>,
}

impl Channel {
    /// A channel to be configured. The target is `host:port` or `rpc://host:port`.
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

    /// A unary call.
    pub fn unary<Req, Rep>(&self, method: &'static MethodDescriptor, request: &Req) -> Call<Rep>
    where
        Req: Message,
        Rep: Message + Default,
    {
        let body = Bytes::from(request.encode_to_vec());
        Call::unary(self.clone(), method, body)
    }

    /// A call with a stream of replies.
    pub fn server_streaming<Req, Rep>(
        &self,
        method: &'static MethodDescriptor,
        request: &Req,
    ) -> Call<Streaming<Rep>>
    where
        Req: Message,
        Rep: Message + Default + 'static,
    {
        let body = Bytes::from(request.encode_to_vec());
        Call::streaming(self.clone(), method, body)
    }

    /// A call with a stream of requests.
    pub fn client_streaming<Req, Rep>(
        &self,
        method: &'static MethodDescriptor,
        requests: impl Stream<Item = Req> + Send + 'static,
    ) -> Call<Rep>
    where
        Req: Message,
        Rep: Message + Default,
    {
        Call::unary(self.clone(), method, Bytes::new()).with_requests(encoded(requests))
    }

    /// A call with a stream of requests and a stream of replies.
    pub fn bidi_streaming<Req, Rep>(
        &self,
        method: &'static MethodDescriptor,
        requests: impl Stream<Item = Req> + Send + 'static,
    ) -> Call<Streaming<Rep>>
    where
        Req: Message,
        Rep: Message + Default + 'static,
    {
        Call::streaming(self.clone(), method, Bytes::new()).with_requests(encoded(requests))
    }
}
