//! Functions that tell whether a service can take calls.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use super::ServingStatus;

/// Time for a check, unless it is given another: what Kubernetes waits for a probe.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1);

/// Time that a result holds, unless the check is given another: half of the period of Kubernetes' probes.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);

/// Results hold at least so long, so that a client that watches keeps nobody busy.
const MIN_INTERVAL: Duration = Duration::from_millis(100);

/// A function that tells whether a service can take calls: whether its database answers, for
/// instance. [`Health::check`](super::Health::check) registers it.
///
/// It runs when somebody asks, in a task of its own, once at a time; whoever asks meanwhile, or within the
/// [interval](Self::interval) after it, gets the same result. While somebody watches the service it runs
/// again after each interval. If it panics, the service is NOT_SERVING.
pub struct Check {
    pub(super) function: Box<dyn Fn() -> Running + Send + Sync>,
    pub(super) timeout: Duration,
    pub(super) interval: Duration,
}

/// A check that runs.
type Running = Pin<Box<dyn Future<Output = ServingStatus> + Send>>;

impl Check {
    /// A check by `function`, which gives a [`ServingStatus`] or a `bool`.
    ///
    /// ```
    /// use rpc_runtime::health::Check;
    ///
    /// let check = Check::new(|| async { tokio::fs::metadata("/data").await.is_ok() });
    /// ```
    pub fn new<F, Fut>(function: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Into<ServingStatus>> + Send + 'static,
    {
        Check {
            function: Box::new(move || {
                let running = function();
                Box::pin(async { running.await.into() })
            }),
            timeout: DEFAULT_TIMEOUT,
            interval: DEFAULT_INTERVAL,
        }
    }

    /// How long a check may take; 1 second unless set. Then it is dropped, and the service is
    /// NOT_SERVING.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a result holds; 5 seconds unless set, and at least 100 ms.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(MIN_INTERVAL);
        self
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("timeout", &self.timeout)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}
