//! Which service answers a path.

use std::collections::HashMap;
use std::sync::Arc;

use rpc_wire::{MethodDescriptor, Status};

use super::handling::Handling;
use super::limit::{Counted, Counter};
use super::pace::Pace;
use super::workers::WorkerPool;
use super::{ServeError, Service};

/// The services of a server by name, while they are being registered.
#[derive(Default)]
pub(crate) struct Services {
    services: HashMap<String, Registered>,
}

struct Registered {
    service: Arc<dyn Service>,
    /// For errors.
    type_name: &'static str,
}

impl Services {
    /// Registers a service under a name.
    pub(super) fn add(
        &mut self,
        name: String,
        service: Arc<dyn Service>,
        type_name: &'static str,
    ) -> Result<(), ServeError> {
        if let Some(registered) = self.services.get(&name) {
            let first = registered.type_name;
            return Err(ServeError::DuplicateService {
                name,
                first,
                second: type_name,
            });
        }
        self.services
            .insert(name, Registered { service, type_name });
        Ok(())
    }
}

/// How a server treats its calls.
#[derive(Clone, Default)]
pub(super) struct CallConfig {
    /// Where handlers that block are run.
    pub(super) workers: WorkerPool,
    /// How many calls may run at a time.
    pub(super) max_concurrent_calls: Option<usize>,
}

/// Where the calls of a server go.
pub(crate) struct Router {
    services: HashMap<String, Routed>,
    max_concurrent_calls: Option<usize>,
    running: Arc<Counter>,
}

/// A service, and its methods by their places in the descriptor.
struct Routed {
    service: Arc<dyn Service>,
    methods: Vec<RoutedMethod>,
}

#[derive(Clone)]
struct RoutedMethod {
    handling: Option<Arc<Handling>>,
    pace: Arc<Pace>,
}

impl Routed {
    fn new(service: Arc<dyn Service>, workers: &WorkerPool) -> Self {
        let methods = service.descriptor().methods().iter().enumerate();
        let methods = methods
            .map(|(index, method)| RoutedMethod {
                handling: Handling::of(method, service.handler_options(index), workers),
                pace: Arc::default(),
            })
            .collect();
        Routed { service, methods }
    }
}

/// What a path leads to.
#[derive(Clone)]
pub(crate) enum Route {
    Method {
        service: Arc<dyn Service>,
        index: usize,
        descriptor: &'static MethodDescriptor,
        handling: Option<Arc<Handling>>,
        pace: Arc<Pace>,
    },
    /// UNIMPLEMENTED, with what is missing.
    Unknown(Status),
}

impl Router {
    /// A router to one service.
    pub(crate) fn of(service: Arc<dyn Service>) -> Self {
        let name = service.descriptor().name().to_owned();
        let registered = Registered {
            service,
            type_name: "",
        };
        let services = HashMap::from([(name, registered)]);
        Router::new(Services { services }, CallConfig::default())
    }

    /// A router to registered services.
    pub(super) fn new(services: Services, calls: CallConfig) -> Self {
        let services = services.services.into_iter();
        Router {
            services: services
                .map(|(name, registered)| (name, Routed::new(registered.service, &calls.workers)))
                .collect(),
            max_concurrent_calls: calls.max_concurrent_calls,
            running: Arc::default(),
        }
    }

    /// Counts one more call, until what is given is dropped; `None` if nobody counts.
    ///
    /// # Errors
    ///
    /// RESOURCE_EXHAUSTED over the limit of the server: the call must not run.
    pub(super) fn admit(&self) -> Result<Option<Counted>, Status> {
        let Some(limit) = self.max_concurrent_calls else {
            return Ok(None);
        };
        let counted = self.running.enter(limit);
        counted.map(Some).ok_or_else(|| {
            Status::resource_exhausted(format!(
                "as many calls are running as the server's limit max_concurrent_calls allows, {limit}"
            ))
        })
    }

    /// Finds what answers `package.Service/Method`.
    pub(crate) fn route(&self, path: &str) -> Route {
        let Some((name, method)) = path.rsplit_once('/') else {
            return unknown(format!(
                "the path {path:?} is not of the form package.Service/Method"
            ));
        };
        self.find(name, method)
    }

    /// Finds what answers a method of the service that is registered under `name`.
    pub(crate) fn find(&self, name: &str, method: &str) -> Route {
        let Some(routed) = self.services.get(name) else {
            return unknown(format!("the server has no service {name:?}"));
        };
        match routed.service.descriptor().method(method) {
            Some((index, descriptor)) => {
                let RoutedMethod { handling, pace } = routed.methods[index].clone();
                Route::Method {
                    service: routed.service.clone(),
                    index,
                    descriptor,
                    handling,
                    pace,
                }
            }
            None => unknown(format!("the service {name:?} has no method {method:?}")),
        }
    }
}

fn unknown(message: String) -> Route {
    Route::Unknown(Status::unimplemented(message))
}
