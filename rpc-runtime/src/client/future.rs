//! A call that was sent and completes by itself.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use rpc_wire::{MethodDescriptor, Stage, Status};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::blocking;
use super::call::Call;

/// A call that was sent at once and is completed by its runtime; see [`Call::start`].
///
/// Await it, wait for it in code that is not async, or have callbacks called. Dropping it
/// cancels the call unless it was [detached](Self::detach) or has a callback.
pub struct RpcFuture<T> {
    shared: Arc<Shared<T>>,
    task: AbortHandle,
    detached: AtomicBool,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    done: Condvar,
    runtime: Handle,
    address: Arc<str>,
    method: &'static MethodDescriptor,
}

type Callback<T> = Box<dyn FnOnce(&Result<T, Status>) + Send>;

struct State<T> {
    outcome: Option<Arc<Result<T, Status>>>,
    callbacks: Vec<Callback<T>>,
    waker: Option<Waker>,
}

impl<T: Clone + Send + Sync + 'static> RpcFuture<T> {
    pub(super) fn spawn(runtime: Handle, call: Call<T>) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                outcome: None,
                callbacks: Vec::new(),
                waker: None,
            }),
            done: Condvar::new(),
            address: call.address(),
            method: call.method(),
            runtime,
        });
        let guard = CompleteOnDrop(shared.clone());
        let task = shared.runtime.spawn(async move {
            let outcome = call.await;
            guard.0.complete(outcome);
        });
        RpcFuture {
            task: task.abort_handle(),
            shared,
            detached: AtomicBool::new(false),
        }
    }

    /// Has `callback` called with the outcome: once, also when the call has ended already, and
    /// on a thread where it may block.
    ///
    /// The call then goes on when the future is dropped. A callback that panics harms nobody.
    pub fn on_complete<F>(&self, callback: F) -> &Self
    where
        F: FnOnce(&Result<T, Status>) + Send + 'static,
    {
        self.detached.store(true, Ordering::Relaxed);
        let mut state = self.shared.lock();
        match state.outcome.clone() {
            Some(outcome) => {
                drop(state);
                self.shared.run_callbacks(vec![Box::new(callback)], outcome);
            }
            None => state.callbacks.push(Box::new(callback)),
        }
        self
    }

    /// Lets the call go on without anybody to wait for it.
    pub fn detach(self) {
        self.detached.store(true, Ordering::Relaxed);
    }

    /// Cancels the call. Unless it has ended already, it ends with CANCELLED.
    pub fn cancel(&self) {
        self.shared.complete(Err(self
            .shared
            .describe(Status::cancelled("the call was cancelled"))));
        self.task.abort();
    }

    /// Whether the call has ended.
    pub fn is_done(&self) -> bool {
        self.shared.lock().outcome.is_some()
    }

    /// Waits for the reply on this thread; see [`Call::wait`].
    ///
    /// # Errors
    ///
    /// How the call ended; FAILED_PRECONDITION if it could never end.
    pub fn wait(self) -> Result<T, Status> {
        match blocking::would_deadlock(&self.shared.runtime) {
            Some(status) if !self.is_done() => {
                Err(self.shared.describe(status).with_may_have_run(true))
            }
            _ => blocking::wait(self),
        }
    }

    /// Waits on this thread for a time; gives the future back if the call takes longer.
    ///
    /// # Errors
    ///
    /// The future, if the call has not ended.
    pub fn wait_timeout(self, timeout: Duration) -> Result<Result<T, Status>, Self> {
        let until = Instant::now().checked_add(timeout);
        let outcome = blocking::block(|| {
            let mut state = self.shared.lock();
            while state.outcome.is_none() {
                let remaining = until.map_or(timeout, |until| {
                    until.saturating_duration_since(Instant::now())
                });
                if remaining.is_zero() {
                    return None;
                }
                let waited = self.shared.done.wait_timeout(state, remaining);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            state.outcome.clone()
        });
        outcome.map(take).ok_or(self)
    }
}

impl<T: Clone> Future for RpcFuture<T> {
    type Output = Result<T, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let waker = cx.waker().clone();
        let mut state = self.shared.lock();
        let outcome = state.outcome.clone();
        let unused = match outcome {
            Some(_) => Some(waker),
            None => state.waker.replace(waker),
        };
        drop(state);
        drop(unused);
        outcome.map_or(Poll::Pending, |outcome| Poll::Ready(take(outcome)))
    }
}

impl<T> Drop for RpcFuture<T> {
    fn drop(&mut self) {
        if !*self.detached.get_mut() {
            self.task.abort();
        }
    }
}

impl<T> fmt::Debug for RpcFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = self.shared.lock().outcome.is_some();
        f.debug_struct("RpcFuture")
            .field("done", &done)
            .finish_non_exhaustive()
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send + Sync + 'static> Shared<T> {
    /// Sets the outcome if there is none.
    fn complete(&self, outcome: Result<T, Status>) {
        let mut state = self.lock();
        if state.outcome.is_some() {
            return;
        }
        let outcome = Arc::new(outcome);
        state.outcome = Some(outcome.clone());
        let callbacks = std::mem::take(&mut state.callbacks);
        let waker = state.waker.take();
        drop(state);
        self.done.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
        if !callbacks.is_empty() {
            self.run_callbacks(callbacks, outcome);
        }
    }

    /// Callbacks may block, so they run on the runtime's threads for that.
    fn run_callbacks(&self, callbacks: Vec<Callback<T>>, outcome: Arc<Result<T, Status>>) {
        let mut pending = PendingCallbacks { callbacks, outcome };
        self.runtime.spawn_blocking(move || {
            call_all(std::mem::take(&mut pending.callbacks), &pending.outcome);
        });
    }

    /// Attaches what is known of the call to a status.
    fn describe(&self, status: Status) -> Status {
        status
            .with_address(&*self.address)
            .with_method(self.method.path())
    }
}

/// Completes a future in any case, also when its runtime goes.
struct CompleteOnDrop<T: Send + Sync + 'static>(Arc<Shared<T>>);

impl<T: Send + Sync + 'static> Drop for CompleteOnDrop<T> {
    fn drop(&mut self) {
        let status =
            Status::unavailable("the tokio runtime that the call belongs to was shut down")
                .with_stage(Stage::Wait);
        self.0.complete(Err(self.0.describe(status)));
    }
}

/// Callbacks on their way to a thread. They are called also where the runtime has gone that was
/// to do it.
struct PendingCallbacks<T: Send + Sync + 'static> {
    callbacks: Vec<Callback<T>>,
    outcome: Arc<Result<T, Status>>,
}

impl<T: Send + Sync + 'static> Drop for PendingCallbacks<T> {
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

fn take<T: Clone>(outcome: Arc<Result<T, Status>>) -> Result<T, Status> {
    Arc::try_unwrap(outcome).unwrap_or_else(|outcome| (*outcome).clone())
}
