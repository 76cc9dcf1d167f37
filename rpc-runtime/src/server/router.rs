//! Which service answers a path.

use std::collections::HashMap;
use std::sync::Arc;

use rpc_wire::{MethodDescriptor, Status};

use super::handling::Handling;
use super::{ServeError, Service};

/// The services of a server by name.
#[derive(Default)]
pub(crate) struct Router {
    services: HashMap<String, Registered>,
}

struct Registered {
    service: Arc<dyn Service>,
    /// By the place of the method in the descriptor.
    handling: Vec<Option<Arc<Handling>>>,
    /// For errors.
    type_name: &'static str,
}

impl Registered {
    fn new(service: Arc<dyn Service>, type_name: &'static str) -> Self {
        let methods = service.descriptor().methods().iter().enumerate();
        let handling = methods
            .map(|(index, method)| Handling::of(method, service.handler_options(index)))
            .collect();
        Registered {
            service,
            handling,
            type_name,
        }
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
    },
    /// UNIMPLEMENTED, with what is missing.
    Unknown(Status),
}

impl Router {
    /// A router to one service.
    pub(crate) fn of(service: Arc<dyn Service>) -> Self {
        let name = service.descriptor().name().to_owned();
        Router {
            services: HashMap::from([(name, Registered::new(service, ""))]),
        }
    }

    /// Registers a service under a name.
    pub(crate) fn add(
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
            .insert(name, Registered::new(service, type_name));
        Ok(())
    }

    /// Finds what answers `package.Service/Method`.
    pub(crate) fn route(&self, path: &str) -> Route {
        let Some((name, method)) = path.rsplit_once('/') else {
            return unknown(format!(
                "the path {path:?} is not of the form package.Service/Method"
            ));
        };
        let Some(registered) = self.services.get(name) else {
            return unknown(format!("the server has no service {name:?}"));
        };
        match registered.service.descriptor().method(method) {
            Some((index, descriptor)) => Route::Method {
                service: registered.service.clone(),
                index,
                descriptor,
                handling: registered.handling[index].clone(),
            },
            None => unknown(format!("the service {name:?} has no method {method:?}")),
        }
    }
}

fn unknown(message: String) -> Route {
    Route::Unknown(Status::unimplemented(message))
}
