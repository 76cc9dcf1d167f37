//! Handlers as futures whose output is encoded where the reply is to go.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use pin_project_lite::pin_project;
use rpc_wire::Status;

use crate::codec::{Codec, CodecError};

/// A handler that runs. Once ready, the encoded message is in `body`.
pub(crate) trait ReplyFuture: Send {
    fn poll_reply(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        body: &mut BytesMut,
    ) -> Poll<Result<(), Status>>;
}

pin_project! {
    /// The handler of a unary method, whose reply `C` encodes.
    pub(super) struct UnaryReply<C, F> {
        #[pin]
        future: F,
        codec: PhantomData<fn() -> C>,
    }
}

impl<C, F> UnaryReply<C, F> {
    pub(super) fn new(future: F) -> Self {
        UnaryReply {
            future,
            codec: PhantomData,
        }
    }
}

impl<C, F, M> ReplyFuture for UnaryReply<C, F>
where
    F: Future<Output = Result<M, Status>> + Send,
    C: Codec<M>,
{
    fn poll_reply(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        body: &mut BytesMut,
    ) -> Poll<Result<(), Status>> {
        let message = ready!(self.project().future.poll(cx))?;
        body.reserve(C::size_hint(&message));
        Poll::Ready(C::encode(&message, body).map_err(not_encoded))
    }
}

/// What the caller is told of a reply that has no encoding.
pub(super) fn not_encoded(error: CodecError) -> Status {
    Status::internal(format!("the reply cannot be encoded: {error}")).with_source(error)
}
