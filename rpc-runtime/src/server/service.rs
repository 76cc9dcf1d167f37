//! How generated code and the server meet: bytes in, bytes out, with the typed path inside.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::BytesMut;
use futures_core::Stream;
use prost::Message;
use rpc_wire::session::RequestBody;
use rpc_wire::{MethodDescriptor, ServiceDescriptor, Status};

use super::handling::{HandlerOptions, Handling};
use super::reply::{ReplyFuture, UnaryReply};
use super::streaming::{Requests, StreamReply};
use crate::call::{Context, Streaming};
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
pub trait IntoService<Marker> {
    /// The service.
    fn into_service(self) -> Arc<dyn Service>;
}

/// The [`IntoService`] marker of the generated `XServer<T>` types.
#[derive(Debug)]
pub struct Generated;

/// A request that has not been decoded.
#[derive(Debug)]
pub struct Incoming<'a> {
    pub(super) context: Context,
    pub(super) body: RequestBody<'a>,
    pub(super) handling: Option<&'a Arc<Handling>>,
    /// The streams of a method that has any.
    pub(super) stream: Option<Arc<ServerStream>>,
}

/// What a method answers: a status now, or a reply later.
pub struct Reply(pub(super) ReplyKind);

pub(super) enum ReplyKind {
    /// The handler was not started.
    Refused(Status),
    Running(Pin<Box<dyn ReplyFuture>>),
}

impl Incoming<'_> {
    /// Calls a handler with one message in and one out.
    pub fn unary<Req, Rep, F, Fut>(self, handler: F) -> Reply
    where
        F: FnOnce(Context, Req) -> Fut,
        Fut: Future<Output = Result<Rep, Status>> + Send + 'static,
        Req: Message + Default,
        Rep: Message + 'static,
    {
        match decode(self.body) {
            Ok(request) => {
                let Some(handling) = self.handling else {
                    return Reply::running(handler(self.context, request));
                };
                let future = handler(self.context.clone(), request);
                match handling.run(self.context, future) {
                    Ok(future) => Reply::running(future),
                    Err(status) => Reply::refused(status),
                }
            }
            Err(status) => Reply::refused(status),
        }
    }

    /// Calls a handler with one message in and a stream out.
    pub fn server_streaming<Req, Rep, F, Fut, S>(self, handler: F) -> Reply
    where
        F: FnOnce(Context, Req) -> Fut,
        Fut: Future<Output = Result<S, Status>> + Send + 'static,
        S: Stream<Item = Result<Rep, Status>> + Send + 'static,
        Req: Message + Default,
        Rep: Message,
    {
        let Some(stream) = self.stream else {
            return Reply::refused(not_a_stream());
        };
        match decode(self.body) {
            Ok(request) => {
                let future = handler(self.context.clone(), request);
                Reply::streaming(future, stream, self.context)
            }
            Err(status) => Reply::refused(status),
        }
    }

    /// Calls a handler with a stream in and one message out.
    pub fn client_streaming<Req, Rep, F, Fut>(self, handler: F) -> Reply
    where
        F: FnOnce(Context, Streaming<Req>) -> Fut,
        Fut: Future<Output = Result<Rep, Status>> + Send + 'static,
        Req: Message + Default,
        Rep: Message,
    {
        match self.stream {
            Some(stream) => Reply::running(handler(self.context, requests(stream))),
            None => Reply::refused(not_a_stream()),
        }
    }

    /// Calls a handler with a stream in and a stream out.
    pub fn bidi_streaming<Req, Rep, F, Fut, S>(self, handler: F) -> Reply
    where
        F: FnOnce(Context, Streaming<Req>) -> Fut,
        Fut: Future<Output = Result<S, Status>> + Send + 'static,
        S: Stream<Item = Result<Rep, Status>> + Send + 'static,
        Req: Message + Default,
        Rep: Message,
    {
        match self.stream {
            Some(stream) => {
                let future = handler(self.context.clone(), requests(Arc::clone(&stream)));
                Reply::streaming(future, stream, self.context)
            }
            None => Reply::refused(not_a_stream()),
        }
    }

    /// Answers a method that the service does not have.
    pub fn unknown_method(self) -> Reply {
        Reply(ReplyKind::Refused(Status::unimplemented(
            "the service has no such method",
        )))
    }
}

impl Reply {
    fn refused(status: Status) -> Self {
        Reply(ReplyKind::Refused(status))
    }

    fn streaming<S, M>(
        handler: impl Future<Output = Result<S, Status>> + Send + 'static,
        stream: Arc<ServerStream>,
        context: Context,
    ) -> Self
    where
        S: Stream<Item = Result<M, Status>> + Send + 'static,
        M: Message,
    {
        let reply = StreamReply::new(handler, stream, context);
        Reply(ReplyKind::Running(Box::pin(reply)))
    }

    fn running<M: Message>(
        future: impl Future<Output = Result<M, Status>> + Send + 'static,
    ) -> Self {
        Reply(ReplyKind::Running(Box::pin(UnaryReply { future })))
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
        }
    }
}

/// Encodes a reply behind what `body` holds.
pub(super) fn encode(message: &impl Message, body: &mut BytesMut) {
    body.reserve(message.encoded_len());
    message.encode_raw(body);
}

fn decode<M: Message + Default>(body: RequestBody<'_>) -> Result<M, Status> {
    let decoded = match body {
        RequestBody::Borrowed(body) => M::decode(body),
        RequestBody::Shared(body) => M::decode(body),
    };
    decoded.map_err(|error| {
        let name = std::any::type_name::<M>()
            .rsplit("::")
            .next()
            .unwrap_or_default();
        Status::invalid_argument(format!("the request is not a valid {name}: {error}"))
    })
}

fn requests<M: Message + Default>(stream: Arc<ServerStream>) -> Streaming<M> {
    Streaming::new(Requests(stream), |body| decode(RequestBody::Shared(body)))
}

/// Generated code and the descriptor it comes with agree, so nobody meets this.
fn not_a_stream() -> Status {
    Status::internal("a method without streams has a handler with streams")
}
