//! A call with a stream at a server: what its handler's task and its connection hand each other.

use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};

use rpc_wire::session::EncodedRef;
use rpc_wire::{Code, Metadata, Status};

use super::completions::{Completion, Completions};
use super::messages::{Messages, READ_STEP};
use super::packing::Packing;
use super::sync::{Mutex, MutexGuard};

/// What replies may cost that a handler is ahead of its connection.
const MAX_AHEAD: u64 = 64 * 1024;

/// What stands for a running call in a session, as far as the connection is concerned.
pub(crate) trait RunningStream {
    /// The call's streams, if it has any.
    fn stream(&self) -> Option<&Arc<ServerStream>>;
}

/// The streams of one call.
#[derive(Debug)]
pub(crate) struct ServerStream {
    id: u32,
    completions: Arc<Completions>,
    packing: Packing,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Requests that the handler has not taken; bounded by the stream's window.
    requests: Messages,
    half_closed: bool,
    /// Why the call ended, if it has.
    closed: Option<Code>,
    reader: Option<Waker>,
    /// What the requests cost that the handler took since the connection was told.
    consumed: u64,
    headers: Headers,
    /// Replies that the connection has not taken.
    replies: Messages,
    /// What those cost that are not on their way: [`MAX_AHEAD`] and one hand-over at most.
    ahead: u64,
    writer: Option<Waker>,
    end: Option<End>,
    /// The connection was told that there is something here.
    announced: bool,
}

/// How a stream of replies ends.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) result: Result<(), Status>,
    pub(crate) metadata: Metadata,
    /// A handler was started.
    pub(crate) executed: bool,
}

impl End {
    pub(super) fn failed(status: Status) -> Self {
        End {
            result: Err(status),
            metadata: Metadata::new(),
            executed: true,
        }
    }
}

#[derive(Debug, Default)]
enum Headers {
    #[default]
    None,
    Ready(Metadata),
    Sent,
}

/// What the connection finds to do.
#[derive(Debug)]
pub(super) enum Step {
    /// The handler took requests of this cost.
    Consumed(u64),
    Headers(Metadata),
    /// Replies were moved to where they were wanted.
    Replies,
    End(End),
}

impl ServerStream {
    pub(crate) fn new(id: u32, completions: Arc<Completions>, packing: Packing) -> Arc<Self> {
        let state = Mutex::default();
        Arc::new(ServerStream {
            id,
            completions,
            packing,
            state,
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    pub(crate) fn packing(&self) -> &Packing {
        &self.packing
    }

    // The connection's side.

    pub(crate) fn push_request(&self, message: EncodedRef<'_>) {
        let mut state = self.lock();
        state.requests.push(message);
        wake(state.reader.take(), state);
    }

    pub(crate) fn half_close(&self) {
        let mut state = self.lock();
        state.half_closed = true;
        wake(state.reader.take(), state);
    }

    /// The call has ended. Its handler is gone, but a task that it spawned may read on.
    pub(crate) fn close(&self, code: Code) {
        let mut state = self.lock();
        state.closed.get_or_insert(code);
        wake(state.reader.take(), state);
    }

    /// What is to be done next. Replies are moved to `replies`, which is empty; [`sent`](Self::sent) says what
    /// became of them.
    pub(super) fn next_step(&self, replies: &mut Messages) -> Option<Step> {
        let mut state = self.lock();
        state.announced = false;
        if state.consumed > 0 {
            return Some(Step::Consumed(std::mem::take(&mut state.consumed)));
        }
        if let Headers::Ready(metadata) = &mut state.headers {
            let metadata = std::mem::take(metadata);
            state.headers = Headers::Sent;
            return Some(Step::Headers(metadata));
        }
        if !state.replies.is_empty() {
            std::mem::swap(&mut state.replies, replies);
            return Some(Step::Replies);
        }
        state.end.take().map(Step::End)
    }

    /// Replies of this cost are on their way; `rest` of them could not be sent yet.
    pub(super) fn sent(&self, cost: u64, rest: &mut Messages) {
        let mut state = self.lock();
        state.ahead -= cost;
        if !rest.is_empty() {
            state.replies.move_into(rest);
            std::mem::swap(&mut state.replies, rest);
        }
        let writer = match cost {
            0 => None,
            _ => state.writer.take(),
        };
        wake(writer, state);
    }

    /// The end cannot be sent yet; it comes again.
    pub(super) fn put_back(&self, end: End) {
        self.lock().end = Some(end);
    }

    // The handler's side.

    /// Moves the requests into `into`, if that is empty; false when the client sends no more. `read` is what
    /// those cost that were moved before and read since.
    pub(crate) fn poll_requests(
        self: &Arc<Self>,
        read: &mut u64,
        into: &mut Messages,
        cx: &Context<'_>,
    ) -> Poll<Result<bool, Status>> {
        let mut state = self.lock();
        state.consumed += std::mem::take(read);
        if into.is_empty() {
            state.requests.move_into(into);
        }
        let found = if !into.is_empty() {
            Poll::Ready(Ok(true))
        } else if state.half_closed {
            Poll::Ready(Ok(false))
        } else if let Some(code) = state.closed {
            let status = Status::new(code, "the call ended before its stream of requests");
            Poll::Ready(Err(status))
        } else {
            state.reader = Some(cx.waker().clone());
            Poll::Pending
        };
        let announce = state.consumed >= READ_STEP || (state.consumed > 0 && found.is_pending());
        self.announce_if(announce, state);
        found
    }

    /// Begins the stream of replies.
    pub(crate) fn send_headers(self: &Arc<Self>, metadata: Metadata) {
        let mut state = self.lock();
        if matches!(state.headers, Headers::None) {
            state.headers = Headers::Ready(metadata);
            self.announce_if(true, state);
        }
    }

    /// Waits until another reply may be sent.
    pub(crate) fn poll_ready(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.ahead < MAX_AHEAD {
            return Poll::Ready(());
        }
        state.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Hands replies over, and leaves none.
    pub(crate) fn send(self: &Arc<Self>, replies: &mut Messages) {
        let mut state = self.lock();
        state.ahead += replies.cost();
        replies.move_into(&mut state.replies);
        self.announce_if(true, state);
    }

    pub(crate) fn end(self: &Arc<Self>, end: End) {
        let mut state = self.lock();
        state.end = Some(end);
        self.announce_if(true, state);
    }

    /// Answers a call with one reply.
    pub(crate) fn complete(&self, completion: Completion) {
        self.completions.push(completion);
    }

    /// Tells the connection that there is something here, unless it knows.
    fn announce_if(self: &Arc<Self>, condition: bool, mut state: MutexGuard<'_, State>) {
        if condition && !std::mem::replace(&mut state.announced, true) {
            drop(state);
            self.completions.push_stream(Arc::clone(self));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(waker: Option<Waker>, state: MutexGuard<'_, State>) {
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}
