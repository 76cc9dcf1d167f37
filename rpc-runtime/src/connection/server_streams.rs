//! A call with a stream at a server: what its handler's task and its connection hand each other.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};

use rpc_wire::session::{Encoded, message_cost};
use rpc_wire::{Code, Metadata, Status};

use super::completions::{Completion, Completions};
use super::packing::Packing;
use super::sync::{Mutex, MutexGuard};

/// Bytes of replies that a handler may be ahead of its connection.
const MAX_AHEAD: usize = 64 * 1024;

/// What a reply counts beside its own bytes, so that empty ones do not come for nothing.
const REPLY_OVERHEAD: usize = size_of::<Encoded>();

/// What a handler takes of requests before the client is told that it may send more, in bytes.
const CONSUMED_STEP: u64 = 64 * 1024;

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
    requests: VecDeque<Encoded>,
    half_closed: bool,
    /// Why the call ended, if it has.
    closed: Option<Code>,
    reader: Option<Waker>,
    /// What the requests cost that the handler took since the connection was told.
    consumed: u64,
    headers: Headers,
    /// Replies that the connection has not taken, [`MAX_AHEAD`] bytes and one message at most.
    replies: VecDeque<Encoded>,
    ahead: usize,
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
    Reply(Encoded),
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

    pub(crate) fn push_request(&self, message: Encoded) {
        let mut state = self.lock();
        state.requests.push_back(message);
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

    /// What is to be done next. A reply stays at the head until [`sent`](Self::sent).
    pub(super) fn next_step(&self) -> Option<Step> {
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
        if let Some(reply) = state.replies.front() {
            return Some(Step::Reply(reply.clone()));
        }
        state.end.take().map(Step::End)
    }

    /// The reply at the head is on its way.
    pub(super) fn sent(&self) {
        let mut state = self.lock();
        if let Some(reply) = state.replies.pop_front() {
            state.ahead -= reply.bytes.len() + REPLY_OVERHEAD;
        }
        wake(state.writer.take(), state);
    }

    /// The end cannot be sent yet; it comes again.
    pub(super) fn put_back(&self, end: End) {
        self.lock().end = Some(end);
    }

    // The handler's side.

    /// The next request; `None` when the client sends no more.
    pub(crate) fn poll_request(
        self: &Arc<Self>,
        cx: &Context<'_>,
    ) -> Poll<Result<Option<Encoded>, Status>> {
        let mut state = self.lock();
        if let Some(request) = state.requests.pop_front() {
            state.consumed += message_cost(request.bytes.len());
            let announce = state.consumed >= CONSUMED_STEP || state.requests.is_empty();
            self.announce_if(announce, state);
            return Poll::Ready(Ok(Some(request)));
        }
        if state.half_closed {
            return Poll::Ready(Ok(None));
        }
        if let Some(code) = state.closed {
            let status = Status::new(code, "the call ended before its stream of requests");
            return Poll::Ready(Err(status));
        }
        state.reader = Some(cx.waker().clone());
        Poll::Pending
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

    pub(crate) fn send(self: &Arc<Self>, reply: Encoded) {
        let mut state = self.lock();
        state.ahead += reply.bytes.len() + REPLY_OVERHEAD;
        state.replies.push_back(reply);
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
