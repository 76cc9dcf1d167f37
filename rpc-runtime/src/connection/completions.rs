//! Replies on their way from the handlers' tasks to their connection.

use std::sync::{Arc, PoisonError};
use std::task::Waker;

use bytes::BytesMut;
use rpc_wire::session::{SHARE_BODY_FROM, too_many_unread};
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

/// Replies that wait for their connection; at most one for each of its streams, and of large ones no
/// more than `max_queued_replies` and one.
#[derive(Debug)]
pub(crate) struct Completions {
    max_queued_replies: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    done: Vec<Completion>,
    /// Bytes of the replies in `done`.
    queued: usize,
    /// Calls with streams that have something for the connection; each is here once.
    streams: Vec<Arc<ServerStream>>,
    /// Set while the connection sleeps.
    driver: Option<Waker>,
    /// There is no connection any more.
    closed: bool,
}

impl Completion {
    fn length(&self) -> usize {
        self.result.as_ref().map_or(0, BytesMut::len)
    }
}

impl Completions {
    pub(crate) fn new(max_queued_replies: usize) -> Self {
        Completions {
            max_queued_replies: max_queued_replies.max(1),
            state: Mutex::default(),
        }
    }

    /// Adds a reply; a large one becomes an error when as much waits as may.
    pub(crate) fn push(&self, mut completion: Completion) {
        let mut state = self.lock();
        if state.closed {
            // Released before what nobody will take is dropped.
            return drop(state);
        }
        let (queued, limit) = (state.queued, self.max_queued_replies);
        if completion.length() >= SHARE_BODY_FROM && queued >= limit {
            completion.result = Err(too_many_unread(queued, limit));
        }
        state.queued += completion.length();
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
        let mut state = self.lock();
        state.queued = 0;
        std::mem::swap(&mut state.done, into);
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
    fn large_replies_become_errors_while_as_much_waits_as_may() {
        let completions = Completions::new(2 * SHARE_BODY_FROM);
        let reply = |id, length| Completion {
            id,
            result: Ok(BytesMut::zeroed(length)),
            metadata: Metadata::new(),
            compressed: false,
            executed: true,
        };
        let mut done = Vec::new();
        for _ in 0..2 {
            (1..=3).for_each(|id| completions.push(reply(id, SHARE_BODY_FROM)));
            completions.push(reply(4, 100));
            completions.take(&mut done);
            let refused: Vec<_> = done.drain(..).filter(|done| done.result.is_err()).collect();
            assert_eq!(refused.len(), 1);
            assert_eq!(refused[0].id, 3);
        }
    }

    #[test]
    fn a_connection_that_is_gone_holds_no_stream_that_had_something_for_it() {
        for closes_first in [false, true] {
            let completions = Arc::new(Completions::new(usize::MAX));
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
