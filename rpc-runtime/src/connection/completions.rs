//! Replies on their way from the handlers' tasks to their connection.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use bytes::BytesMut;
use rpc_wire::{Metadata, Status};

/// The reply of one call.
#[derive(Debug)]
pub(crate) struct Completion {
    pub(crate) id: u32,
    /// The encoded message.
    pub(crate) result: Result<BytesMut, Status>,
    pub(crate) metadata: Metadata,
}

/// Replies that wait for their connection; at most one for each of its streams.
#[derive(Debug, Default)]
pub(crate) struct Completions {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    done: Vec<Completion>,
    /// Set while the connection sleeps.
    driver: Option<Waker>,
}

impl Completions {
    pub(crate) fn push(&self, completion: Completion) {
        let mut state = self.lock();
        state.done.push(completion);
        let driver = state.driver.take();
        drop(state);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// Whether there are replies; if not, `waker` is woken by the next.
    pub(super) fn poll_ready(&self, waker: &Waker) -> bool {
        let mut state = self.lock();
        if state.done.is_empty() {
            state.driver = Some(waker.clone());
        }
        !state.done.is_empty()
    }

    /// Moves the replies into `into`, which is empty.
    pub(super) fn take(&self, into: &mut Vec<Completion>) {
        std::mem::swap(&mut self.lock().done, into);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
