//! The end of a call, for those who outlive it or are made for it.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker, ready};

use rpc_wire::{Code, Status};

use super::Context;

/// Whether a call has ended, and how.
#[derive(Debug, Default)]
pub(crate) struct CallEnd {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    code: Option<Code>,
    waiting: BTreeMap<u64, Waker>,
    next: u64,
}

impl CallEnd {
    /// The call has ended; the first reason counts.
    pub(super) fn end(&self, code: Code) {
        let mut state = self.lock();
        if state.code.is_none() {
            state.code = Some(code);
            let waiting = std::mem::take(&mut state.waiting);
            drop(state);
            waiting.into_values().for_each(Waker::wake);
        }
    }

    /// How the call has ended, if it has.
    pub(super) fn code(&self) -> Option<Code> {
        self.lock().code
    }

    /// How the call has ended; `place` is where the caller waits for that.
    fn poll(&self, place: &mut Option<u64>, cx: &std::task::Context<'_>) -> Poll<Code> {
        let mut state = self.lock();
        if let Some(code) = state.code {
            return Poll::Ready(code);
        }
        let place = *place.get_or_insert_with(|| {
            state.next += 1;
            state.next
        });
        let known = state.waiting.get(&place);
        if known.is_none_or(|waker| !waker.will_wake(cx.waker())) {
            state.waiting.insert(place, cx.waker().clone());
        }
        Poll::Pending
    }

    fn forget(&self, place: u64) {
        self.lock().waiting.remove(&place);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Completes when the call of a context has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    context: Context,
    place: Option<u64>,
}

impl Ended {
    pub(crate) fn new(context: Context) -> Self {
        Ended {
            context,
            place: None,
        }
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Why a call that is made for this one must not go on, once it must not.
    pub(crate) fn poll_failed(&mut self, cx: &std::task::Context<'_>) -> Poll<Status> {
        match ready!(self.context.call_end().poll(&mut self.place, cx)) {
            Code::Ok => Poll::Pending,
            code => Poll::Ready(Status::new(
                code,
                "the call that this one was made for has ended",
            )),
        }
    }
}

impl Future for Ended {
    type Output = Code;

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<Code> {
        let this = self.get_mut();
        this.context.call_end().poll(&mut this.place, cx)
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.context.call_end().forget(place);
        }
    }
}

/// Ends the call of a context when it is dropped, if nobody else has: it was cancelled.
pub(crate) struct EndOnDrop<'a>(pub(crate) &'a Context);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.end(Code::Cancelled);
    }
}
