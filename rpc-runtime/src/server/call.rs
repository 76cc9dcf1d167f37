//! Calls that do not come over the native protocol.

use std::future::Future;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, Waker, ready};
use std::time::Instant;

use bytes::BytesMut;
use rpc_wire::session::RequestBody;
use rpc_wire::{Metadata, MethodKind, Status};
use tokio::time::{Sleep, sleep_until};

use super::limit::Counted;
use super::pace::Pace;
use super::reply::Handler;
use super::router::{Route, Router};
use super::run::{catch, poll};
use super::service::{Incoming, Reply, ReplyKind};
use crate::call::{CallState, Context};
use crate::transport::PeerIdentity;

/// What comes with a call, beside its messages.
#[derive(Default)]
pub(crate) struct CallParts {
    pub(crate) metadata: Metadata,
    /// When the caller stops waiting.
    pub(crate) deadline: Option<Instant>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) identity: Option<Arc<PeerIdentity>>,
}

/// What a call with one reply comes to: the encoded message and its metadata.
pub(crate) type Answer = Result<(BytesMut, Metadata), Status>;

/// A call with one request and one reply, whose handler was made and has not ended.
///
/// Dropping it cancels the call. Panics of the handler are contained, also while it is dropped.
pub(crate) struct UnaryCall {
    context: Context,
    handler: Handler,
    body: BytesMut,
    /// The caller's; what the method's options say is up to the handler.
    deadline: Option<Instant>,
    /// Made when the handler has to wait.
    timer: Option<Pin<Box<Sleep>>>,
    /// To be told how long the first poll takes.
    unpolled: Option<Arc<Pace>>,
    /// Lets another thread take over before the first poll, which is slow.
    yields: bool,
    /// Among the calls of its server.
    _counted: Option<Counted>,
}

impl Router {
    /// Begins a call with one request and one reply: makes the handler, as the options of its method
    /// say.
    ///
    /// # Errors
    ///
    /// Why there is no handler: the method does not exist or has streams, the request is not valid, a
    /// limit was hit. Nothing was executed.
    pub(crate) fn unary(
        &self,
        route: &Route,
        parts: CallParts,
        body: RequestBody<'_>,
    ) -> Result<UnaryCall, Status> {
        let (service, index, method, handling, pace) = match route {
            Route::Method {
                service,
                index,
                descriptor,
                handling,
                pace,
            } => (service, *index, *descriptor, handling.as_ref(), pace),
            Route::Unknown(status) => return Err(status.clone()),
        };
        if method.kind() != MethodKind::Unary {
            let message = format!(
                "{} has streams, which the client cannot serve",
                method.path()
            );
            return Err(Status::unimplemented(message));
        }
        let counted = self.admit()?;
        let deadline = parts.deadline;
        let context = Context::from_state(Arc::new(CallState {
            method: Some(method),
            deadline: handling.map_or(deadline, |handling| handling.deadline(deadline)),
            metadata: parts.metadata,
            peer: parts.peer,
            identity: parts.identity,
            ..CallState::default()
        }));
        let incoming: Incoming<'_> = Incoming {
            context: context.clone(),
            body,
            handling,
            stream: None,
            spare: &mut None,
            codec: PhantomData,
        };
        let Reply(reply) = catch(&context, || service.call(index, incoming))?;
        match reply {
            ReplyKind::Running(handler) => Ok(UnaryCall {
                context,
                handler,
                body: BytesMut::new(),
                deadline,
                timer: None,
                unpolled: Some(Arc::clone(pace)),
                yields: false,
                _counted: counted,
            }),
            ReplyKind::Refused(status) => Err(status),
            ReplyKind::Spawned(task) => {
                task.abort();
                Err(Status::internal(
                    "a method without streams has a handler with streams",
                ))
            }
        }
    }
}

impl UnaryCall {
    /// Polls the handler for the first time, unless those of its method take long. If it has to
    /// wait, whoever awaits the call from then on is woken.
    pub(crate) fn poll_once(&mut self) -> Poll<Answer> {
        if self.unpolled.as_ref().is_some_and(|pace| pace.is_slow()) {
            self.yields = true;
            return Poll::Pending;
        }
        Pin::new(self).poll(&mut std::task::Context::from_waker(Waker::noop()))
    }

    /// Ready with DEADLINE_EXCEEDED once the deadline has passed.
    fn poll_deadline(&mut self, cx: &mut std::task::Context<'_>) -> Poll<Status> {
        let Some(deadline) = self.deadline else {
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline.into())));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Status::deadline_exceeded(
            "the deadline passed at the server",
        ))
    }
}

impl Future for UnaryCall {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<Answer> {
        let call = self.get_mut();
        if std::mem::take(&mut call.yields) {
            // Tokio wakes a thread for a task that wakes itself, not for one that was just spawned.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let handler = call.handler.as_mut();
        let pace = call.unpolled.take();
        let poll = || poll(&call.context, handler, cx, &mut call.body);
        let polled = match pace {
            Some(pace) => pace.time(poll),
            None => poll(),
        };
        match polled {
            Poll::Ready(result) => {
                let handler = call.handler.as_mut();
                let result = result.and(catch(&call.context, || handler.clear()));
                let body = std::mem::take(&mut call.body);
                Poll::Ready(result.map(|()| (body, call.context.take_reply_metadata())))
            }
            Poll::Pending => call.poll_deadline(cx).map(Err),
        }
    }
}

impl Drop for UnaryCall {
    fn drop(&mut self) {
        let handler = self.handler.as_mut();
        // Nobody is left to be told of a panic, which is in the log.
        let _ = catch(&self.context, || handler.clear());
    }
}
