//! Where a call is kept that was begun.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use rpc_wire::Status;
use rpc_wire::session::Outcome;

use super::ForeignCall;
use crate::connection::client::wake_all;

/// A call that its caller polls, and the task that sends its requests; the driver may end it.
pub(super) struct Cell(Mutex<State>);

struct State {
    /// `None` once nobody asks it any more.
    call: Option<Box<dyn ForeignCall>>,
    /// Its one reply, if that was there before its caller asked.
    reply: Option<Outcome>,
    /// How it ends when it has nothing more to say.
    ended: Option<Status>,
    /// Who waits for the call's end or for replies.
    reader: Option<Waker>,
    /// Who waits to send.
    writer: Option<Waker>,
}

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Reader,
    Writer,
}

impl Cell {
    pub(super) fn new(call: Box<dyn ForeignCall>) -> Self {
        Cell(Mutex::new(State {
            call: Some(call),
            reply: None,
            ended: None,
            reader: None,
            writer: None,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the call for something; gives the status that it was ended with if there is nothing more.
    pub(super) fn poll<R>(
        &self,
        side: Side,
        cx: &Context<'_>,
        ask: impl FnOnce(&mut dyn ForeignCall, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<Result<R, Status>> {
        let mut state = self.lock();
        if let Some(call) = &mut state.call
            && let Poll::Ready(found) = ask(&mut **call, &mut Context::from_waker(cx.waker()))
        {
            return Poll::Ready(Ok(found));
        }
        if let Some(status) = &state.ended {
            return Poll::Ready(Err(status.clone()));
        }
        let place = match side {
            Side::Reader => &mut state.reader,
            Side::Writer => &mut state.writer,
        };
        let is_known = |waker: &Waker| waker.will_wake(cx.waker());
        let stale = match place.as_ref().is_some_and(is_known) {
            true => None,
            false => place.replace(cx.waker().clone()),
        };
        drop(state);
        drop(stale);
        Poll::Pending
    }

    /// The end of a call with one reply.
    pub(super) fn poll_reply(&self, cx: &Context<'_>) -> Poll<Outcome> {
        if let Some(reply) = self.lock().reply.take() {
            return Poll::Ready(reply);
        }
        let polled = self.poll(Side::Reader, cx, |call, cx| call.poll_reply(cx));
        polled.map(|outcome| outcome.unwrap_or_else(Outcome::Failed))
    }

    /// Has the caller woken when there is a reply, which may be at once.
    pub(super) fn expect_reply(&self, cx: &Context<'_>) {
        if let Poll::Ready(reply) = self.poll_reply(cx) {
            self.lock().reply = Some(reply);
            cx.waker().wake_by_ref();
        }
    }

    /// Asks the call for what needs no waiting.
    pub(super) fn ask<R>(&self, ask: impl FnOnce(&mut dyn ForeignCall) -> R) -> Option<R> {
        let mut state = self.lock();
        state.call.as_mut().map(|call| ask(&mut **call))
    }

    /// Ends the call, whatever it has come to.
    pub(super) fn end(&self, status: Status) {
        let mut state = self.lock();
        let call = state.call.take();
        state.ended.get_or_insert(status);
        wake(state, call);
    }

    /// The call ends once it has given all that arrived: its connection is lost.
    pub(super) fn lose(&self, reason: &Status) {
        let mut state = self.lock();
        let has_left = state.call.as_ref().is_none_or(|call| call.has_left());
        state.ended.get_or_insert_with(|| match has_left {
            true => reason.clone(),
            // Nothing of it was written, so the server knows nothing of it.
            false => reason.clone().with_may_have_run(false),
        });
        wake(state, None);
    }

    /// Cancels the call, of which nobody wants to know any more.
    pub(super) fn cancel(&self) {
        let call = self.lock().call.take();
        drop(call);
    }
}

/// Wakes whoever waits, after the lock is released.
fn wake(mut state: MutexGuard<'_, State>, call: Option<Box<dyn ForeignCall>>) {
    let waiting = [state.reader.take(), state.writer.take()];
    drop(state);
    drop(call);
    wake_all(waiting.into_iter().flatten());
}
