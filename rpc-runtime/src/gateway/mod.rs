//! Protocols other than the native one, each behind its cargo feature, and what a server
//! answers. A gateway knows the server's [`Gateway`] and `Router`, and no other gateway.

#[cfg(feature = "http")]
mod connect;
#[cfg(feature = "grpc")]
mod grpc;
#[cfg(all(feature = "_http", feature = "health"))]
mod healthz;
#[cfg(feature = "jsonrpc")]
mod jsonrpc;
#[cfg(feature = "v1")]
mod v1;

use crate::builtin;
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
    /// JSON-RPC 2.0 over TCP and HTTP, with the feature `jsonrpc`, and over WebSocket with `jsonrpc-ws`.
    JsonRpc,
    /// Version 1 of the protocol, with the feature `v1`.
    V1,
    /// gRPC over HTTP/2, with the feature `grpc`.
    Grpc,
    /// gRPC-Web over HTTP/1.1 and HTTP/2, with the feature `grpc`.
    GrpcWeb,
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
            Protocol::GrpcWeb => "grpc-web",
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
    /// A server without services of the caller's, which answers every [`Protocol`] that is compiled
    /// in, health checks (feature `health`) and reflection (feature `reflection`).
    pub fn new() -> Self {
        Server::made_of(compiled_in(), builtin::compiled_in())
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

    /// Answers no health checks, unless a service for them is registered, and no `GET /healthz`. See the
    /// module `health`, with the feature of that name.
    #[must_use]
    pub fn without_health(self) -> Self {
        let server = self.retain_builtin(|name| name != "health");
        server.leave_out("healthz")
    }

    /// Does not tell clients what its services look like, which it does with the feature
    /// `reflection`: grpcurl, Postman and others then need no `.proto` files.
    #[must_use]
    pub fn without_reflection(self) -> Self {
        self.retain_builtin(|name| name != "reflection")
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
        #[cfg(feature = "grpc")]
        Box::new(grpc::GrpcWeb),
        #[cfg(feature = "jsonrpc")]
        Box::new(jsonrpc::JsonRpcOverHttp::default()),
        #[cfg(feature = "jsonrpc-ws")]
        Box::new(jsonrpc::JsonRpcOverWebSocket::default()),
        #[cfg(feature = "http")]
        Box::new(connect::Connect),
        #[cfg(feature = "health")]
        Box::new(healthz::Healthz),
    ]
}
