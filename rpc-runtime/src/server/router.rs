//! Which service answers a path.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rpc_wire::{MethodDescriptor, Status};

use super::handling::{CallHandling, Handling};
use super::intercepted::intercept;
use super::json::{Json, RouteJson};
use super::limit::{Counted, Counter};
use super::pace::Pace;
use super::run::catch;
use super::workers::WorkerPool;
use super::{Incoming, RegisteredService, Reply, ServeError, Service};
use crate::call::Context;
use crate::middleware::{Layers, Next};
#[cfg(feature = "_http")]
use crate::nearest::nearest;

/// The services of a server by name, while they are being registered.
#[derive(Default)]
pub(crate) struct Services {
    services: HashMap<String, Registered>,
}

struct Registered {
    service: Arc<dyn Service>,
    /// For errors.
    type_name: &'static str,
    is_builtin: bool,
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
        let registered = Registered {
            service,
            type_name,
            is_builtin: false,
        };
        self.services.insert(name, registered);
        Ok(())
    }

    /// Registers a service that nobody asked for, unless the name is taken.
    pub(super) fn add_builtin(&mut self, name: &str, service: Arc<dyn Service>) {
        let entry = self.services.entry(name.to_owned());
        entry.or_insert(Registered {
            service,
            type_name: "the library's own",
            is_builtin: true,
        });
    }

    /// All that are registered, by name.
    pub(super) fn list(&self) -> Vec<RegisteredService> {
        let services = self.services.iter();
        let mut services: Vec<_> = services
            .map(|(name, registered)| RegisteredService {
                name: name.clone(),
                descriptor: registered.service.descriptor(),
                is_builtin: registered.is_builtin,
            })
            .collect();
        services.sort_by(|a, b| a.name.cmp(&b.name));
        services
    }
}

/// Time for a call whose client cannot say how long it waits, unless configured otherwise: as long
/// as this library's clients wait unless they say so.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// How much alike a path and the one that was meant are at least; 1 is the same.
#[cfg(feature = "_http")]
const ALIKE: f64 = 0.8;

/// Longest path of which it is worth the time to find what was meant, in bytes.
#[cfg(feature = "_http")]
const LONGEST_MISSPELLED: usize = 256;

/// How a server treats its calls.
#[derive(Clone)]
pub(super) struct CallConfig {
    /// Where handlers that block are run.
    pub(super) workers: WorkerPool,
    /// How many calls may run at a time.
    pub(super) max_concurrent_calls: Option<usize>,
    /// How long a call may take whose client cannot say it.
    pub(super) default_timeout: Duration,
    /// What is around them.
    pub(super) layers: Layers,
    /// How their messages are JSON.
    pub(super) json: Json,
}

impl Default for CallConfig {
    fn default() -> Self {
        CallConfig {
            workers: WorkerPool::default(),
            max_concurrent_calls: None,
            default_timeout: DEFAULT_TIMEOUT,
            layers: Layers::default(),
            json: Json::default(),
        }
    }
}

/// Where the calls of a server go.
pub(crate) struct Router {
    services: HashMap<String, Routed>,
    max_concurrent_calls: Option<usize>,
    default_timeout: Duration,
    running: Arc<Counter>,
    interceptors: Option<Next>,
}

/// A service, and its methods by their places in the descriptor.
struct Routed {
    service: Arc<dyn Service>,
    methods: Vec<RoutedMethod>,
}

impl Routed {
    fn new(service: Arc<dyn Service>, calls: &CallConfig) -> Self {
        let methods = service.descriptor().methods().iter().enumerate();
        let methods = methods
            .map(|(index, descriptor)| RoutedMethod {
                service: Arc::clone(&service),
                index,
                descriptor,
                handling: Handling::of(descriptor, service.handler_options(index), &calls.workers),
                pace: Arc::default(),
                json: RouteJson::new(calls.json),
            })
            .collect();
        Routed { service, methods }
    }
}

/// What a path leads to.
#[derive(Clone)]
pub(crate) enum Route {
    Method(RoutedMethod),
    /// UNIMPLEMENTED, with what is missing.
    Unknown(Status),
}

/// A method of a registered service.
#[derive(Clone)]
pub(crate) struct RoutedMethod {
    pub(super) service: Arc<dyn Service>,
    /// Its place in the descriptor.
    pub(super) index: usize,
    pub(super) descriptor: &'static MethodDescriptor,
    handling: Option<Arc<Handling>>,
    pub(super) pace: Arc<Pace>,
    #[cfg_attr(not(feature = "_json"), expect(dead_code, reason = "nobody asks"))]
    pub(super) json: RouteJson,
}

impl RoutedMethod {
    /// What is known of it.
    pub(crate) fn descriptor(&self) -> &'static MethodDescriptor {
        self.descriptor
    }

    /// Its names: its own, and its aliases.
    #[cfg(feature = "jsonrpc")]
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        let method = self.descriptor;
        std::iter::once(method.name()).chain(method.aliases().iter().copied())
    }

    /// When a call that starts now has to end, if its caller waits until `deadline`.
    pub(super) fn deadline(&self, deadline: Option<Instant>) -> Option<Instant> {
        match &self.handling {
            Some(handling) => handling.deadline(deadline),
            None => deadline,
        }
    }

    /// How one call is run, if the method's options say anything; `counted` is the call among those of
    /// its server.
    pub(super) fn handling(&self, counted: &Option<Arc<Counted>>) -> Option<CallHandling<'_>> {
        let handling = self.handling.as_ref()?;
        Some(CallHandling::new(handling, counted.clone()))
    }
}

impl Router {
    /// A router to one service.
    pub(crate) fn of(service: Arc<dyn Service>) -> Self {
        let name = service.descriptor().name().to_owned();
        let registered = Registered {
            service,
            type_name: "",
            is_builtin: false,
        };
        let services = HashMap::from([(name, registered)]);
        Router::new(Services { services }, CallConfig::default())
    }

    /// A router to registered services.
    pub(super) fn new(services: Services, calls: CallConfig) -> Self {
        let services = services.services.into_iter();
        Router {
            services: services
                .map(|(name, registered)| (name, Routed::new(registered.service, &calls)))
                .collect(),
            max_concurrent_calls: calls.max_concurrent_calls,
            default_timeout: calls.default_timeout,
            running: Arc::default(),
            interceptors: calls.layers.chain(),
        }
    }

    /// Calls a method, through the interceptors if there are any.
    ///
    /// # Errors
    ///
    /// INTERNAL if the service panics.
    pub(super) fn call(
        &self,
        context: &Context,
        route: &RoutedMethod,
        incoming: Incoming<'_>,
    ) -> Result<Reply, Status> {
        catch(context, || match &self.interceptors {
            None => route.service.call(route.index, incoming),
            Some(chain) => intercept(chain.clone(), route, incoming),
        })
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

    /// How long a call may take whose client cannot say it.
    pub(crate) fn default_timeout(&self) -> Duration {
        self.default_timeout
    }

    /// The path of the method that a misspelled one was meant to be, if one is near.
    #[cfg(feature = "_http")]
    pub(crate) fn nearest(&self, path: &str) -> Option<String> {
        let path = path.trim_matches('/');
        if path.len() > LONGEST_MISSPELLED {
            return None;
        }
        let paths = self.methods();
        let paths =
            paths.map(|(service, method)| format!("{service}/{}", method.descriptor.name()));
        let paths: Vec<_> = paths.collect();
        let found = nearest(path, paths.iter().map(String::as_str), ALIKE);
        found.map(str::to_owned)
    }

    /// Every method, with the name that its service is registered under.
    #[cfg(feature = "_http")]
    pub(crate) fn methods(&self) -> impl Iterator<Item = (&str, &RoutedMethod)> {
        let services = self.services.iter();
        services.flat_map(|(name, routed)| {
            let methods = routed.methods.iter();
            methods.map(move |method| (name.as_str(), method))
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
            Some((index, _)) => Route::Method(routed.methods[index].clone()),
            None => unknown(format!("the service {name:?} has no method {method:?}")),
        }
    }
}

fn unknown(message: String) -> Route {
    Route::Unknown(Status::unimplemented(message))
}
