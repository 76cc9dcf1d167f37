//! The names that JSON-RPC clients have for methods.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use rpc_wire::{MethodKind, Status};

use crate::json::Transcoder;
use crate::jsonrpc::ErrorObject;
use crate::server::{Route, RoutedMethod, Router};
use crate::shown::shown;

/// What JSON-RPC keeps for itself.
const RESERVED: &str = "rpc.";

/// The methods of a server by every name that they can be called by.
pub(super) struct Methods {
    by_name: HashMap<Box<str>, Named>,
}

/// A method and the way to it.
pub(super) struct Method {
    pub(super) route: Route,
    routed: RoutedMethod,
}

impl Method {
    fn new(method: &RoutedMethod) -> Arc<Self> {
        Arc::new(Method {
            route: Route::Method(method.clone()),
            routed: method.clone(),
        })
    }

    /// What turns its messages from JSON to protobuf and back.
    ///
    /// # Errors
    ///
    /// As [`RoutedMethod::transcoder`].
    pub(super) fn transcoder(&self) -> Result<&Transcoder, Status> {
        self.routed.transcoder()
    }
}

/// What has a name.
enum Named {
    Method(Arc<Method>),
    /// These methods, by their full names.
    Several(String, String),
}

impl Methods {
    /// The methods of all services: as `package.Service/Method`, `package.Service.Method` and, where
    /// no other method has that name, `Service.Method` and an alias alone.
    pub(super) fn of(router: &Router) -> Self {
        let mut all = HashMap::new();
        let mut short = HashMap::new();
        for (service, routed) in router.methods() {
            let method = Method::new(routed);
            let last = service.rsplit('.').next().unwrap_or(service);
            for (number, name) in routed.names().enumerate() {
                let full = format!("{service}/{name}");
                insert(&mut all, format!("{service}.{name}"), &full, &method);
                insert(&mut short, format!("{last}.{name}"), &full, &method);
                let is_alias = number > 0;
                if is_alias {
                    insert(&mut short, name.to_owned(), &full, &method);
                }
                insert(&mut all, full.clone(), &full, &method);
            }
        }
        // A full name is nobody else's short one.
        short.extend(all);
        let by_name = short
            .into_iter()
            .map(|(name, (_, named))| (name.into_boxed_str(), named))
            .collect();
        Methods { by_name }
    }

    /// Finds the method that is called `name`.
    ///
    /// # Errors
    ///
    /// Method not found, with the reason.
    pub(super) fn find(&self, name: &str) -> Result<&Arc<Method>, ErrorObject> {
        let why = match self.by_name.get(name) {
            _ if name.starts_with(RESERVED) => {
                format!("names that begin with {RESERVED:?} are reserved")
            }
            Some(Named::Method(method)) if method.routed.kind() == MethodKind::Unary => {
                return Ok(method);
            }
            Some(Named::Method(_)) => {
                format!("{name:?} has streams, which JSON-RPC does not")
            }
            Some(Named::Several(first, second)) => {
                format!("{name:?} may be {first:?} or {second:?}: call it by its full name")
            }
            None => format!(
                "there is no {:?}; names are package.Service/Method, package.Service.Method or Service.Method",
                shown(name)
            ),
        };
        Err(ErrorObject::method_not_found(why))
    }
}

/// Gives the method that is `full` in full a name, which may be another's too.
fn insert(
    names: &mut HashMap<String, (String, Named)>,
    name: String,
    full: &str,
    method: &Arc<Method>,
) {
    match names.entry(name) {
        Entry::Vacant(place) => {
            place.insert((full.to_owned(), Named::Method(Arc::clone(method))));
        }
        Entry::Occupied(mut taken) => {
            let (first, named) = taken.get_mut();
            let is_same = matches!(named, Named::Method(other) if Arc::ptr_eq(other, method));
            if !is_same {
                *named = Named::Several(first.clone(), full.to_owned());
            }
        }
    }
}
