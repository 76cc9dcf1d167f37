//! What the services of a server look like, for clients that have no `.proto` files: gRPC's
//! server reflection, versions v1 and v1alpha.

mod alias;
mod answers;
#[rustfmt::skip]
mod generated;
mod index;
mod service;
mod symbols;

use std::sync::{Arc, OnceLock};

use self::index::Index;
use self::service::ReflectionService;
use crate::server::{Builtin, IntoService, RegisteredService, Service};

/// The name under which clients know it.
const V1: &str = "grpc.reflection.v1.ServerReflection";

/// The name under which older clients know it. The messages of both versions are the same, so this is
/// an alias.
const V1_ALPHA: &str = "grpc.reflection.v1alpha.ServerReflection";

/// Reflection of one server.
#[derive(Default)]
pub(crate) struct Reflection {
    served: Arc<Served>,
}

/// What a server serves.
#[derive(Default)]
struct Served {
    services: OnceLock<Vec<RegisteredService>>,
    /// Made when it is first asked for: many servers never are.
    index: OnceLock<Index>,
}

impl Served {
    fn services(&self) -> &[RegisteredService] {
        self.services.get().map_or(&[], Vec::as_slice)
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::new(self.services()))
    }
}

impl Builtin for Reflection {
    fn name(&self) -> &'static str {
        "reflection"
    }

    fn services(&self) -> Vec<(&'static str, Arc<dyn Service>)> {
        let service = ReflectionService::new(Arc::clone(&self.served)).into_service();
        vec![(V1, Arc::clone(&service)), (V1_ALPHA, service)]
    }

    fn starting(&self, services: &[RegisteredService]) {
        self.served.services.get_or_init(|| services.to_vec());
    }
}
