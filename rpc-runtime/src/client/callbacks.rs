//! Calling users when a call has ended.

use std::io;
use std::sync::{Arc, OnceLock};

use rpc_wire::Status;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::unwind::contained;

/// How many calls of a process have their callbacks called at the same time, each on a thread; see
/// [`RpcFuture::on_complete`](super::RpcFuture::on_complete).
const MAX_CALLBACKS: usize = 512;

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

/// Calls callbacks within `runtime`, that of their call.
pub(super) fn run<T: Send + Sync + 'static>(
    runtime: &Handle,
    callbacks: Vec<Callback<T>>,
    outcome: Arc<Result<T, Status>>,
) {
    let runtime = runtime.clone();
    match threads() {
        Ok(threads) => {
            threads.spawn_blocking(move || {
                let _runtime = runtime.enter();
                call_all(callbacks, &outcome);
            });
        }
        Err(error) => tracing::error!(%error, "no threads to run the callbacks of a call"),
    }
}

/// The threads of callbacks, started as needed; idle ones end. Callbacks may block, and the threads of a call's
/// own runtime also look up names: callbacks that block them would keep others from connecting.
fn threads() -> Result<&'static Runtime, &'static io::Error> {
    static THREADS: OnceLock<io::Result<Runtime>> = OnceLock::new();
    let threads = THREADS.get_or_init(|| {
        Builder::new_current_thread()
            .thread_name("rpc-callbacks")
            .max_blocking_threads(MAX_CALLBACKS)
            .build()
    });
    threads.as_ref()
}

fn call_all<T>(callbacks: Vec<Callback<T>>, outcome: &Result<T, Status>) {
    for callback in callbacks {
        if !contained(|| callback(outcome)) {
            tracing::error!("a callback of a call panicked");
        }
    }
}
