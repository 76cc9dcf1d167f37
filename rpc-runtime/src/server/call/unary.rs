//! Calls with one request and one reply.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll, Waker};

#[cfg(feature = "grpc")]
use bytes::BufMut;
use bytes::BytesMut;
use rpc_wire::session::MessageBody;
use rpc_wire::{Code, MethodKind, Status};

use super::deadline::Deadline;
use super::{Answer, Begun, CallParts};
use crate::call::Context;
use crate::connection::reschedule::step_aside;
use crate::server::limit::Counted;
use crate::server::pace::Pace;
use crate::server::reply::Handler;
use crate::server::router::{Route, Router};
use crate::server::run::{catch, poll};
use crate::server::service::ReplyKind;

/// A call with one request and one reply, whose handler was made and has not ended.
///
/// Dropping it cancels the call. Panics of the handler are contained, also while it is dropped.
pub(crate) struct UnaryCall {
    context: Context,
    handler: Handler,
    body: BytesMut,
    deadline: Deadline,
    /// To be told how long the first poll takes.
    unpolled: Option<Arc<Pace>>,
    _counted: Option<Arc<Counted>>,
}

impl Router {
    /// Begins a call with one request and one reply.
    ///
    /// # Errors
    ///
    /// Why there is no handler: the method does not exist or has streams, the request is not valid, a
    /// limit was hit. Nothing was executed.
    pub(crate) fn unary(
        &self,
        route: &Route,
        parts: CallParts,
        body: MessageBody<'_>,
    ) -> Result<UnaryCall, Status> {
        let route = route.method()?;
        if route.kind() != MethodKind::Unary {
            let message = format!(
                "{} has streams, which the client cannot serve",
                route.descriptor.path()
            );
            return Err(Status::unimplemented(message));
        }
        let Begun {
            context,
            reply,
            deadline,
            counted,
        } = self.begin(route, parts, body, None)?;
        match reply {
            ReplyKind::Running(handler) | ReplyKind::Deferred(handler) => Ok(UnaryCall {
                context,
                handler,
                body: BytesMut::new(),
                deadline,
                unpolled: Some(Arc::clone(&route.pace)),
                _counted: counted,
            }),
            _ => unreachable!("only methods with streams have others"),
        }
    }
}

impl UnaryCall {
    /// What the handler knows of the call.
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Has the reply begin with `length` bytes that are of no meaning, for what goes ahead of it.
    #[cfg(feature = "grpc")]
    pub(crate) fn leave_room(&mut self, length: usize) {
        self.body.put_bytes(0, length);
    }

    /// Polls the handler for the first time, unless those of its method take long. If it has to
    /// wait, the call is to be [finished](Self::finish) in a task of its own.
    pub(crate) fn poll_once(&mut self) -> Poll<Answer> {
        if self.unpolled.as_ref().is_some_and(|pace| pace.is_slow()) {
            return Poll::Pending;
        }
        Pin::new(self).poll(&mut Poller::from_waker(Waker::noop()))
    }

    /// Goes on with a call that [`poll_once`](Self::poll_once) left.
    pub(crate) async fn finish(self) -> Answer {
        if self.unpolled.is_some() {
            // Another thread looks after the connections, which this one may be about to leave alone.
            step_aside().await;
        }
        self.await
    }
}

impl Future for UnaryCall {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Answer> {
        let call = self.get_mut();
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
                let code = result.as_ref().map_or_else(Status::code, |()| Code::Ok);
                call.context.end_for_others(code);
                let body = std::mem::take(&mut call.body);
                Poll::Ready(result.map(|()| (body, call.context.take_reply_headers())))
            }
            Poll::Pending => call.deadline.poll(cx).map(|status| {
                call.context.end_for_others(status.code());
                Err(status)
            }),
        }
    }
}

impl Drop for UnaryCall {
    fn drop(&mut self) {
        let handler = self.handler.as_mut();
        // Nobody is left to be told of a panic, which is in the log.
        let _ = catch(&self.context, || handler.clear());
        self.context.end_for_others(Code::Cancelled);
    }
}
