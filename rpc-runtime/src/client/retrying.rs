//! Options about sending calls again.

use super::{Call, ChannelBuilder};
use crate::retry::{Hedge, Policy, Retry, RetryBudget};

impl ChannelBuilder {
    /// How calls are sent again that say nothing about it, whose method has no `option (rpc.retry)`, and about
    /// which the service config says nothing; not at all unless set.
    ///
    /// In any case a call that provably never reached a handler, because its connection was being
    /// replaced, is sent again at once.
    ///
    /// ```
    /// use rpc_runtime::{Channel, Retry};
    ///
    /// let builder = Channel::builder("127.0.0.1:8000").retry(Retry::exponential(3));
    /// ```
    pub fn retry(mut self, retry: Retry) -> Self {
        self.policy = Some(Policy::Retry(retry));
        self
    }

    /// As [`retry`](Self::retry), which it replaces: how calls are hedged that may run twice.
    pub fn hedge(mut self, hedge: Hedge) -> Self {
        self.policy = Some(Policy::Hedge(hedge));
        self
    }

    /// How much of its calls this channel may repeat; [`RetryBudget::default`] unless set here, or by
    /// `retryThrottling` of the service config.
    pub fn retry_budget(mut self, budget: RetryBudget) -> Self {
        self.retry_budget = Some(budget);
        self
    }

    /// gRPC's service config, as JSON: for each method its `timeout` and its `retryPolicy` or `hedgingPolicy`, and
    /// `retryThrottling` for the channel. It goes before the options of methods and the other settings of this
    /// builder, and behind what a call says. With the feature `json`.
    ///
    /// Connecting fails with INVALID_ARGUMENT if something in it is unknown or wrong; the message begins with
    /// its path.
    ///
    /// ```
    /// use rpc_runtime::Channel;
    ///
    /// let builder = Channel::builder("127.0.0.1:8000").service_config(
    ///     r#"{ "methodConfig": [{
    ///         "name": [{ "service": "helloworld.Hello" }],
    ///         "timeout": "2s",
    ///         "retryPolicy": {
    ///             "maxAttempts": 3,
    ///             "initialBackoff": "0.1s",
    ///             "maxBackoff": "1s",
    ///             "backoffMultiplier": 2,
    ///             "retryableStatusCodes": ["UNAVAILABLE"]
    ///         }
    ///     }] }"#,
    /// );
    /// ```
    #[cfg(feature = "json")]
    pub fn service_config(mut self, json: impl AsRef<str>) -> Self {
        self.service_config = crate::retry::ServiceConfig::from_json(json.as_ref());
        self
    }
}

impl<T> Call<T> {
    /// How often this call is sent and after which pauses, whatever channel and method say. Whether it
    /// may run twice is another matter, see [`idempotent`](Self::idempotent).
    pub fn retry(mut self, retry: Retry) -> Self {
        self.repeat_mut().policy = Some(Policy::Retry(retry));
        self
    }

    /// Sends this call again when no answer has come for a while, whatever channel and method say. It replaces
    /// [`retry`](Self::retry), and has no effect on a call that may not run twice or has a stream.
    pub fn hedge(mut self, hedge: Hedge) -> Self {
        self.repeat_mut().policy = Some(Policy::Hedge(hedge));
        self
    }

    /// Whether this call may run twice, in place of what `idempotency_level` of its method says in the
    /// `.proto`.
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.repeat_mut().idempotent = Some(idempotent);
        self
    }
}
