//! A call that was sent and completes by itself.
//!
//! While an attempt is under way the call is a task. While it waits to be sent again it is no task, but is kept by
//! the manager of all such calls, as small as it gets; when it is due it becomes a task again.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker, ready};

use rpc_wire::{MethodDescriptor, Stage, Status};
use tokio::task::AbortHandle;

use super::call::{Call, Step};
use super::callbacks::{self, Callback, Callbacks};
use super::channel::Core;
use super::dormant::Dormant;
use super::repeat::Pause;
use super::task::{CallTask, TaskStatus};
use crate::retry::{Key, Waiting, Way, Woken, manager};

/// A call that was sent and completes by itself.
pub(super) struct Started<T> {
    state: Mutex<State<T>>,
    pub(super) core: Arc<Core>,
    method: &'static MethodDescriptor,
    attempts: AtomicU32,
    /// Within interceptors, it waits to be sent again.
    waits: AtomicBool,
    attempts_allowed: u16,
    /// It goes on when nobody waits for it.
    detached: AtomicBool,
}

struct State<T> {
    progress: Progress<T>,
    callbacks: Callbacks<T>,
    waker: Option<Waker>,
}

/// Where the call is.
enum Progress<T> {
    /// Its task is being spawned for this attempt.
    Spawning(u32),
    Running(AbortHandle),
    /// The manager has it.
    Waiting(Key),
    /// It was cancelled.
    Stopped,
    Ended(Arc<Result<T, Status>>),
}

impl<T: Send + Sync + 'static> Started<T> {
    /// Sends a call.
    pub(super) fn begin(call: Call<T>) -> Arc<Self> {
        let attempts = call.attempts();
        let started = Arc::new(Started {
            state: Mutex::new(State {
                progress: Progress::Spawning(attempts),
                callbacks: Callbacks::none(),
                waker: None,
            }),
            core: Arc::clone(&call.attempt.core),
            method: call.method(),
            attempts: AtomicU32::new(attempts),
            waits: AtomicBool::new(false),
            attempts_allowed: call.attempts_allowed(),
            detached: AtomicBool::new(false),
        });
        started.run(call);
        started
    }

    /// Has a task complete the call, or bring it to where it waits to be sent again.
    fn run(self: &Arc<Self>, call: Call<T>) {
        let attempt = call.attempts();
        let task = self.core.pool.runtime().spawn(Running {
            call: Some(call),
            is_polled: false,
            started: Arc::clone(self),
        });
        let mut state = self.lock();
        match state.progress {
            // The task may have come further already.
            Progress::Spawning(spawning) if spawning == attempt => {
                state.progress = Progress::Running(task.abort_handle());
            }
            Progress::Stopped | Progress::Ended(_) => task.abort(),
            _ => {}
        }
    }

    /// Gives a call to the manager, unless it was cancelled meanwhile.
    fn park(self: &Arc<Self>, call: Call<T>, pause: Pause) {
        let mut parked = Box::new(Parked {
            dormant: Dormant::of(call),
            status: pause.status,
            started: Arc::clone(self),
        });
        let mut state = self.lock();
        if state.progress.is_over() {
            return;
        }
        // Under the lock, so that a parent that ends now finds the call where it waits.
        let waker = Waker::from(Arc::clone(self));
        let parent = parked.dormant.parent_mut();
        let ended = parent.map(|parent| parent.poll_failed(&Context::from_waker(&waker)));
        if let Some(Poll::Ready(status)) = ended {
            drop(state);
            return self.complete(Err(self.describe(status)));
        }
        match manager().park(pause.until, parked) {
            Ok(key) => {
                state.progress = Progress::Waiting(key);
                drop(state);
                self.core.pool.watch_runtime();
                if self.core.pool.is_closed() {
                    manager().rouse(key);
                }
            }
            Err((why, parked)) => {
                drop(state);
                parked.go_on(Woken::Over(why));
            }
        }
    }

    /// Sets the outcome if there is none.
    pub(super) fn complete(&self, outcome: Result<T, Status>) {
        let mut state = self.lock();
        if let Progress::Ended(_) = state.progress {
            return;
        }
        let outcome = Arc::new(outcome);
        state.progress = Progress::Ended(outcome.clone());
        let callbacks = state.callbacks.take();
        let waker = state.waker.take();
        let nobody_waits = self.detached.load(Ordering::Relaxed) && callbacks.is_empty();
        drop(state);
        if let Err(status) = &*outcome
            && nobody_waits
        {
            tracing::debug!(%status, "a call that nobody waits for failed");
        }
        if let Some(waker) = waker {
            waker.wake();
        }
        if !callbacks.is_empty() {
            callbacks::run(self.core.pool.runtime(), callbacks, outcome);
        }
    }

    /// Ends the call, unless it has ended already.
    pub(super) fn cancel(&self) {
        let stopped = self.lock().stop();
        if let Some(stopped) = stopped {
            let status = Status::cancelled("the call was cancelled");
            self.complete(Err(self.describe(status)));
            stopped.stop();
        }
    }

    /// Has a callback called when the call has ended, or now.
    pub(super) fn add_callback(&self, callback: Callback<T>) {
        self.detach();
        let mut state = self.lock();
        match state.outcome() {
            Some(outcome) => {
                drop(state);
                callbacks::run(self.core.pool.runtime(), vec![callback], outcome);
            }
            None => state.callbacks.push(callback),
        }
    }
}

impl<T> Started<T> {
    /// Lets the call go on when nobody waits for it.
    pub(super) fn detach(&self) {
        self.detached.store(true, Ordering::Relaxed);
    }

    /// Nobody waits for the call, which ends unless it is detached.
    pub(super) fn abandon(&self) {
        if self.detached.load(Ordering::Relaxed) {
            return;
        }
        let stopped = self.lock().stop();
        if let Some(stopped) = stopped {
            stopped.stop();
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.lock().outcome().is_some()
    }

    /// The outcome, once there is one.
    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<Arc<Result<T, Status>>> {
        let waker = cx.waker().clone();
        let mut state = self.lock();
        let outcome = state.outcome();
        let unused = match outcome {
            Some(_) => Some(waker),
            None => state.waker.replace(waker),
        };
        drop(state);
        drop(unused);
        outcome.map_or(Poll::Pending, Poll::Ready)
    }

    pub(super) fn task(&self) -> CallTask {
        let status = match self.lock().progress {
            Progress::Running(_) if self.waits.load(Ordering::Relaxed) => TaskStatus::Pending,
            Progress::Spawning(_) | Progress::Running(_) => TaskStatus::Running,
            Progress::Waiting(_) => TaskStatus::Pending,
            Progress::Stopped | Progress::Ended(_) => TaskStatus::Completed,
        };
        CallTask {
            status,
            attempts: self.attempts.load(Ordering::Relaxed),
            attempts_allowed: self.attempts_allowed.into(),
        }
    }

    /// Attaches what is known of the call to a status.
    pub(super) fn describe(&self, status: Status) -> Status {
        status
            .with_address(&*self.core.pool.address())
            .with_method(self.method.path())
            .with_attempts(self.attempts.load(Ordering::Relaxed))
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    fn outcome(&self) -> Option<Arc<Result<T, Status>>> {
        match &self.progress {
            Progress::Ended(outcome) => Some(outcome.clone()),
            _ => None,
        }
    }

    /// Stops a call that has not ended; gives what is left to be stopped without the lock.
    fn stop(&mut self) -> Option<Progress<T>> {
        let is_over = self.progress.is_over();
        (!is_over).then(|| std::mem::replace(&mut self.progress, Progress::Stopped))
    }
}

impl<T> Progress<T> {
    fn is_over(&self) -> bool {
        matches!(self, Progress::Stopped | Progress::Ended(_))
    }

    /// Ends what was under way.
    fn stop(self) {
        match self {
            Progress::Running(task) => task.abort(),
            Progress::Waiting(key) => manager().forget(key),
            Progress::Spawning(_) | Progress::Stopped | Progress::Ended(_) => {}
        }
    }
}

/// The task of a call. It completes the call in any case, also when its runtime goes.
struct Running<T: Send + Sync + 'static> {
    /// Until it has ended, or waits to be sent again.
    call: Option<Call<T>>,
    /// The call has the word, and keeps it if it panics.
    is_polled: bool,
    started: Arc<Started<T>>,
}

impl<T: Send + Sync + 'static> Future for Running<T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Running {
            call,
            is_polled,
            started,
        } = &mut *self;
        let Some(polled) = call else {
            return Poll::Ready(());
        };
        *is_polled = true;
        let step = polled.poll_step(cx);
        *is_polled = false;
        let attempts = polled.attempts();
        started.attempts.store(attempts, Ordering::Relaxed);
        started.waits.store(polled.waits(), Ordering::Relaxed);
        let step = ready!(step);
        let call = call.take();
        match step {
            Step::Ended(outcome) => started.complete(outcome),
            Step::Pause(pause) => {
                if let Some(call) = call {
                    started.park(call, pause);
                }
            }
        }
        Poll::Ready(())
    }
}

impl<T: Send + Sync + 'static> Drop for Running<T> {
    fn drop(&mut self) {
        if self.call.is_some() {
            let status = match self.is_polled {
                true => Status::internal("an interceptor or codec of the client panicked"),
                false => {
                    Status::unavailable("the tokio runtime that the call belongs to was shut down")
                        .with_stage(Stage::Wait)
                }
            };
            self.started.complete(Err(self.started.describe(status)));
        }
    }
}

/// A call that the manager has.
struct Parked<T: Send + Sync + 'static> {
    dormant: Dormant<T>,
    /// How the last attempt ended.
    status: Status,
    started: Arc<Started<T>>,
}

impl<T: Send + Sync + 'static> Waiting for Parked<T> {
    fn describe(&self) -> (&'static MethodDescriptor, u32, Status) {
        let attempts = self.dormant.attempts();
        (self.started.method, attempts, self.status.clone())
    }

    fn way(&self) -> Way {
        Way::of(&*self.started.core.pool)
    }

    fn go_on(self: Box<Self>, woken: Woken) {
        let Parked {
            dormant,
            status,
            started,
        } = *self;
        if let Woken::Over(why) = woken {
            let status = why.explain(status);
            let status = status.with_may_have_run(dormant.may_have_run());
            return started.complete(Err(started.describe(status)));
        }
        let call = dormant.wake(Arc::clone(&started.core), started.method);
        let mut state = started.lock();
        if state.progress.is_over() {
            return;
        }
        state.progress = Progress::Spawning(call.attempts());
        drop(state);
        started.run(call);
    }
}

/// The call that this one is made for has ended: it goes on, and finds out.
impl<T: Send + Sync + 'static> Wake for Started<T> {
    fn wake(self: Arc<Self>) {
        let progress = match self.lock().progress {
            Progress::Waiting(key) => Some(key),
            _ => None,
        };
        if let Some(key) = progress {
            manager().rouse(key);
        }
    }
}
