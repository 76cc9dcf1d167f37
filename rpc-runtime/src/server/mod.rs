//! Serves calls.

mod accept;
mod builder;
mod dispatch;
mod error;
mod handling;
mod limit;
mod pace;
mod reply;
mod router;
mod run;
mod service;
mod streaming;
mod workers;

pub use builder::{BoundServer, Server};
pub use error::ServeError;
pub use handling::HandlerOptions;
pub use service::{Generated, Incoming, IntoService, Reply, Service, not_implemented};
pub use workers::{WorkerPool, WorkerPoolStats};

pub(crate) use accept::serve_transport;
pub(crate) use router::Router;
