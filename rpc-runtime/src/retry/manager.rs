//! The calls of this process that wait to be sent again.

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Instant;

use rpc_wire::{MethodDescriptor, Status};

use super::decision::NotAgain;
use super::queue::{Key, Queue};

use crate::unwind::contained;

/// How many calls of a process may wait to be sent again: about 75 MiB and their requests, but 1.4 GiB if all of
/// them wait within interceptors. Further ones end with their last status, which says so.
pub const MAX_WAITING: usize = 250_000;

/// Why a call does not wait any more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Woken {
    /// It is sent again now.
    Due,
    /// It ends with its last status, for this reason.
    Over(NotAgain),
}

/// What calls are sent through that end together: the place of it in memory, to tell it from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way(usize);

impl Way {
    pub(crate) fn of<P>(pool: &P) -> Self {
        Way(std::ptr::from_ref(pool).addr())
    }
}

/// A call that waits to be sent again.
pub(crate) trait Waiting: Send {
    /// What is known of it.
    fn describe(&self) -> (&'static MethodDescriptor, u32, Status);

    /// What it is to be sent through.
    fn way(&self) -> Way;

    /// It waits no more. Called without locks, on the manager's thread among others, so it must not block.
    fn go_on(self: Box<Self>, woken: Woken);
}

/// A call that waits to be sent again; see [`tasks`].
#[derive(Clone, Debug)]
pub struct WaitingRetry {
    method: &'static MethodDescriptor,
    attempts: u32,
    status: Status,
    next: Instant,
}

impl WaitingRetry {
    /// The method that is called.
    pub fn method(&self) -> &'static MethodDescriptor {
        self.method
    }

    /// How the last attempt ended.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// How often the call was sent.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// When it is sent again.
    pub fn next(&self) -> Instant {
        self.next
    }
}

/// The calls of this process that wait to be sent again, the next one first.
///
/// ```
/// for call in rpc_runtime::retry::tasks() {
///     println!("{} after {} attempts: {}", call.method().path(), call.attempts(), call.status());
/// }
/// ```
pub fn tasks() -> Vec<WaitingRetry> {
    manager().tasks()
}

/// Ends the calls of this process that wait to be sent again with their last status, and has no call wait from
/// now on: for a process that is about to end. Attempts that are under way go on.
pub fn shutdown() {
    manager().shut_down();
}

/// The manager of this process.
pub(crate) fn manager() -> &'static Manager {
    static MANAGER: OnceLock<Manager> = OnceLock::new();
    MANAGER.get_or_init(|| Manager::new(Instant::now(), MAX_WAITING))
}

/// Holds the calls that wait to be sent again. One thread sleeps until the first of them is due.
pub(crate) struct Manager {
    state: Mutex<State>,
    /// The first call is another one now.
    changed: Condvar,
}

struct State {
    queue: Queue<Box<dyn Waiting>>,
    has_thread: bool,
    shut_down: bool,
}

impl Manager {
    fn new(now: Instant, capacity: usize) -> Self {
        Manager {
            state: Mutex::new(State {
                queue: Queue::new(now, capacity),
                has_thread: false,
                shut_down: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// Has a call wait until `at`.
    ///
    /// # Errors
    ///
    /// Why it may not, and the call.
    pub(crate) fn park(
        &'static self,
        at: Instant,
        call: Box<dyn Waiting>,
    ) -> Result<Key, (NotAgain, Box<dyn Waiting>)> {
        let mut state = self.lock();
        if state.shut_down {
            return Err((NotAgain::ShutDown, call));
        }
        if !state.has_thread && !self.start() {
            return Err((NotAgain::NoThread, call));
        }
        state.has_thread = true;
        let is_first = state.queue.next().is_none_or(|next| at < next);
        let capacity = state.queue.capacity();
        let parked = state.queue.insert(at, call);
        drop(state);
        if is_first {
            self.changed.notify_one();
        }
        parked.map_err(|call| (NotAgain::Crowd(capacity), call))
    }

    /// Forgets a call, if it still waits. It is dropped without a word.
    pub(crate) fn forget(&self, key: Key) {
        let forgotten = self.lock().queue.remove(key);
        drop(forgotten);
    }

    /// Has a call go on now, if it still waits.
    pub(crate) fn rouse(&self, key: Key) {
        let roused = self.lock().queue.remove(key);
        if let Some(call) = roused {
            go_on(call, Woken::Due);
        }
    }

    /// Has all calls go on now that are to be sent this way: it is closed, as they will find out.
    pub(crate) fn rouse_all(&self, way: Way) {
        let roused = self.lock().queue.remove_all(|call| call.way() == way);
        for call in roused {
            go_on(call, Woken::Due);
        }
    }

    fn tasks(&self) -> Vec<WaitingRetry> {
        let state = self.lock();
        let describe = |next, call: &dyn Waiting| {
            let (method, attempts, status) = call.describe();
            WaitingRetry {
                method,
                attempts,
                status,
                next,
            }
        };
        let calls = state.queue.iter();
        calls
            .map(|(next, call)| describe(next, call.as_ref()))
            .collect()
    }

    fn shut_down(&self) {
        let mut state = self.lock();
        state.shut_down = true;
        let calls = state.queue.drain();
        drop(state);
        for call in calls.into_values() {
            go_on(call, Woken::Over(NotAgain::ShutDown));
        }
    }

    /// Starts the thread; whether there is one now.
    fn start(&'static self) -> bool {
        let thread = thread::Builder::new().name("rpc-retry".to_owned());
        let started = thread.spawn(|| self.run());
        if let Err(error) = &started {
            tracing::error!(%error, "no thread to time retries");
        }
        started.is_ok()
    }

    fn run(&self) {
        let mut state = self.lock();
        loop {
            if let Some(call) = state.queue.take_due(Instant::now()) {
                drop(state);
                go_on(call, Woken::Due);
                state = self.lock();
                continue;
            }
            state = match state.queue.next() {
                None => {
                    let woken = self.changed.wait(state);
                    woken.unwrap_or_else(PoisonError::into_inner)
                }
                Some(next) => {
                    let pause = next.saturating_duration_since(Instant::now());
                    let woken = self.changed.wait_timeout(state, pause);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakers may be anybody's, so one that panics must not end the thread.
fn go_on(call: Box<dyn Waiting>, woken: Woken) {
    if !contained(|| call.go_on(woken)) {
        tracing::error!("waking a call that waited to be sent again panicked");
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
