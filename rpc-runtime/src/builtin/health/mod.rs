//! Whether a server and its services can take calls, for load balancers and orchestrators.
//!
//! A server answers `grpc.health.v1.Health`, gRPC's standard service, with no further line: each
//! registered service, and the server as a whole, whose name is empty, is SERVING until the server shuts
//! down. Who has more to tell gives the server a [`Health`], and keeps a clone:
//!
//! ```
//! use std::time::Duration;
//! use rpc_runtime::Server;
//! use rpc_runtime::health::{Check, Health};
//!
//! # async fn database_answers() -> bool { true }
//! let health = Health::new();
//! health.check(
//!     "shop.Orders",
//!     Check::new(database_answers).timeout(Duration::from_millis(500)),
//! );
//! let server = Server::new().health(health.clone());
//!
//! // Later, by hand:
//! health.set_not_serving("shop.Catalog");
//! ```
//!
//! Where the server answers any [`Protocol`](crate::Protocol) over HTTP, `GET /healthz` tells the same of the server as a whole, and
//! `GET /healthz/shop.Orders` of a service: with 200 if it is SERVING, and else 503. The text is `SERVING`, or
//! `{"status":"SERVING"}` for a client that accepts `application/json`.
//!
//! Health checks are calls as others are: interceptors see them. `Authenticate` lets them pass with
//! `.except("grpc.health.v1.Health")`.

mod cached;
mod check;
#[rustfmt::skip]
mod generated;
mod handle;
mod server;
mod service;
mod status;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::Arc;

pub use check::Check;
pub use handle::Health;
pub(crate) use server::ServerHealth;
pub use status::ServingStatus;

use crate::server::{Builtin, IntoService, RegisteredService, Server, Service};

/// The messages of a check.
#[cfg(feature = "_http")]
pub(crate) mod wire {
    pub(crate) use super::generated::grpc::health::v1::health_check_response::ServingStatus;
    pub(crate) use super::generated::grpc::health::v1::{HealthCheckRequest, HealthCheckResponse};
}

impl Server {
    /// Has the server's health checks answered by `health`, which others may hold too: to set a status by
    /// hand, and to have services checked. Needs the feature `health`.
    #[must_use]
    pub fn health(self, health: Health) -> Self {
        self.with_builtin(Box::new(ServerHealth::new(health)))
    }
}

impl Builtin for ServerHealth {
    fn name(&self) -> &'static str {
        "health"
    }

    fn services(&self) -> Vec<(&'static str, Arc<dyn Service>)> {
        let service = service::HealthService::new(self.clone());
        vec![("grpc.health.v1.Health", service.into_service())]
    }

    fn starting(&self, services: &[RegisteredService]) {
        let services = services.iter().filter(|service| !service.is_builtin);
        self.starts(services.map(|service| service.name.as_str()));
    }

    fn shutting_down(&self) {
        self.ends();
    }
}
