//! The servers of a configuration file.

use std::fmt;
use std::future::{Future, pending};
use std::panic::resume_unwind;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use super::error::ConfigError;
use super::listeners::{Listener, ServiceEntry};
use super::node::Node;
use super::settings::suggestion;
use crate::server::{
    BoundServer, IntoService, ServeError, Server, Service, ShutdownReport, block_on,
};

/// The servers that a configuration file describes: one for each address among its services. Made
/// by [`Server::from_config`] or [`Config::servers`](super::Config::servers).
///
/// Code gives each service of the file its implementation. One that is missing, and one that the
/// file does not know, are errors when the servers start.
///
/// ```no_run
/// # async fn example() -> Result<(), rpc_runtime::ServeError> {
/// use rpc_runtime::Server;
///
/// # struct Greeter;
/// # impl rpc_runtime::codegen::IntoService<()> for Greeter {
/// #     fn into_service(self) -> std::sync::Arc<dyn rpc_runtime::codegen::Service> { unreachable!() }
/// # }
/// Server::from_config("rpc.yaml")?.service(Greeter).serve().await
/// # }
/// ```
#[must_use]
pub struct Servers {
    root: Arc<Node>,
    listeners: Vec<Listener>,
    implementations: Vec<Implementation>,
}

struct Implementation {
    name: String,
    service: Arc<dyn Service>,
    /// For errors.
    type_name: &'static str,
}

impl Servers {
    pub(super) fn new(root: Arc<Node>, listeners: Vec<Listener>) -> Self {
        Servers {
            root,
            listeners,
            implementations: Vec::new(),
        }
    }

    /// The implementation of the service that the file calls by its own name, such as
    /// `helloworld.Hello`. What can be given is what [`Server::service`] takes.
    pub fn service<S, Marker>(self, service: S) -> Self
    where
        S: IntoService<Marker>,
    {
        let service = service.into_service();
        let name = service.descriptor().name().to_owned();
        self.implement::<S>(name, service)
    }

    /// The implementation of the service that the file calls `name`.
    pub fn service_as<S, Marker>(self, name: impl Into<String>, service: S) -> Self
    where
        S: IntoService<Marker>,
    {
        self.implement::<S>(name.into(), service.into_service())
    }

    fn implement<S>(mut self, name: String, service: Arc<dyn Service>) -> Self {
        self.implementations.push(Implementation {
            name,
            service,
            type_name: std::any::type_name::<S>(),
        });
        self
    }

    /// Does to the server of each address what a file cannot say, such as giving them one
    /// [`WorkerPool`](crate::WorkerPool) or an observer.
    pub fn each(mut self, mut configure: impl FnMut(Server) -> Server) -> Self {
        for listener in &mut self.listeners {
            listener.server = configure(std::mem::take(&mut listener.server));
        }
        self
    }

    /// Listens on all addresses and serves until the future is dropped.
    ///
    /// # Errors
    ///
    /// [`ServeError`] if one of the servers cannot start.
    pub async fn serve(self) -> Result<(), ServeError> {
        self.bind().await?.serve().await
    }

    /// Listens on all addresses and serves until `signal` completes; then accepted calls finish.
    /// See [`BoundServers::serve_with_shutdown`].
    ///
    /// # Errors
    ///
    /// [`ServeError`] if one of the servers cannot start.
    pub async fn serve_with_shutdown(
        self,
        signal: impl Future<Output = ()>,
    ) -> Result<ShutdownReport, ServeError> {
        self.bind().await?.serve_with_shutdown(signal).await
    }

    /// Serves from a plain `fn main`, on a runtime of its own, for ever.
    ///
    /// # Errors
    ///
    /// [`ServeError`] if one of the servers cannot start, above all inside an async runtime.
    pub fn serve_blocking(self) -> Result<(), ServeError> {
        block_on(self.serve())
    }

    /// Listens on all addresses.
    ///
    /// # Errors
    ///
    /// [`ServeError`] if one of the servers cannot start. Then none does.
    pub async fn bind(self) -> Result<BoundServers, ServeError> {
        self.check()?;
        let mut servers = Vec::new();
        for listener in self.listeners {
            let mut server = listener.server;
            let mut names = Vec::new();
            for ServiceEntry { name, aliases, .. } in listener.services {
                let found = self.implementations.iter().filter(|it| it.name == name);
                for name in std::iter::once(&name).chain(&aliases) {
                    for it in found.clone() {
                        server = server.add(name.clone(), Arc::clone(&it.service), it.type_name);
                    }
                }
                names.push(name);
            }
            let server = server.bind(listener.address).await?;
            servers.push(Bound { names, server });
        }
        Ok(BoundServers { servers })
    }

    /// Whether the services of the file are those that there are.
    fn check(&self) -> Result<(), ConfigError> {
        let services = self.listeners.iter().flat_map(|it| &it.services);
        let names: Vec<_> = services.clone().map(|service| &*service.name).collect();
        let mut implementations = self.implementations.iter();
        if let Some(unknown) = implementations.find(|it| !names.contains(&&*it.name)) {
            let Implementation {
                name, type_name, ..
            } = unknown;
            let suggestion = suggestion(name, &names);
            return Err(self.root.error_of_section(
                "services",
                format!(
                    "no entry has the name {name:?}, which {type_name} implements; add one, or \
                 register the implementation with service_as under a name that there is: \
                 {suggestion}"
                ),
            ));
        }
        let is_missing = |name: &str| self.implementations.iter().all(|it| it.name != name);
        let mut services = services;
        match services.find(|service| is_missing(&service.name)) {
            Some(ServiceEntry { name, node, .. }) => Err(node.error(format!(
                "the service {name:?} has no implementation; register one with service(..), or \
                 remove the entry"
            ))),
            None if names.is_empty() => {
                let message = "there is no service to serve; add an entry with name, ip and port";
                Err(self.root.error_of_section("services", message))
            }
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Servers")
            .field("listeners", &self.listeners)
            .finish_non_exhaustive()
    }
}

/// Servers that listen, each on an address; clients may connect already and wait.
#[derive(Debug)]
pub struct BoundServers {
    servers: Vec<Bound>,
}

/// A server, and the names of its services in the file.
#[derive(Debug)]
struct Bound {
    names: Vec<String>,
    server: BoundServer,
}

impl BoundServers {
    /// What clients of a service connect to, see [`BoundServer::target`]; `None` if the file has
    /// no service of this name.
    pub fn target(&self, service: &str) -> Option<String> {
        let mut servers = self.servers.iter();
        let bound = servers.find(|bound| bound.names.iter().any(|name| name == service))?;
        Some(bound.server.target())
    }

    /// Serves until the future is dropped, which ends every connection.
    ///
    /// # Errors
    ///
    /// As [`BoundServer::serve`].
    pub async fn serve(self) -> Result<(), ServeError> {
        self.serve_with_shutdown(pending()).await.map(drop)
    }

    /// Serves until `signal` completes, and then ends all servers at the same time, each as
    /// [`BoundServer::serve_with_shutdown`] does. Gives what became of the calls of all of them.
    ///
    /// # Errors
    ///
    /// As [`BoundServer::serve_with_shutdown`].
    pub async fn serve_with_shutdown(
        self,
        signal: impl Future<Output = ()>,
    ) -> Result<ShutdownReport, ServeError> {
        let (ended, _) = watch::channel(());
        let mut serving = JoinSet::new();
        for Bound { server, .. } in self.servers {
            let mut ended = ended.subscribe();
            serving.spawn(server.serve_with_shutdown(async move {
                // The sender is dropped.
                let _ = ended.changed().await;
            }));
        }
        signal.await;
        drop(ended);
        let mut report = ShutdownReport::default();
        while let Some(served) = serving.join_next().await {
            match served.map_err(JoinError::try_into_panic) {
                Ok(served) => report += served?,
                Err(Ok(panic)) => resume_unwind(panic),
                // The runtime ends, and this future with it.
                Err(Err(_)) => {}
            }
        }
        Ok(report)
    }
}
