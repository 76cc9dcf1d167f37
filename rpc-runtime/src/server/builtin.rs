//! Services that servers have without being given them.

use std::sync::Arc;

use rpc_wire::ServiceDescriptor;

use super::Service;

/// A service that a server has without being given it, and that knows what else there is.
pub(crate) trait Builtin: Send + Sync {
    /// What it is called where it is switched off.
    fn name(&self) -> &'static str;

    /// What clients call, under the names that they know it by. A service that was registered under
    /// one of them stays in its place.
    fn services(&self) -> Vec<(&'static str, Arc<dyn Service>)>;

    /// These are all services of the server, which is about to start.
    fn starting(&self, services: &[RegisteredService]);

    /// The server begins to shut down.
    fn shutting_down(&self) {}
}

/// A service, as it is registered with a server.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(all(feature = "health", feature = "reflection")),
    allow(dead_code, reason = "each of the two services asks for a part of it")
)]
pub(crate) struct RegisteredService {
    /// The name that clients call it by, which may be an alias.
    pub(crate) name: String,
    pub(crate) descriptor: &'static ServiceDescriptor,
    /// Nobody registered it.
    pub(crate) is_builtin: bool,
}
