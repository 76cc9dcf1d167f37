//! Replies on their way from the handlers' tasks to their connection.

use std::sync::{Arc, PoisonError};
use std::task::Waker;

use bytes::BytesMut;
use rpc_wire::{Metadata, Status};

use super::server_streams::ServerStream;
use super::sync::{Mutex, MutexGuard};

/// The reply of one call.
#[derive(Debug)]
pub(crate) struct Completion {
    pub(crate) id: u32,
    /// The encoded message.
    pub(crate) result: Result<BytesMut, Status>,
    pub(crate) metadata: Metadata,
    /// The encoded message is compressed.
    pub(crate) compressed: bool,
    /// A handler was started.
    pub(crate) executed: bool,
}

/// Replies that wait for their connection; at most one for each of its streams.
#[derive(Debug, Default)]
pub(crate) struct Completions {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    done: Vec<Completion>,
    /// Calls with streams that have something for the connection; each is here once.
    streams: Vec<Arc<ServerStream>>,
    /// Set while the connection sleeps.
    driver: Option<Waker>,
    /// There is no connection any more.
    closed: bool,
}

impl Completions {
    pub(crate) fn push(&self, completion: Completion) {
        let mut state = self.lock();
        if state.closed {
            // Released before what nobody will take is dropped.
            return drop(state);
        }
        state.done.push(completion);
        wake(state);
    }

    pub(super) fn push_stream(&self, stream: Arc<ServerStream>) {
        let mut state = self.lock();
        if state.closed {
            return drop(state);
        }
        state.streams.push(stream);
        wake(state);
    }

    /// The connection is gone: what is here, and what comes, is dropped. A stream that stayed here
    /// would hold this queue, and the queue the stream, for ever.
    pub(super) fn close(&self) {
        let closed = State {
            closed: true,
            ..State::default()
        };
        let left = std::mem::replace(&mut *self.lock(), closed);
        drop(left);
    }

    /// Whether there are replies; if not, `waker` is woken by the next.
    pub(super) fn poll_ready(&self, waker: &Waker) -> bool {
        let mut state = self.lock();
        let is_ready = !state.done.is_empty() || !state.streams.is_empty();
        if !is_ready {
            state.driver = Some(waker.clone());
        }
        is_ready
    }

    /// Moves the replies into `into`, which is empty.
    pub(super) fn take(&self, into: &mut Vec<Completion>) {
        std::mem::swap(&mut self.lock().done, into);
    }

    /// Moves the calls that have something for the connection into `into`, which is empty.
    pub(super) fn take_streams(&self, into: &mut Vec<Arc<ServerStream>>) {
        std::mem::swap(&mut self.lock().streams, into);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the connection if it sleeps.
fn wake(mut state: MutexGuard<'_, State>) {
    let driver = state.driver.take();
    drop(state);
    if let Some(driver) = driver {
        driver.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::packing::Packing;

    #[test]
    fn a_connection_that_is_gone_holds_no_stream_that_had_something_for_it() {
        for closes_first in [false, true] {
            let completions = Arc::new(Completions::default());
            let stream = ServerStream::new(1, completions.clone(), Packing::default());
            if closes_first {
                completions.close();
            }
            stream.send_headers(Metadata::new());
            if !closes_first {
                completions.close();
            }
            let held = Arc::downgrade(&stream);
            drop(stream);
            assert!(held.upgrade().is_none(), "closed first: {closes_first}");
        }
    }
}
