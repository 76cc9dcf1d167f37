//! Protocols other than the native one, each behind its cargo feature, and which of them a server
//! answers. A gateway knows the server's [`Gateway`] and `Router`, and no other gateway.

#[cfg(feature = "http")]
mod connect;
#[cfg(feature = "grpc")]
mod grpc;
#[cfg(feature = "jsonrpc")]
mod jsonrpc;
#[cfg(feature = "v1")]
mod v1;

#[cfg(feature = "_http")]
use crate::http::{Http, HttpService};
use crate::server::{Gateway, Server};

/// A protocol beside the native one that a server answers on the same port.
///
/// Every one is answered whose cargo feature is on, unless the server is told
/// [otherwise](Server::without).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// JSON-RPC 2.0 over TCP and HTTP, with the feature `jsonrpc`.
    JsonRpc,
    /// Version 1 of the protocol, with the feature `v1`.
    V1,
    /// gRPC over HTTP/2, with the feature `grpc`.
    Grpc,
    /// JSON over HTTP, and the Connect protocol, with the feature `http`.
    Http,
}

impl Protocol {
    /// The name of its gateway.
    fn name(self) -> &'static str {
        match self {
            Protocol::JsonRpc => "jsonrpc",
            Protocol::V1 => "v1",
            Protocol::Grpc => "grpc",
            Protocol::Http => "connect",
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}

impl Server {
    /// A server without services, which answers every [`Protocol`] that is compiled in.
    pub fn new() -> Self {
        Server::with_gateways(compiled_in())
    }

    /// Does not answer this protocol. Its clients are treated as any stranger.
    ///
    /// ```
    /// use rpc_runtime::{Protocol, Server};
    ///
    /// let server = Server::new().without(Protocol::V1);
    /// ```
    #[must_use]
    pub fn without(self, protocol: Protocol) -> Self {
        self.leave_out(protocol.name())
    }
}

/// A gateway for each protocol whose feature is on.
fn compiled_in() -> Vec<Box<dyn Gateway>> {
    vec![
        #[cfg(feature = "jsonrpc")]
        Box::new(jsonrpc::JsonRpc::default()),
        #[cfg(feature = "v1")]
        Box::new(v1::V1),
        #[cfg(feature = "_http")]
        Box::new(Http::new(over_http())),
    ]
}

/// Each protocol over HTTP whose feature is on.
#[cfg(feature = "_http")]
fn over_http() -> Vec<Box<dyn HttpService>> {
    vec![
        #[cfg(feature = "grpc")]
        Box::new(grpc::Grpc),
        #[cfg(feature = "jsonrpc")]
        Box::new(jsonrpc::JsonRpcOverHttp::default()),
        #[cfg(feature = "http")]
        Box::new(connect::Connect),
    ]
}
