//! Values of any type that travel with a call inside one process.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Values that interceptors leave for each other and for the handler, one of each type.
///
/// They stay in the process; what is to reach the peer belongs into the metadata. Cloning is cheap,
/// and clones share the values.
///
/// ```
/// use rpc_runtime::middleware::Extensions;
///
/// #[derive(Debug, PartialEq)]
/// struct User(String);
///
/// let mut extensions = Extensions::default();
/// extensions.insert(User("ann".to_owned()));
/// assert_eq!(extensions.get::<User>(), Some(&User("ann".to_owned())));
/// assert_eq!(extensions.get::<u32>(), None);
/// ```
#[derive(Clone, Default)]
pub struct Extensions {
    values: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
}

impl Extensions {
    /// Adds a value, in place of another of its type.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.values.insert(TypeId::of::<T>(), Arc::new(value));
    }

    /// The value of this type, if there is one.
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.values.get(&TypeId::of::<T>())?.downcast_ref()
    }

    /// Removes the value of this type, and says whether there was one.
    pub fn remove<T: Send + Sync + 'static>(&mut self) -> bool {
        self.values.remove(&TypeId::of::<T>()).is_some()
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extensions")
            .field("values", &self.values.len())
            .finish()
    }
}
