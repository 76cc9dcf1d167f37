//! How generated code and the server meet: bytes in, bytes out, with the typed path inside.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use bytes::Bytes;
use futures_core::Stream;
use rpc_wire::session::{Encoded, RequestBody};
use rpc_wire::{MethodDescriptor, ServiceDescriptor, Status};
use tokio::task::AbortHandle;

use super::handling::{CallHandling, HandlerOptions};
use super::reply::{self, Handler};
use super::streaming::{self, Requests};
use crate::call::{Context, Streaming};
use crate::codec::{self, Codec, CodecError, Protobuf};
use crate::compression::Decompression;
use crate::connection::server_streams::ServerStream;

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
    pub(super) body: RequestBody<'a>,
    /// How to decompress the body, if it is compressed.
    pub(super) compressed: Option<&'a Decompression>,
    pub(super) handling: Option<CallHandling<'a>>,
    /// The streams of a method that has any.
    pub(super) stream: Option<Arc<ServerStream>>,
    /// Where a handler was before.
    pub(super) spare: &'a mut Option<Handler>,
    pub(super) codec: PhantomData<fn() -> C>,
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
}

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
            stream: self.stream,
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
        let Some(stream) = self.stream else {
            return Reply::refused(not_a_stream());
        };
        if let Some(decompression) = self.compressed {
            let body = self.body;
            let start =
                |context| decompressed::<C, _, _, _, _>(decompression, context, body, handler);
            return Reply::streaming::<C, _, _, _>(start, stream, self.context, self.handling);
        }
        match decode::<C, Req>(&self.context, self.body) {
            Ok(request) => {
                let start = |context| handler(context, request);
                Reply::streaming::<C, _, _, _>(start, stream, self.context, self.handling)
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
        Rep: Send + 'static,
    {
        let (requests, stream) = match requests::<C, Req>(&self.context, self.stream) {
            Ok(streams) => streams,
            Err(status) => return Reply::refused(status),
        };
        let context = self.context;
        let Some(handling) = self.handling else {
            let handler = handler(context.clone(), requests);
            return Reply::spawned(streaming::run_to_reply::<C, _, _>(handler, stream, context));
        };
        match handling.admit(&context) {
            Ok(admitted) => {
                let handler = handler(context.clone(), requests);
                let handler = admitted.run(context.clone(), handler);
                Reply::spawned(streaming::run_to_reply::<C, _, _>(handler, stream, context))
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
        Rep: Send + 'static,
    {
        match requests::<C, Req>(&self.context, self.stream) {
            Ok((requests, stream)) => {
                let start = |context| handler(context, requests);
                Reply::streaming::<C, _, _, _>(start, stream, self.context, self.handling)
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
    fn refused(status: Status) -> Self {
        Reply(ReplyKind::Refused(status))
    }

    fn deferred(handler: Handler) -> Self {
        Reply(ReplyKind::Deferred(handler))
    }

    fn running(handler: Handler) -> Self {
        Reply(ReplyKind::Running(handler))
    }

    /// What serves a call with streams, in a task of its own.
    fn spawned(call: impl Future<Output = ()> + Send + 'static) -> Self {
        Reply(ReplyKind::Spawned(tokio::spawn(call).abort_handle()))
    }

    /// A handler with a stream of replies, which `start` makes, run as its method's options say, if
    /// there are any.
    fn streaming<C, F, S, M>(
        start: impl FnOnce(Context) -> F,
        stream: Arc<ServerStream>,
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
            return Reply::spawned(streaming::run::<C, _, _, _>(handler, stream, context));
        };
        match handling.admit(&context) {
            Ok(admitted) => {
                let handler = admitted.run_streaming(context.clone(), start(context.clone()));
                Reply::spawned(streaming::run::<C, _, _, _>(handler, stream, context))
            }
            Err(status) => Reply::refused(status),
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
        }
    }
}

/// Decodes the request of a call, if that is of the service's codec.
fn decode<C: Codec<M>, M>(context: &Context, body: RequestBody<'_>) -> Result<M, Status> {
    codec::check::<C, M>(context.metadata())?;
    valid(match body {
        RequestBody::Borrowed(body) => C::decode(body),
        RequestBody::Shared(body) => C::decode_shared(body),
    })
}

/// Decompresses and decodes the request of a call, then runs its handler.
fn decompressed<C, Req, Rep, F, Fut>(
    decompression: &Decompression,
    context: Context,
    body: RequestBody<'_>,
    handler: F,
) -> impl Future<Output = Result<Rep, Status>> + Send + use<C, Req, Rep, F, Fut>
where
    F: FnOnce(Context, Req) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Rep, Status>> + Send,
    C: Codec<Req>,
{
    let message = Encoded {
        bytes: match body {
            RequestBody::Borrowed(body) => Bytes::copy_from_slice(body),
            RequestBody::Shared(body) => body,
        },
        compressed: true,
    };
    let decompression = *decompression;
    async move {
        let plain = decompression.undo(message);
        let running = start::<C, _, _, _>(context, plain, handler)?;
        running.await
    }
}

/// Starts a handler, if its request is one.
fn start<C, Req, F, Fut>(
    context: Context,
    request: Result<Bytes, Status>,
    handler: F,
) -> Result<Fut, Status>
where
    F: FnOnce(Context, Req) -> Fut,
    C: Codec<Req>,
{
    let request = request.and_then(|body| decode::<C, Req>(&context, RequestBody::Shared(body)));
    match request {
        Ok(request) => Ok(handler(context, request)),
        Err(status) => {
            context.handler_start().refuse();
            Err(status)
        }
    }
}

/// The stream of requests of a call, if that is of the service's codec.
fn requests<C: Codec<M>, M>(
    context: &Context,
    stream: Option<Arc<ServerStream>>,
) -> Result<(Streaming<M>, Arc<ServerStream>), Status> {
    codec::check::<C, M>(context.metadata())?;
    let stream = stream.ok_or_else(not_a_stream)?;
    let source = Requests(Arc::clone(&stream));
    let requests = Streaming::new(source, |body| valid(C::decode_shared(body)));
    Ok((requests, stream))
}

/// What a handler gets, or its caller is told, of a request.
fn valid<M>(decoded: Result<M, CodecError>) -> Result<M, Status> {
    decoded.map_err(|error| {
        let name = std::any::type_name::<M>()
            .rsplit("::")
            .next()
            .unwrap_or_default();
        Status::invalid_argument(format!("the request is not a valid {name}: {error}"))
    })
}

/// Generated code and the descriptor it comes with agree, so nobody meets this.
fn not_a_stream() -> Status {
    Status::internal("a method without streams has a handler with streams")
}
