//! Calling users when a call has ended.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use rpc_wire::Status;
use tokio::runtime::Handle;

pub(super) type Callback<T> = Box<dyn FnOnce(&Result<T, Status>) + Send>;

/// The callbacks of a call, the last one first: a list, because one pointer is all that most calls need.
pub(super) struct Callbacks<T>(Option<Box<(Callback<T>, Callbacks<T>)>>);

impl<T> Callbacks<T> {
    pub(super) fn none() -> Self {
        Callbacks(None)
    }

    pub(super) fn push(&mut self, callback: Callback<T>) {
        let others = Callbacks(self.0.take());
        self.0 = Some(Box::new((callback, others)));
    }

    /// All of them, the first one first.
    pub(super) fn take(&mut self) -> Vec<Callback<T>> {
        let mut callbacks = Vec::new();
        while let Some(last) = self.0.take() {
            let (callback, others) = *last;
            callbacks.push(callback);
            *self = others;
        }
        callbacks.reverse();
        callbacks
    }
}

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
