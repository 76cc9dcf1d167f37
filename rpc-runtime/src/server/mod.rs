//! Serves calls.

mod accept;
mod blocking_stream;
mod bound;
mod builder;
mod builtin;
mod call;
#[cfg(feature = "compression")]
mod compression;
mod connection_limits;
#[cfg(feature = "_http")]
mod cors;
mod dispatch;
mod error;
mod gateway;
mod handled;
mod handling;
mod intercepted;
#[cfg(feature = "_json")]
mod json;
#[cfg(not(feature = "_json"))]
#[path = "no_json.rs"]
mod json;
mod limit;
mod pace;
mod reply;
mod report;
mod request;
mod router;
mod run;
mod service;
mod start;
mod streaming;
mod throttle;
mod workers;

pub use bound::BoundServer;
pub use builder::Server;
pub use error::ServeError;
pub use handling::HandlerOptions;
pub use report::ShutdownReport;
pub use service::{Generated, Incoming, IntoService, Reply, Service, not_implemented};
pub use workers::{WorkerPool, WorkerPoolStats};

pub(crate) use accept::serve_transport;
pub(crate) use builtin::{Builtin, RegisteredService};
#[cfg(any(feature = "jsonrpc", feature = "v1"))]
pub(crate) use call::Answer;
#[cfg(feature = "jsonrpc")]
pub(crate) use call::UnaryCall;
pub(crate) use call::{CallParts, StreamCall, StreamRequests};
#[cfg(feature = "_http")]
pub(crate) use gateway::Refusing;
pub(crate) use gateway::{AnyGateway, GatewayConnection, Gateways, Serving};
#[cfg(any(feature = "http", feature = "jsonrpc"))]
pub(crate) use router::RoutedMethod;
pub(crate) use router::{Route, Router};
#[cfg(feature = "config")]
pub(crate) use start::block_on;
