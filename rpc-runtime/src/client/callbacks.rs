//! Calling users when a call has ended.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use rpc_wire::Status;
use tokio::runtime::Handle;

pub(super) type Callback<T> = Box<dyn FnOnce(&Result<T, Status>) + Send>;

/// Calls callbacks. They may block, so they run on the runtime's threads for that.
pub(super) fn run<T: Send + Sync + 'static>(
    runtime: &Handle,
    callbacks: Vec<Callback<T>>,
    outcome: Arc<Result<T, Status>>,
) {
    let mut pending = Pending { callbacks, outcome };
    runtime.spawn_blocking(move || {
        call_all(std::mem::take(&mut pending.callbacks), &pending.outcome);
    });
}

/// Callbacks on their way to a thread. They are called also where the runtime has gone that was
/// to do it.
struct Pending<T: Send + Sync + 'static> {
    callbacks: Vec<Callback<T>>,
    outcome: Arc<Result<T, Status>>,
}

impl<T: Send + Sync + 'static> Drop for Pending<T> {
    fn drop(&mut self) {
        if self.callbacks.is_empty() {
            return;
        }
        let callbacks = std::mem::take(&mut self.callbacks);
        let outcome = Arc::clone(&self.outcome);
        let thread = thread::Builder::new().name("rpc-callbacks".to_owned());
        if let Err(error) = thread.spawn(move || call_all(callbacks, &outcome)) {
            tracing::error!(%error, "no thread to run the callbacks of a call");
        }
    }
}

fn call_all<T>(callbacks: Vec<Callback<T>>, outcome: &Result<T, Status>) {
    for callback in callbacks {
        if catch_unwind(AssertUnwindSafe(|| callback(outcome))).is_err() {
            tracing::error!("a callback of a call panicked");
        }
    }
}
