//! Runs handlers: inline when they finish at once, in a task of their own otherwise.

use std::future::poll_fn;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, Waker};

use bytes::{Bytes, BytesMut};
use rpc_wire::session::{IncomingRequest, Responder, ServerSink};
use rpc_wire::{Code, MethodDescriptor, MethodKind, Status};
use tokio::task::AbortHandle;

use super::handling::Handling;
use super::reply::ReplyFuture;
use super::router::{Route, Router};
use super::service::{Incoming, Reply, ReplyKind};
use crate::call::{self, CallState, Context};
use crate::connection::completions::{Completion, Completions};
use crate::connection::server_streams::{RunningStream, ServerStream};

/// Runs the calls of one connection.
pub(super) struct Dispatcher {
    router: Arc<Router>,
    peer: Option<SocketAddr>,
    completions: Arc<Completions>,
    /// The state of a call that has ended, for the next one.
    spare: Option<Arc<CallState>>,
    /// Where replies of handlers that finish at once are encoded.
    body: BytesMut,
}

/// A handler in a task of its own. Dropping it cancels the handler.
pub(super) struct RunningCall {
    task: AbortHandle,
    stream: Option<Arc<ServerStream>>,
}

impl Drop for RunningCall {
    fn drop(&mut self) {
        self.task.abort();
        self.close(Code::Cancelled);
    }
}

impl RunningCall {
    /// Tells whoever reads on that the call has ended; the first reason counts.
    fn close(&self, code: Code) {
        if let Some(stream) = &self.stream {
            stream.close(code);
        }
    }

    fn with_stream(mut self, stream: Arc<ServerStream>) -> Self {
        self.stream = Some(stream);
        self
    }
}

impl RunningStream for RunningCall {
    fn stream(&self) -> Option<&Arc<ServerStream>> {
        self.stream.as_ref()
    }
}

type Handler = Pin<Box<dyn ReplyFuture>>;

impl Dispatcher {
    pub(super) fn new(
        router: Arc<Router>,
        peer: Option<SocketAddr>,
        completions: Arc<Completions>,
    ) -> Self {
        Dispatcher {
            router,
            peer,
            completions,
            spare: None,
            body: BytesMut::new(),
        }
    }

    fn context<M>(
        &mut self,
        method: &'static MethodDescriptor,
        handling: Option<&Handling>,
        request: &mut IncomingRequest<'_, M>,
    ) -> Context {
        let mut state = self.spare.take().unwrap_or_default();
        let fresh = CallState {
            method: Some(method),
            deadline: handling.map_or(request.deadline, |handling| {
                handling.deadline(request.deadline)
            }),
            metadata: std::mem::take(&mut request.metadata),
            attempt: request.attempt,
            peer: self.peer,
            ..CallState::default()
        };
        match Arc::get_mut(&mut state) {
            Some(state) => *state = fresh,
            None => state = Arc::new(fresh),
        }
        Context::from_state(state)
    }

    /// Moves a handler that has to wait to a task of its own.
    fn spawn(&self, id: u32, context: Context, handler: Handler) -> RunningCall {
        let completions = Arc::clone(&self.completions);
        let task = tokio::spawn(async move {
            let result = finish(&context, handler).await;
            let metadata = context.take_reply_metadata();
            completions.push(Completion {
                id,
                result,
                metadata,
            });
        });
        RunningCall {
            task: task.abort_handle(),
            stream: None,
        }
    }

    /// Runs a handler with streams.
    fn spawn_streaming(
        &self,
        id: u32,
        context: Context,
        handler: Handler,
        stream: Arc<ServerStream>,
    ) -> RunningCall {
        if context
            .method()
            .is_some_and(|method| !method.kind().server_streams())
        {
            let call = self.spawn(id, context, handler);
            return call.with_stream(stream);
        }
        let replies = Arc::clone(&stream);
        let task = tokio::spawn(async move {
            let result = finish(&context, handler).await;
            replies.end(result.map(drop), context.take_reply_metadata());
        });
        RunningCall {
            task: task.abort_handle(),
            stream: Some(stream),
        }
    }
}

impl ServerSink for Dispatcher {
    type Method = Arc<Route>;
    type Call = RunningCall;

    fn resolve(&mut self, path: &str) -> Arc<Route> {
        Arc::new(self.router.route(path))
    }

    fn takes_stream(&self, method: &Arc<Route>) -> bool {
        match &**method {
            Route::Method { descriptor, .. } => descriptor.kind().client_streams(),
            Route::Unknown(_) => false,
        }
    }

    fn message(&mut self, call: &mut RunningCall, message: Bytes) {
        if let Some(stream) = &call.stream {
            stream.push_request(message);
        }
    }

    fn half_closed(&mut self, call: &mut RunningCall) {
        if let Some(stream) = &call.stream {
            stream.half_close();
        }
    }

    fn dispatch(
        &mut self,
        mut request: IncomingRequest<'_, Arc<Route>>,
        responder: Responder<'_>,
    ) -> Option<RunningCall> {
        let (service, index, descriptor, handling) = match &**request.method {
            Route::Method {
                service,
                index,
                descriptor,
                handling,
            } => (service, *index, *descriptor, handling.as_ref()),
            Route::Unknown(status) => {
                responder.status(status, false);
                return None;
            }
        };
        let context = self.context(descriptor, handling.map(Arc::as_ref), &mut request);
        let streams = descriptor.kind() != MethodKind::Unary;
        let stream = streams.then(|| ServerStream::new(request.id, self.completions.clone()));
        let incoming: Incoming<'_> = Incoming {
            context: context.clone(),
            body: request.body,
            handling,
            stream: stream.clone(),
            codec: PhantomData,
        };
        let mut handler = match catch(&context, || service.call(index, incoming)) {
            Ok(Reply(ReplyKind::Running(handler))) => handler,
            Ok(Reply(ReplyKind::Refused(status))) => {
                responder.status(&status, false);
                return None;
            }
            Err(status) => {
                responder.status(&status, true);
                return None;
            }
        };
        if let Some(stream) = stream {
            return Some(self.spawn_streaming(request.id, context, handler, stream));
        }
        let polled = {
            let mut cx = std::task::Context::from_waker(Waker::noop());
            poll(&context, &mut handler, &mut cx, &mut self.body)
        };
        match polled {
            Poll::Pending => return Some(self.spawn(request.id, context, handler)),
            Poll::Ready(result) => {
                match result.and(catch(&context, || drop(handler))) {
                    Ok(()) => responder.message(&mut self.body, &context.take_reply_metadata()),
                    Err(status) => responder.status(&status, true),
                }
                self.body.clear();
                self.spare = Some(context.into_state());
            }
        }
        None
    }

    fn cancelled(&mut self, call: RunningCall, code: Code) {
        call.close(code);
        drop(call);
    }
}

/// Polls a handler with its context current. A panic is an answer too.
fn poll(
    context: &Context,
    handler: &mut Handler,
    cx: &mut std::task::Context<'_>,
    body: &mut BytesMut,
) -> Poll<Result<(), Status>> {
    let polled = catch(context, || {
        let (polled, _) = call::enter(context.clone(), || handler.as_mut().poll_reply(cx, body));
        polled
    });
    polled.unwrap_or_else(|status| Poll::Ready(Err(status)))
}

/// Runs a handler to its end.
async fn finish(context: &Context, mut handler: Handler) -> Result<BytesMut, Status> {
    let mut body = BytesMut::new();
    let result = poll_fn(|cx| poll(context, &mut handler, cx, &mut body)).await;
    result.and(catch(context, || drop(handler))).map(|()| body)
}

/// Runs a step of a handler. If it panics, the log has the message and the caller gets INTERNAL
/// without internals.
fn catch<R>(context: &Context, step: impl FnOnce() -> R) -> Result<R, Status> {
    catch_unwind(AssertUnwindSafe(step)).map_err(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("a panic without a message");
        let method = context.method().map_or("", MethodDescriptor::path);
        tracing::error!(method, panic = message, "a handler panicked");
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
            // Whoever panics when a panic is dropped is not asked again.
            std::mem::forget(again);
        }
        Status::internal("the handler panicked")
    })
}
