//! gRPC's service config: what an operator says about the calls of a channel.

#[cfg(feature = "json")]
mod parse;
#[cfg(feature = "json")]
mod value;

use std::collections::HashMap;
use std::time::Duration;

use rpc_wire::MethodDescriptor;

use super::budget::RetryBudget;
use super::policy::Policy;

/// What a service config says.
#[derive(Debug, Default)]
pub(crate) struct ServiceConfig {
    /// By path, such as `helloworld.Hello/Hello`.
    methods: HashMap<String, MethodConfig>,
    /// By service, for methods without an entry of their own.
    services: HashMap<String, MethodConfig>,
    /// For services without an entry.
    default: Option<MethodConfig>,
    budget: Option<RetryBudget>,
}

/// What a service config says about some methods.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct MethodConfig {
    pub(crate) timeout: Option<Duration>,
    pub(crate) policy: Option<Policy>,
}

impl ServiceConfig {
    /// Whether it says nothing about any method.
    pub(crate) fn is_empty(&self) -> bool {
        self.methods.is_empty() && self.services.is_empty() && self.default.is_none()
    }

    /// What it says about a method: in its own entry, else in that of its service, else in that of all.
    pub(crate) fn method(&self, method: &MethodDescriptor) -> Option<&MethodConfig> {
        if self.is_empty() {
            return None;
        }
        let own = self.methods.get(method.path());
        own.or_else(|| self.services.get(method.service()))
            .or(self.default.as_ref())
    }

    pub(super) fn budget(&self) -> Option<RetryBudget> {
        self.budget
    }
}
