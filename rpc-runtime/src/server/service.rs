//! How generated code and the server meet: bytes in, bytes out, with the typed path inside.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use futures_core::Stream;
use rpc_wire::session::MessageBody;
use rpc_wire::{MethodDescriptor, ServiceDescriptor, Status};
use tokio::task::AbortHandle;

use super::handling::{CallHandling, HandlerOptions};
use super::reply::{self, Handler, UnaryReply};
use super::request::{decode, decompressed, not_a_stream, requests};
use super::streaming::{self, Replies};
use crate::call::{Context, Streaming};
use crate::codec::{Codec, Protobuf};
use crate::compression::Decompression;
use crate::connection::server_streams::ServerStream;
use crate::middleware::Body;

/// A service whose methods take and give bytes. Generated code implements it; users write an
/// implementation of the generated trait instead.
pub trait Service: Send + Sync + 'static {
    /// The service's name and methods.
    fn descriptor(&self) -> &'static ServiceDescriptor;

    /// How the handler of the method at this place of the descriptor is run.
    fn handler_options(&self, method: usize) -> HandlerOptions;

    /// Calls the method at this place of the descriptor.
    fn call(&self, method: usize, incoming: Incoming<'_>) -> Reply;
}

/// What can be registered as a service. The marker lets one type implement several services.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no service",
    label = "implements no service",
    note = "implement the trait of a service for it and put `#[rpc_service]` on that `impl`",
    note = "a type that implements several services is registered once for each: `HelloServer::new(..)`"
)]
pub trait IntoService<Marker> {
    /// The service.
    fn into_service(self) -> Arc<dyn Service>;
}

/// The [`IntoService`] marker of the generated `XServer<T>` types.
#[derive(Debug)]
pub struct Generated;

/// A request that has not been decoded, and will be by the codec `C`.
pub struct Incoming<'a, C = Protobuf> {
    pub(super) context: Context,
    pub(super) body: MessageBody<'a>,
    /// How to decompress the body, if it is compressed.
    pub(super) compressed: Option<&'a Decompression>,
    pub(super) handling: Option<CallHandling<'a>>,
    /// The streams of a method that has any.
    pub(super) streams: Option<Streams>,
    /// Where a handler was before.
    pub(super) spare: &'a mut Option<Handler>,
    pub(super) codec: PhantomData<fn() -> C>,
}

/// What the messages of a call with streams come from.
pub(super) enum Streams {
    /// The connection, to which replies go, too.
    Connection(Arc<ServerStream>),
    /// Whoever takes the replies: interceptors, or a gateway.
    Given(Box<Body>),
}

impl Streams {
    /// Where replies go, if that is the connection.
    pub(super) fn reply_to(&self) -> Option<Arc<ServerStream>> {
        match self {
            Streams::Connection(stream) => Some(Arc::clone(stream)),
            Streams::Given(_) => None,
        }
    }
}

/// What a method answers: a status now, or a reply later.
pub struct Reply(pub(super) ReplyKind);

pub(super) enum ReplyKind {
    /// The handler was not started.
    Refused(Status),
    /// To be polled.
    Running(Handler),
    /// To be polled in a task of its own, because it takes a while.
    Deferred(Handler),
    /// Runs in a task of its own.
    Spawned(AbortHandle),
    /// Gives a stream of replies to whoever gave the requests.
    Replies(RepliesFuture),
}

/// A handler whose stream of replies somebody else takes, encoded.
pub(super) type RepliesFuture = Pin<Box<dyn Future<Output = Result<Body, Status>> + Send>>;

impl<C> std::fmt::Debug for Incoming<'_, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Incoming")
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

impl<'a, C> Incoming<'a, C> {
    /// The same request for another codec.
    pub fn with_codec<D>(self) -> Incoming<'a, D> {
        Incoming {
            context: self.context,
            body: self.body,
            compressed: self.compressed,
            handling: self.handling,
            streams: self.streams,
            spare: self.spare,
            codec: PhantomData,
        }
    }

    /// Calls a handler with one message in and one out.
    pub fn unary<Req, Rep, F, Fut>(self, handler: F) -> Reply
    where
        F: FnOnce(Context, Req) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Rep, Status>> + Send + 'static,
        C: Codec<Req> + Codec<Rep>,
        Req: 'static,
        Rep: Send + 'static,
    {
        if let Some(decompression) = self.compressed {
            return self.unary_compressed(decompression, handler);
        }
        let request = match decode::<C, Req>(&self.context, self.body) {
            Ok(request) => request,
            Err(status) => return Reply::refused(status),
        };
        let Some(handling) = self.handling else {
            let handler = handler(self.context, request);
            return Reply::running(reply::place::<C, _, _>(handler, self.spare));
        };
        match handling.admit(&self.context) {
            Ok(admitted) => {
                let handler = handler(self.context.clone(), request);
                let handler = admitted.run(self.context, handler);
                Reply::running(reply::place::<C, _, _>(handler, self.spare))
            }
            Err(status) => Reply::refused(status),
        }
    }

    fn unary_compressed<Req, Rep, F, Fut>(self, decompression: &Decompression, handler: F) -> Reply
    where
        F: FnOnce(Context, Req) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Rep, Status>> + Send + 'static,
        C: Codec<Req> + Codec<Rep>,
        Req: 'static,
        Rep: Send + 'static,
    {
        let (context, body) = (self.context, self.body);
        let start = |context| decompressed::<C, _, _, _, _>(decompression, context, body, handler);
        let Some(handling) = self.handling else {
            let handler = start(context);
            return Reply::deferred(reply::place::<C, _, _>(handler, &mut None));
        };
        match handling.admit(&context) {
            Ok(admitted) => {
                let handler = admitted.run(context.clone(), start(context));
                Reply::deferred(reply::place::<C, _, _>(handler, &mut None))
            }
            Err(status) => Reply::refused(status),
        }
    }

    /// Calls a handler with one message in and a stream out.
    pub fn server_streaming<Req, Rep, F, Fut, S>(self, handler: F) -> Reply
    where
        F: FnOnce(Context, Req) -> Fut + Send + 'static,
        Fut: Future<Output = Result<S, Status>> + Send + 'static,
        S: Stream<Item = Result<Rep, Status>> + Send + 'static,
        C: Codec<Req> + Codec<Rep>,
        Req: 'static,
        Rep: Send + 'static,
    {
        let Some(streams) = self.streams else {
            return Reply::refused(not_a_stream());
        };
        let to = streams.reply_to();
        if let Some(decompression) = self.compressed {
            let body = self.body;
            let start =
                |context| decompressed::<C, _, _, _, _>(decompression, context, body, handler);
            return Reply::streaming::<C, _, _, _>(start, to, self.context, self.handling);
        }
        match decode::<C, Req>(&self.context, self.body) {
            Ok(request) => {
                let start = |context| handler(context, request);
                Reply::streaming::<C, _, _, _>(start, to, self.context, self.handling)
            }
            Err(status) => Reply::refused(status),
        }
    }

    /// Calls a handler with a stream in and one message out.
    pub fn client_streaming<Req, Rep, F, Fut>(self, handler: F) -> Reply
    where
        F: FnOnce(Context, Streaming<Req>) -> Fut,
        Fut: Future<Output = Result<Rep, Status>> + Send + 'static,
        C: Codec<Req> + Codec<Rep>,
        Req: 'static,
        Rep: Send + 'static,
    {
        let to = self.streams.as_ref().and_then(Streams::reply_to);
        let requests = match requests::<C, Req>(&self.context, self.streams) {
            Ok(requests) => requests,
            Err(status) => return Reply::refused(status),
        };
        let context = self.context;
        let Some(handling) = self.handling else {
            let handler = handler(context.clone(), requests);
            return Reply::to_stream::<C, _, _>(handler, to, context);
        };
        match handling.admit(&context) {
            Ok(admitted) => {
                let handler = handler(context.clone(), requests);
                let handler = admitted.run(context.clone(), handler);
                Reply::to_stream::<C, _, _>(handler, to, context)
            }
            Err(status) => Reply::refused(status),
        }
    }

    /// Calls a handler with a stream in and a stream out.
    pub fn bidi_streaming<Req, Rep, F, Fut, S>(self, handler: F) -> Reply
    where
        F: FnOnce(Context, Streaming<Req>) -> Fut,
        Fut: Future<Output = Result<S, Status>> + Send + 'static,
        S: Stream<Item = Result<Rep, Status>> + Send + 'static,
        C: Codec<Req> + Codec<Rep>,
        Req: 'static,
        Rep: Send + 'static,
    {
        let to = self.streams.as_ref().and_then(Streams::reply_to);
        match requests::<C, Req>(&self.context, self.streams) {
            Ok(requests) => {
                let start = |context| handler(context, requests);
                Reply::streaming::<C, _, _, _>(start, to, self.context, self.handling)
            }
            Err(status) => Reply::refused(status),
        }
    }

    /// Answers a method that the service does not have.
    pub fn unknown_method(self) -> Reply {
        Reply::refused(Status::unimplemented("the service has no such method"))
    }
}

impl Reply {
    pub(super) fn refused(status: Status) -> Self {
        Reply(ReplyKind::Refused(status))
    }

    fn deferred(handler: Handler) -> Self {
        Reply(ReplyKind::Deferred(handler))
    }

    pub(super) fn running(handler: Handler) -> Self {
        Reply(ReplyKind::Running(handler))
    }

    /// What serves a call with streams, in a task of its own.
    pub(super) fn spawned(call: impl Future<Output = ()> + Send + 'static) -> Self {
        Reply(ReplyKind::Spawned(tokio::spawn(call).abort_handle()))
    }

    /// A handler that takes a stream of requests and gives one reply, to a connection or to
    /// whoever gave the requests.
    fn to_stream<C, F, M>(handler: F, to: Option<Arc<ServerStream>>, context: Context) -> Self
    where
        F: Future<Output = Result<M, Status>> + Send + 'static,
        C: Codec<M>,
    {
        match to {
            Some(stream) => {
                let reply = UnaryReply::<C, _>::new(handler);
                Reply::spawned(streaming::run_to_reply(reply, stream, context))
            }
            None => Reply::running(reply::place::<C, _, _>(handler, &mut None)),
        }
    }

    /// A handler with a stream of replies, which `start` makes, run as its method's options say, if
    /// there are any. The replies go to a connection or to whoever gave the requests.
    fn streaming<C, F, S, M>(
        start: impl FnOnce(Context) -> F,
        to: Option<Arc<ServerStream>>,
        context: Context,
        handling: Option<CallHandling<'_>>,
    ) -> Self
    where
        F: Future<Output = Result<S, Status>> + Send + 'static,
        S: Stream<Item = Result<M, Status>> + Send + 'static,
        C: Codec<M>,
        M: Send + 'static,
    {
        let Some(handling) = handling else {
            let handler = start(context.clone());
            return Reply::stream::<C, _, _, _>(handler, to, context);
        };
        match handling.admit(&context) {
            Ok(admitted) => {
                let handler = admitted.run_streaming(context.clone(), start(context.clone()));
                Reply::stream::<C, _, _, _>(handler, to, context)
            }
            Err(status) => Reply::refused(status),
        }
    }

    fn stream<C, F, S, M>(handler: F, to: Option<Arc<ServerStream>>, context: Context) -> Self
    where
        F: Future<Output = Result<S, Status>> + Send + 'static,
        S: Stream<Item = Result<M, Status>> + Send + 'static,
        C: Codec<M>,
        M: 'static,
    {
        let replies = async { handler.await.map(Replies::<C, S>::new) };
        match to {
            Some(stream) => Reply::spawned(streaming::run(replies, stream, context)),
            None => {
                let replies = async { Ok(Body::from_source(Box::pin(replies.await?))) };
                Reply(ReplyKind::Replies(Box::pin(replies)))
            }
        }
    }
}

/// What `#[rpc_service(unimplemented)]` answers for a method that is missing.
pub fn not_implemented(cx: &Context) -> Status {
    let method = cx.method().map_or("the method", MethodDescriptor::path);
    Status::unimplemented(format!("the server does not implement {method}"))
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            ReplyKind::Refused(status) => f.debug_tuple("Refused").field(status).finish(),
            ReplyKind::Running(_) => f.write_str("Running"),
            ReplyKind::Deferred(_) => f.write_str("Deferred"),
            ReplyKind::Spawned(_) => f.write_str("Spawned"),
            ReplyKind::Replies(_) => f.write_str("Replies"),
        }
    }
}
