//! Serves calls.

mod accept;
mod builder;
mod dispatch;
mod error;
mod handling;
mod reply;
mod router;
mod run;
mod service;
mod streaming;

pub use builder::{BoundServer, Server};
pub use error::ServeError;
pub use handling::HandlerOptions;
pub use service::{Generated, Incoming, IntoService, Reply, Service, not_implemented};

pub(crate) use accept::serve_transport;
pub(crate) use router::Router;
