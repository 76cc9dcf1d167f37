//! How requests become messages.

use std::future::Future;

use bytes::Bytes;
use rpc_wire::Status;
use rpc_wire::session::{Encoded, MessageBody};

use super::service::Streams;
use super::streaming::{Checked, Requests};
use crate::call::{Context, MessageSource, Streaming};
use crate::codec::{self, Codec};
use crate::compression::Decompression;

/// Decodes the request of a call, if that is of the service's codec.
pub(super) fn decode<C: Codec<M>, M: 'static>(
    context: &Context,
    body: MessageBody<'_>,
) -> Result<M, Status> {
    codec::check::<C, M>(context.metadata())?;
    let message = decode_body::<C, M>(body)?;
    match context.checks() {
        Some(checks) => checks.run(&message).map(|()| message),
        None => Ok(message),
    }
}

/// Decompresses and decodes the request of a call, then runs its handler.
pub(super) fn decompressed<C, Req, Rep, F, Fut>(
    decompression: &Decompression,
    context: Context,
    body: MessageBody<'_>,
    handler: F,
) -> impl Future<Output = Result<Rep, Status>> + Send + use<C, Req, Rep, F, Fut>
where
    F: FnOnce(Context, Req) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Rep, Status>> + Send,
    C: Codec<Req>,
    Req: 'static,
{
    let message = Encoded {
        bytes: body.into_bytes(),
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
    Req: 'static,
{
    let request = request.and_then(|body| decode::<C, Req>(&context, MessageBody::Shared(body)));
    match request {
        Ok(request) => Ok(handler(context, request)),
        Err(status) => {
            context.handler_start().refuse();
            Err(status)
        }
    }
}

/// The stream of requests of a call, if that is of the service's codec.
pub(super) fn requests<C: Codec<M>, M: 'static>(
    context: &Context,
    streams: Option<Streams>,
) -> Result<Streaming<M>, Status> {
    codec::check::<C, M>(context.metadata())?;
    let source: Box<dyn MessageSource> = match streams.ok_or_else(not_a_stream)? {
        Streams::Connection(stream) => Box::new(Requests::new(stream)),
        Streams::Given(requests) => match context.checks().cloned() {
            Some(checks) => Box::new(Checked {
                requests: *requests,
                decode: decode_body::<C, M>,
                checks,
            }),
            None => requests,
        },
    };
    Ok(Streaming::new(source, decode_body::<C, M>))
}

/// What a handler gets, or its caller is told, of a request.
fn decode_body<C: Codec<M>, M>(body: MessageBody<'_>) -> Result<M, Status> {
    let decoded = match body {
        MessageBody::Borrowed(body) => C::decode(body),
        MessageBody::Shared(body) => C::decode_shared(body),
    };
    decoded.map_err(|error| {
        let name = std::any::type_name::<M>()
            .rsplit("::")
            .next()
            .unwrap_or_default();
        Status::invalid_argument(format!("the request is not a valid {name}: {error}"))
    })
}

/// Generated code and the descriptor it comes with agree, so nobody meets this.
pub(super) fn not_a_stream() -> Status {
    Status::internal("a method without streams has a handler with streams")
}
