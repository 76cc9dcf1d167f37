//! Protocols other than the native one on a server's port: those that the library has, and users' own.
//!
//! [`Server::gateway`] adds a [`Gateway`], which recognises a protocol by its first bytes and makes the
//! server's [`Calls`] of what its clients send:
//!
//! ```
//! use std::error::Error;
//!
//! use rpc_runtime::Server;
//! use rpc_runtime::gateway::{Connection, Gateway, Prefix};
//! use rpc_runtime::middleware::Body;
//! use rpc_runtime::prost::Message;
//! use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
//! # #[derive(Clone, PartialEq, Message)]
//! # #[prost(prost_path = "rpc_runtime::prost")]
//! # struct HelloRequest { #[prost(string, tag = "1")] msg: String }
//! # #[derive(Clone, PartialEq, Message)]
//! # #[prost(prost_path = "rpc_runtime::prost")]
//! # struct HelloReply { #[prost(string, tag = "1")] msg: String }
//!
//! /// Answers lines such as `hello world`.
//! struct Lines;
//!
//! impl Gateway for Lines {
//!     fn name(&self) -> &'static str {
//!         "lines"
//!     }
//!
//!     fn probe(&self, first: &[u8]) -> Prefix {
//!         Prefix::compare(first, b"hello ")
//!     }
//!
//!     async fn serve(
//!         &self,
//!         mut connection: Connection,
//!     ) -> Result<(), Box<dyn Error + Send + Sync>> {
//!         let calls = connection.calls();
//!         let mut line = String::new();
//!         while (&mut connection).take(1024).read_line(&mut line).await? > 0 {
//!             let msg = line.trim_start_matches("hello ").trim().to_owned();
//!             let request = Body::message(HelloRequest { msg }.encode_to_vec());
//!             let answer = match calls.prepare("helloworld.Hello/Hello")?.run(request).await {
//!                 Ok(response) => response.message::<HelloReply>()?.msg,
//!                 Err(status) => status.to_string(),
//!             };
//!             connection.write_all(format!("{answer}\n").as_bytes()).await?;
//!             line.clear();
//!         }
//!         Ok(())
//!     }
//! }
//!
//! let server = Server::new().gateway(Lines);
//! ```

// A gateway knows `AnyGateway` and `Router` of the server, and no other gateway.
#[cfg(feature = "http")]
mod connect;
mod custom;
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
use crate::server::{AnyGateway, Server};

pub use crate::transport::Prefix;
pub use custom::{Calls, Connection, Gateway, PreparedCall};

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
fn compiled_in() -> Vec<Box<dyn AnyGateway>> {
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
        #[cfg(feature = "http")]
        Box::new(connect::Connect),
        #[cfg(feature = "health")]
        Box::new(healthz::Healthz),
    ]
}
