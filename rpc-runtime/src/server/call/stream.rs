//! Calls with streams.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::task::{Context as Poller, Poll, Waker, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rpc_wire::session::MessageBody;
use rpc_wire::{Code, Metadata, Status};
use tokio::task::AbortHandle;

use super::deadline::Deadline;
use super::{Begun, CallParts};
use crate::call::{self, Context, MessageSource};
use crate::connection::reschedule::step_aside;
#[cfg(feature = "grpc")]
use crate::grpc::batch::Batch;
use crate::middleware::Body;
use crate::server::limit::Counted;
use crate::server::reply::Handler;
use crate::server::router::{Route, Router};
use crate::server::run::{catch, poll};
use crate::server::service::{RepliesFuture, ReplyKind, Streams};

/// When a call that is polled just as its deadline passes is looked at again.
const SOON: Duration = Duration::from_millis(1);

/// The requests of a call with streams: one or many, as its method says.
pub(crate) enum StreamRequests {
    One(Bytes),
    /// Read by the handler, when it wants the next.
    Many(Box<dyn MessageSource>),
}

/// A call with streams, whose handler was made. It gives the encoded replies, as fast as they are
/// taken: nothing is polled ahead.
///
/// Dropping it cancels the call. Panics of the handler are contained, also while it is dropped. At the
/// deadline the handler is dropped even if nobody polls the call, because its client takes no replies.
pub(crate) struct StreamCall {
    shared: Arc<Shared>,
    /// Taken by the task that waits for it.
    deadline: Option<Deadline>,
    expiry: Option<AbortHandle>,
    _counted: Option<Arc<Counted>>,
}

struct Shared {
    context: Context,
    /// The deadline has passed.
    expired: OnceLock<Status>,
    state: Mutex<State>,
}

struct State {
    stage: Stage,
    /// Whoever waits for the next reply.
    waker: Option<Waker>,
}

enum Stage {
    /// The handler gives one reply.
    Reply(Handler, BytesMut),
    /// The handler gives a stream of replies.
    Handler(RepliesFuture),
    /// The reply.
    Message(Bytes),
    Replies(Body),
    Ended,
}

impl Router {
    /// Begins a call of a method that has streams.
    ///
    /// # Errors
    ///
    /// Why there is no handler: the method does not exist, the request is not valid, a limit was hit.
    /// Nothing was executed.
    pub(crate) fn stream(
        &self,
        route: &Route,
        parts: CallParts,
        requests: StreamRequests,
    ) -> Result<StreamCall, Status> {
        let (body, requests) = match requests {
            StreamRequests::One(message) => {
                (MessageBody::Shared(message), Body::message(Bytes::new()))
            }
            StreamRequests::Many(requests) => {
                (MessageBody::Borrowed(&[]), Body::from_boxed(requests))
            }
        };
        let streams = Some(Streams::Given(Box::new(requests)));
        let Begun {
            context,
            reply,
            deadline,
            counted,
        } = self.begin(route.method()?, parts, body, streams)?;
        let stage = match reply {
            ReplyKind::Running(handler) | ReplyKind::Deferred(handler) => {
                Stage::Reply(handler, BytesMut::new())
            }
            ReplyKind::Replies(replies) => Stage::Handler(replies),
            _ => unreachable!("what is refused or spawned has not begun"),
        };
        let state = Mutex::new(State { stage, waker: None });
        Ok(StreamCall {
            shared: Arc::new(Shared {
                context,
                expired: OnceLock::new(),
                state,
            }),
            deadline: deadline.at().is_some().then_some(deadline),
            expiry: None,
            _counted: counted,
        })
    }
}

impl StreamCall {
    /// What the handler knows of the call.
    #[cfg(feature = "grpc")]
    pub(crate) fn context(&self) -> &Context {
        &self.shared.context
    }

    /// Waits for the handler to begin its replies, and gives the metadata that go ahead of them. It is
    /// to be awaited in a task of its own, because handlers with streams are not known to be fast.
    ///
    /// # Errors
    ///
    /// How the call ended, if it has no replies.
    pub(crate) async fn headers(&mut self) -> Result<Metadata, Status> {
        step_aside().await;
        poll_fn(|cx| self.poll_headers(cx)).await
    }

    /// Gives the replies that are ready to `take` until it says that there is no room for more; true if there are none behind
    /// them. All of them are taken under one lock.
    pub(crate) fn poll_replies(
        &mut self,
        cx: &mut Poller<'_>,
        mut take: impl FnMut(&Context, MessageBody<'_>) -> Result<bool, Status>,
    ) -> Poll<Result<bool, Status>> {
        self.poll_to_end(cx, |context, stage, cx| match stage {
            Stage::Replies(replies) => poll_in(context, || {
                while let Some(reply) = ready!(replies.poll_body(cx))? {
                    if !take(context, reply)? {
                        return Poll::Ready(Ok(false));
                    }
                }
                Poll::Ready(Ok(true))
            }),
            Stage::Message(message) => {
                let message = std::mem::take(message);
                *stage = Stage::Ended;
                Poll::Ready(take(context, message.into()).map(|_| true))
            }
            _ => Poll::Ready(Ok(true)),
        })
    }

    /// As [`poll_replies`](Self::poll_replies) of a method whose replies are a stream: adds them to `batch`, and has `add_alone` add
    /// those that are not small, which says whether there is room for more.
    #[cfg(feature = "grpc")]
    pub(crate) fn poll_batch(
        &mut self,
        cx: &mut Poller<'_>,
        batch: &mut Batch,
        mut add_alone: impl FnMut(&Context, &mut Batch, Bytes) -> Result<bool, Status>,
    ) -> Poll<Result<bool, Status>> {
        self.poll_to_end(cx, |context, stage, cx| match stage {
            Stage::Replies(replies) => poll_in(context, || {
                loop {
                    let ended = ready!(replies.poll_batch(cx, batch))?;
                    let Some(alone) = batch.take_alone() else {
                        return Poll::Ready(Ok(ended));
                    };
                    if !add_alone(context, batch, alone)? {
                        return Poll::Ready(Ok(false));
                    }
                }
            }),
            _ => Poll::Ready(Ok(true)),
        })
    }

    /// Polls the replies, and ends the call behind the last.
    fn poll_to_end(
        &mut self,
        cx: &mut Poller<'_>,
        step: impl FnOnce(&Context, &mut Stage, &mut Poller<'_>) -> Poll<Result<bool, Status>>,
    ) -> Poll<Result<bool, Status>> {
        ready!(self.poll_headers(cx))?;
        let ended = self.poll_step(cx, step);
        if let Poll::Ready(Ok(true)) = ended {
            self.shared.end(&mut self.shared.lock().stage, Code::Ok);
        }
        ended
    }

    /// What the handler sends ahead of its replies; empty when it was asked for before.
    pub(crate) fn poll_headers(&mut self, cx: &mut Poller<'_>) -> Poll<Result<Metadata, Status>> {
        self.poll_step(cx, |context, stage, cx| {
            let next = match stage {
                Stage::Reply(handler, body) => {
                    ready!(poll(context, handler.as_mut(), cx, body))?;
                    catch(context, || handler.as_mut().clear())?;
                    Stage::Message(std::mem::take(body).freeze())
                }
                Stage::Handler(handler) => {
                    Stage::Replies(ready!(poll_in(context, || handler.as_mut().poll(cx)))?)
                }
                _ => return Poll::Ready(Ok(Metadata::new())),
            };
            let before = std::mem::replace(stage, next);
            catch(context, || drop(before))?;
            Poll::Ready(Ok(context.take_reply_headers()))
        })
    }

    /// What goes behind the replies.
    pub(crate) fn trailers(&self) -> Metadata {
        self.shared.context.take_reply_metadata()
    }

    /// Polls the call one step further, and has its deadline watched while it waits.
    fn poll_step<R>(
        &mut self,
        cx: &mut Poller<'_>,
        step: impl FnOnce(&Context, &mut Stage, &mut Poller<'_>) -> Poll<Result<R, Status>>,
    ) -> Poll<Result<R, Status>> {
        let shared = &*self.shared;
        let mut state = shared.lock();
        if let Some(status) = shared.expired.get() {
            return Poll::Ready(Err(status.clone()));
        }
        let polled = step(&shared.context, &mut state.stage, cx);
        match &polled {
            Poll::Ready(Ok(_)) => {}
            Poll::Ready(Err(status)) => shared.end(&mut state.stage, status.code()),
            Poll::Pending => {
                let known = state.waker.as_ref();
                if known.is_none_or(|known| !known.will_wake(cx.waker())) {
                    state.waker = Some(cx.waker().clone());
                }
            }
        }
        drop(state);
        if let Some(deadline) = self.deadline.take() {
            let expiry = tokio::spawn(expire(Arc::clone(&self.shared), deadline));
            self.expiry = Some(expiry.abort_handle());
        }
        polled
    }
}

impl Drop for StreamCall {
    fn drop(&mut self) {
        if let Some(expiry) = &self.expiry {
            expiry.abort();
        }
        let shared = &*self.shared;
        shared.end(&mut shared.lock().stage, Code::Cancelled);
    }
}

impl Shared {
    /// Drops the handler. The first reason counts; nobody is told of a panic, which is in the log.
    fn end(&self, stage: &mut Stage, code: Code) {
        self.context.end(code);
        let stage = std::mem::replace(stage, Stage::Ended);
        let _ = catch(&self.context, || drop(stage));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a call at its deadline.
async fn expire(call: Arc<Shared>, mut deadline: Deadline) {
    let status = poll_fn(|cx| deadline.poll(cx)).await;
    let code = status.code();
    // Nobody else sets it.
    let _ = call.expired.set(status);
    let waker = loop {
        // A thread that polls the handler is not waited for: it may need this one.
        match call.state.try_lock() {
            Ok(mut state) => {
                call.end(&mut state.stage, code);
                break state.waker.take();
            }
            Err(TryLockError::Poisoned(_)) => return,
            Err(TryLockError::WouldBlock) => {}
        }
        tokio::time::sleep(SOON).await;
    };
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Polls a part of the handler with its context current. A panic is an answer too.
fn poll_in<R>(
    context: &Context,
    step: impl FnOnce() -> Poll<Result<R, Status>>,
) -> Poll<Result<R, Status>> {
    let polled = catch(context, || call::enter(context.clone(), step).0);
    polled.unwrap_or_else(|status| Poll::Ready(Err(status)))
}
