//! The wait of a call that somebody polls.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use rpc_wire::{MethodDescriptor, Status};

use super::manager::{Waiting, Way, Woken, manager};
use super::queue::Key;

/// Wakes whoever polls a call when it is to be sent again. Dropping it forgets the call.
#[derive(Debug)]
pub(crate) struct Alarm {
    key: Key,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    method: &'static MethodDescriptor,
    way: Way,
    attempts: u32,
    status: Status,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waker: Option<Waker>,
    woken: Option<Woken>,
}

impl Alarm {
    /// An alarm for a call whose last attempt ended with `status`.
    ///
    /// # Errors
    ///
    /// The last status, if the call may not wait, with the reason.
    pub(crate) fn set(
        at: Instant,
        method: &'static MethodDescriptor,
        way: Way,
        attempts: u32,
        status: Status,
    ) -> Result<Self, Status> {
        let shared = Arc::new(Shared {
            method,
            way,
            attempts,
            status,
            state: Mutex::default(),
        });
        match manager().park(at, Box::new(shared.clone())) {
            Ok(key) => Ok(Alarm { key, shared }),
            Err((why, _)) => Err(why.explain(shared.status.clone())),
        }
    }

    /// Has the call go on now.
    pub(crate) fn rouse(&self) {
        manager().rouse(self.key);
    }

    /// Waits until the call is to be sent again.
    ///
    /// The error is the last status, if it will not be.
    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<Result<(), Status>> {
        let waker = cx.waker().clone();
        let mut state = self.shared.lock();
        let stale = match state.woken {
            None => state.waker.replace(waker),
            Some(Woken::Due) => return Poll::Ready(Ok(())),
            Some(Woken::Over(why)) => {
                return Poll::Ready(Err(why.explain(self.shared.status.clone())));
            }
        };
        drop(state);
        drop(stale);
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        manager().forget(self.key);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting for Arc<Shared> {
    fn describe(&self) -> (&'static MethodDescriptor, u32, Status) {
        (self.method, self.attempts, self.status.clone())
    }

    fn way(&self) -> Way {
        self.way
    }

    fn go_on(self: Box<Self>, woken: Woken) {
        let mut state = self.lock();
        state.woken = Some(woken);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
