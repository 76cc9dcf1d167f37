//! Typed RPC clients and servers over a compact multiplexed protocol.
//!
//! A `.proto` file, compiled by `rpc_build::compile` in `build.rs`, becomes a trait to implement
//! and proxies to call it with. The project's README shows the whole way; this crate is what
//! runs: [`Server`], [`Channel`] with [`Call`] and [`RpcFuture`], [`Context`] and [`Status`].
//!
//! # Blocking
//!
//! Sync proxies work in a plain `fn main`, from many threads, and inside async code; see
//! [`Call::wait`] for what that costs and what cannot work.
//!
//! Handlers are polled where their connection is served, once their method has proved fast: until
//! two calls in a row took less than 0.1 ms before they first awaited something, each runs in a task of
//! its own. One that blocks its thread, or burns CPU for longer, should say so: `#[rpc(blocking)]`
//! runs it on the server's [`WorkerPool`]. A method that does not, and is found to take long, keeps its
//! task for each call: it does not hold up its connection, but still a thread of the runtime. What
//! remains is a method that is fast at first and slow later: its first one or two slow calls hold up
//! their connection, for as long as they block.

mod builtin;
mod call;
mod client;
pub mod codec;
#[doc(hidden)]
pub mod codegen;
mod compression;
#[cfg(feature = "config")]
mod config;
mod connection;
pub mod dynamic;
#[cfg(any(feature = "jsonrpc", feature = "v1"))]
mod exchange;
pub mod gateway;
#[cfg(feature = "_http")]
mod grpc;
#[cfg(feature = "_http")]
#[cfg_attr(
    not(all(feature = "grpc", feature = "http", feature = "jsonrpc-ws")),
    allow(
        dead_code,
        unused_imports,
        reason = "each of the protocols over it takes a part of it"
    )
)]
mod http;
#[cfg(feature = "_json")]
pub mod json;
#[cfg(feature = "jsonrpc")]
pub mod jsonrpc;
mod local;
mod macros;
/// Buffers of large messages, which the process uses again: what it holds and has counted.
///
/// ```
/// for class in rpc_runtime::memory::stats() {
///     println!("{} bytes: {} in use, {} free, {} hits, {} misses", class.size, class.in_use, class.free, class.hits, class.misses);
/// }
/// ```
pub mod memory {
    pub use rpc_wire::memory::{ClassStats, release_unused, stats};
}
pub mod middleware;
#[cfg(any(feature = "config", feature = "_http"))]
mod nearest;
mod pool;
pub mod retry;
mod server;
#[cfg(feature = "_json")]
mod shown;
mod signal;
mod transport;
mod unwind;

pub use bytes;
pub use prost;
pub use prost_types;
pub use rpc_macros::rpc_service;
pub use rpc_wire::{
    Code, Idempotency, Metadata, MetadataError, MetadataValue, MethodDescriptor, MethodKind,
    RetryPolicy, ServiceDescriptor, Stage, Status,
};
#[cfg(feature = "json")]
pub use serde;

#[cfg(feature = "health")]
pub use builtin::health;
pub use call::{Context, Streaming};
pub use client::{
    Batch, BatchResults, Call, CallTask, Channel, ChannelBuilder, Response, RpcFuture, TaskStatus,
    blocking,
};
#[cfg(feature = "compression")]
pub use compression::Compression;
#[cfg(feature = "config")]
pub use config::{BoundServers, Config, ConfigError, Servers};
#[cfg(feature = "_http")]
pub use connection::cors::Cors;
pub use connection::observer::ConnectionEvent;
pub use gateway::Protocol;
pub use pool::{CloseReport, HealthCheck, PoolConfig, PoolStats, pools};
pub use retry::{Hedge, Retry, RetryBudget};
pub use server::{BoundServer, ServeError, Server, ShutdownReport, WorkerPool, WorkerPoolStats};
pub use signal::shutdown_signal;
pub use transport::{
    Accepted, Connecting, Connector, ListenAddress, Listener, PeerCertificates, PeerIdentity,
    PeerProcess, Transport,
};
#[cfg(feature = "tls")]
pub use transport::{ClientTls, ServerTls, TlsError};
