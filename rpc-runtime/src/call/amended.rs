//! What interceptors made of a call before its handler was started.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use rpc_wire::{Metadata, Status};

use super::Extensions;

/// What a handler is given in place of what its caller sent, and beside it.
#[derive(Debug, Default)]
pub(crate) struct Amended {
    pub(crate) metadata: Metadata,
    pub(crate) extensions: Extensions,
    pub(crate) checks: Checks,
}

type Check = dyn Fn(&dyn Any) -> Result<(), Status> + Send + Sync;

/// What is asked about each request once it is decoded.
#[derive(Clone, Default)]
pub(crate) struct Checks(Vec<Arc<Check>>);

impl Checks {
    /// Adds a check of the messages that are of type `T`.
    pub(crate) fn add<T: 'static>(
        &mut self,
        check: impl Fn(&T) -> Result<(), Status> + Send + Sync + 'static,
    ) {
        self.0
            .push(Arc::new(move |message| match message.downcast_ref() {
                Some(message) => check(message),
                None => Ok(()),
            }));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Asks all of them, in the order in which they were added.
    ///
    /// # Errors
    ///
    /// The first objection.
    pub(crate) fn run(&self, message: &dyn Any) -> Result<(), Status> {
        self.0.iter().try_for_each(|check| check(message))
    }
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Checks").field(&self.0.len()).finish()
    }
}
