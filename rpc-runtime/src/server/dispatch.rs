//! Runs handlers: inline when they finish at once, in a task of their own otherwise.

use std::marker::PhantomData;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use bytes::BytesMut;
use rpc_wire::frame::Settings;
use rpc_wire::session::{EncodedRef, IncomingRequest, Responder, ServerSink};
use rpc_wire::{Code, MethodKind, Status};
use tokio::task::AbortHandle;

use super::limit::Counted;
use super::pace::Pace;
use super::reply::Handler;
use super::router::{Route, RoutedMethod, Router};
use super::run::{catch, completion, finish, poll};
use super::service::{Incoming, Reply, ReplyKind, Streams};
use crate::call::{CallState, Context};
use crate::connection::completions::Completions;
use crate::connection::packing::Packing;
use crate::connection::reschedule::wake_another_thread;
use crate::connection::server::RequestSink;
use crate::connection::server_streams::{RunningStream, ServerStream};
use crate::transport::PeerIdentity;

/// Places of handlers that are kept, by the place of the method in its service. Methods that
/// share one take it from each other, which costs an allocation.
const SPARE_HANDLERS: usize = 8;

/// A read whose calls took this long may have had a handler that held the others up: hundreds of
/// fast ones take less.
const SLOW_READ: Duration = Duration::from_millis(1);

/// Calls after a slow read of which each is timed, to find out which method it was: enough for it
/// to come again, unless it is rare among the others.
const WATCHED_CALLS: u32 = 1024;

/// Runs the calls of one connection.
pub(super) struct Dispatcher {
    router: Arc<Router>,
    peer: Option<SocketAddr>,
    identity: Option<Arc<PeerIdentity>>,
    completions: Arc<Completions>,
    packing: Packing,
    /// The state of a call that has ended, for the next one.
    spare: Option<Arc<CallState>>,
    /// Places of handlers that have ended, each for the next call of its method.
    spare_handlers: [Option<Handler>; SPARE_HANDLERS],
    /// Where replies of handlers that finish at once are encoded.
    body: BytesMut,
    /// Calls that are to be timed. The others are not: that would cost each as much as its
    /// routing.
    watched: u32,
}

/// A handler in a task of its own. Dropping it cancels the handler.
pub(super) struct RunningCall {
    task: AbortHandle,
    stream: Option<Arc<ServerStream>>,
    context: Context,
    /// Among the calls of its server.
    _counted: Option<Arc<Counted>>,
}

impl Drop for RunningCall {
    fn drop(&mut self) {
        self.task.abort();
        self.close(Code::Cancelled);
    }
}

impl RunningCall {
    /// Tells whoever goes on for it that the call has ended; the first reason counts.
    fn close(&self, code: Code) {
        self.context.end(code);
        if let Some(stream) = &self.stream {
            stream.close(code);
        }
    }
}

impl RunningStream for RunningCall {
    fn stream(&self) -> Option<&Arc<ServerStream>> {
        self.stream.as_ref()
    }
}

impl Dispatcher {
    pub(super) fn new(
        router: Arc<Router>,
        peer: Option<SocketAddr>,
        identity: Option<Arc<PeerIdentity>>,
        completions: Arc<Completions>,
        packing: Packing,
    ) -> Self {
        Dispatcher {
            router,
            peer,
            identity,
            completions,
            packing,
            spare: None,
            spare_handlers: Default::default(),
            body: BytesMut::new(),
            watched: 0,
        }
    }

    fn context<M>(
        &mut self,
        route: &RoutedMethod,
        request: &mut IncomingRequest<'_, M>,
    ) -> Context {
        let mut state = self.spare.take().unwrap_or_default();
        let fresh = CallState {
            method: Some(route.descriptor),
            deadline: route.deadline(request.deadline),
            metadata: std::mem::take(&mut request.metadata),
            attempt: request.attempt,
            compressed: request.compressed,
            peer: self.peer,
            identity: self.identity.clone(),
            ..CallState::default()
        };
        match Arc::get_mut(&mut state) {
            Some(state) => *state = fresh,
            None => state = Arc::new(fresh),
        }
        Context::from_state(state)
    }

    /// Polls a handler where all others of the connection are polled, unless those of its method
    /// take long.
    fn poll_inline(
        &mut self,
        context: &Context,
        pace: &Pace,
        handler: &mut Handler,
    ) -> Poll<Result<(), Status>> {
        if pace.is_slow() {
            return Poll::Pending;
        }
        let mut cx = std::task::Context::from_waker(Waker::noop());
        let mut poll = || poll(context, handler.as_mut(), &mut cx, &mut self.body);
        if self.watched == 0 {
            return poll();
        }
        self.watched -= 1;
        pace.time(poll)
    }

    /// Moves a handler that has to wait, or that is slow, to a task of its own.
    fn spawn(
        &self,
        id: u32,
        context: Context,
        pace: &Arc<Pace>,
        mut handler: Handler,
    ) -> AbortHandle {
        let completions = Arc::clone(&self.completions);
        let pace = pace.is_slow().then(|| Arc::clone(pace));
        let packing = self.packing;
        let task = tokio::spawn(async move {
            if pace.is_some() {
                wake_another_thread();
            }
            let result = finish(&context, handler.as_mut(), pace.as_deref()).await;
            completions.push(completion(id, result, &context, &packing));
        });
        task.abort_handle()
    }

    /// Compresses the reply that a handler gave at once in a task of its own.
    fn compress(&mut self, id: u32, context: Context) -> AbortHandle {
        let completions = Arc::clone(&self.completions);
        let packing = self.packing;
        let body = self.body.split();
        let task = tokio::spawn(async move {
            completions.push(completion(id, Ok(body), &context, &packing));
        });
        task.abort_handle()
    }
}

impl ServerSink for Dispatcher {
    type Method = Arc<Route>;
    type Call = RunningCall;

    fn established(&mut self, client: &Settings, compression: Option<&str>) {
        self.packing.establish(client, compression);
    }

    fn resolve(&mut self, path: &str) -> Arc<Route> {
        Arc::new(self.router.route(path))
    }

    fn takes_stream(&self, method: &Arc<Route>) -> bool {
        match &**method {
            Route::Method(route) => route.descriptor.kind().client_streams(),
            // It is refused at once: its requests may take for ever.
            Route::Unknown(_) => true,
        }
    }

    fn message(&mut self, call: &mut RunningCall, message: EncodedRef<'_>) {
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
        let route = match &**request.method {
            Route::Method(route) => route,
            Route::Unknown(status) => {
                responder.status(status, false);
                return None;
            }
        };
        let counted = match self.router.admit() {
            Ok(counted) => counted.map(Arc::new),
            Err(status) => {
                responder.status(&status, false);
                return None;
            }
        };
        let context = self.context(route, &mut request);
        let streams = route.descriptor.kind() != MethodKind::Unary;
        let stream =
            streams.then(|| ServerStream::new(request.id, self.completions.clone(), self.packing));
        let incoming: Incoming<'_> = Incoming {
            context: context.clone(),
            body: request.body,
            compressed: request.compressed.then_some(&self.packing.requests),
            handling: route.handling(&counted),
            streams: stream.clone().map(Streams::Connection),
            spare: &mut self.spare_handlers[route.index % SPARE_HANDLERS],
            codec: PhantomData,
        };
        let kept = |task, context| RunningCall {
            task,
            stream,
            context,
            _counted: counted,
        };
        let mut handler = match self.router.call(&context, route, incoming) {
            Ok(Reply(ReplyKind::Running(handler))) => handler,
            Ok(Reply(ReplyKind::Deferred(handler))) => {
                let task = self.spawn(request.id, context.clone(), &route.pace, handler);
                return Some(kept(task, context));
            }
            Ok(Reply(ReplyKind::Spawned(task))) => return Some(kept(task, context)),
            Ok(Reply(ReplyKind::Replies(_))) => unreachable!("they go to the connection"),
            Ok(Reply(ReplyKind::Refused(status))) => {
                responder.status(&status, false);
                return None;
            }
            Err(status) => {
                responder.status(&status, true);
                return None;
            }
        };
        let Poll::Ready(result) = self.poll_inline(&context, &route.pace, &mut handler) else {
            let task = self.spawn(request.id, context.clone(), &route.pace, handler);
            return Some(kept(task, context));
        };
        let result = result.and(catch(&context, || handler.as_mut().clear()));
        context.end_for_others(result.as_ref().map_or_else(Status::code, |()| Code::Ok));
        let compresses = self.packing.wants(self.body.len()) && context.may_compress();
        if result.is_ok() && compresses {
            let task = self.compress(request.id, context.clone());
            return Some(kept(task, context));
        }
        match result {
            Ok(()) => responder.message(&mut self.body, &context.take_reply_metadata()),
            Err(status) => {
                let executed = !context.handler_start().is_refused();
                responder.status(&status, executed);
            }
        }
        self.body.clear();
        self.spare = Some(context.into_state());
        self.spare_handlers[route.index % SPARE_HANDLERS] = Some(handler);
        None
    }

    fn withdraw(&mut self, call: &RunningCall) -> bool {
        call.context.handler_start().withdraw()
    }

    fn cancelled(&mut self, call: RunningCall, code: Code) {
        call.close(code);
        drop(call);
    }
}

impl RequestSink for Dispatcher {
    fn read_took(&mut self, time: Duration) {
        if time >= SLOW_READ {
            self.watched = WATCHED_CALLS;
        }
    }
}
