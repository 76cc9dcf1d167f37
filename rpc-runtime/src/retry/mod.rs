//! When calls are sent again.
//!
//! What is retried by default, and how that is configured, is in docs/retries.md. Here are the parts:
//!
//! - [`Retry`] is a policy: how often, and after which pauses; [`Hedge`] sends a call again without waiting
//!   for its failure; [`RetryBudget`] bounds how much of that a channel may do;
//! - [`tasks`] lists the calls of this process that wait to be sent again, [`shutdown`] ends them.
//!
//! ```
//! use std::time::Duration;
//! use rpc_runtime::{Call, Retry};
//!
//! fn patient<T>(call: Call<T>) -> Call<T> {
//!     call.retry(Retry::exponential(3).max_backoff(Duration::from_secs(1)))
//! }
//! ```

mod alarm;
mod backoff;
mod budget;
mod codes;
mod decision;
mod hedge;
mod manager;
mod policy;
mod queue;
mod rules;
mod service_config;

pub use budget::RetryBudget;
pub use hedge::Hedge;
pub use manager::{MAX_WAITING, WaitingRetry, shutdown, tasks};
pub use policy::Retry;

pub(crate) use alarm::Alarm;
pub(crate) use decision::{Failure, NotAgain, decide};
pub(crate) use hedge::Race;
pub(crate) use manager::{Waiting, Way, Woken, manager};
pub(crate) use policy::Policy;
pub(crate) use queue::Key;
pub(crate) use rules::Rules;
pub(crate) use service_config::ServiceConfig;
