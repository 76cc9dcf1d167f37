//! What a channel says about repeating calls.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use rpc_wire::MethodDescriptor;

use super::budget::{RetryBudget, Tokens};
use super::policy::{Policy, Retry};
use super::service_config::ServiceConfig;

/// What a channel says about repeating calls.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) service_config: ServiceConfig,
    default: Option<Policy>,
    pub(crate) tokens: Tokens,
    /// Policies of single calls that wait.
    kept: Mutex<Vec<Weak<Policy>>>,
}

/// How many policies are kept: programs have few, however many calls they make.
const MAX_KEPT: usize = 16;

impl Rules {
    pub(crate) fn new(
        service_config: ServiceConfig,
        default: Option<Policy>,
        budget: Option<RetryBudget>,
    ) -> Self {
        let budget = budget.or(service_config.budget()).unwrap_or_default();
        Rules {
            service_config,
            default,
            tokens: Tokens::new(budget),
            kept: Mutex::default(),
        }
    }

    /// A policy in the place of one that is equal, if a call with one waits.
    pub(crate) fn keep(&self, policy: Policy) -> Arc<Policy> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut used = kept.iter().filter_map(Weak::upgrade);
        if let Some(equal) = used.find(|used| **used == policy) {
            return equal;
        }
        let policy = Arc::new(policy);
        kept.retain(|kept| kept.strong_count() > 0);
        if kept.len() < MAX_KEPT {
            kept.push(Arc::downgrade(&policy));
        }
        policy
    }

    /// Whether something beside the `.proto` may have a policy for a call that has none of its own.
    pub(crate) fn any(&self) -> bool {
        self.default.is_some() || !self.service_config.is_empty()
    }

    /// The policy of a call that has none of its own: that of the service config, else the option of the
    /// method, else the channel's.
    pub(crate) fn policy(&self, method: &MethodDescriptor) -> Option<Policy> {
        let configured = self.service_config.method(method);
        configured
            .and_then(|config| config.policy.clone())
            .or_else(|| method.retry().map(Retry::from).map(Policy::Retry))
            .or_else(|| self.default.clone())
    }
}
