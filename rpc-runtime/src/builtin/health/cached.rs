//! A check and its last result.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::{Check, ServingStatus};

/// The check of a service, which runs when its last result is too old for whoever asks.
pub(super) struct CachedCheck {
    /// For logs.
    service: String,
    check: Check,
    last: watch::Sender<Option<Checked>>,
    is_running: AtomicBool,
}

/// What a check has said.
#[derive(Clone, Copy)]
pub(super) struct Checked {
    pub(super) status: ServingStatus,
    at: Instant,
    interval: Duration,
}

impl Checked {
    /// How long it holds from now.
    pub(super) fn rest(&self) -> Duration {
        self.interval.saturating_sub(self.at.elapsed())
    }
}

impl CachedCheck {
    pub(super) fn new(service: String, check: Check) -> Self {
        CachedCheck {
            service,
            check,
            last: watch::Sender::new(None),
            is_running: AtomicBool::new(false),
        }
    }

    /// The last result, or the next one if that is too old.
    pub(super) async fn result(self: &Arc<Self>) -> Checked {
        let mut last = self.last.subscribe();
        let known = *last.borrow_and_update();
        if let Some(known) = known.filter(|known| !known.rest().is_zero()) {
            return known;
        }
        self.begin();
        // It fails only without a sender, and `self` has one.
        let _ = last.changed().await;
        let result = *last.borrow();
        result.unwrap_or_else(|| self.now(ServingStatus::NotServing))
    }

    /// Runs the check, unless it runs already. That is in a task, because who asked may not wait for the end
    /// of it, and the check must not inherit the deadline of their call.
    fn begin(self: &Arc<Self>) {
        if !self.is_running.swap(true, Ordering::AcqRel) {
            tokio::spawn(run(Outcome {
                of: Arc::clone(self),
                status: ServingStatus::NotServing,
                reason: "it panicked, or its runtime ended",
            }));
        }
    }

    fn now(&self, status: ServingStatus) -> Checked {
        Checked {
            status,
            at: Instant::now(),
            interval: self.check.interval,
        }
    }
}

async fn run(mut outcome: Outcome) {
    let check = &outcome.of.check;
    let result = timeout(check.timeout, (check.function)()).await;
    (outcome.status, outcome.reason) = match result {
        Ok(status) => (status, "it said so"),
        Err(_) => (ServingStatus::NotServing, "it took longer than its timeout"),
    };
}

/// What came of a check. Dropped, which happens whatever becomes of the task, it is noted.
struct Outcome {
    of: Arc<CachedCheck>,
    status: ServingStatus,
    reason: &'static str,
}

impl Drop for Outcome {
    fn drop(&mut self) {
        let CachedCheck { service, last, .. } = &*self.of;
        // Before the result: who finds that too old already must be able to run the check again.
        self.of.is_running.store(false, Ordering::Release);
        let before = last.send_replace(Some(self.of.now(self.status)));
        if before.is_none_or(|before| before.status != self.status) {
            let (status, reason) = (self.status, self.reason);
            tracing::info!(
                service,
                ?status,
                reason,
                "the check of a service has a new result"
            );
        }
    }
}
