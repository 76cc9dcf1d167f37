//! Handlers as futures whose output is encoded where the reply is to go.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use pin_project_lite::pin_project;
use rpc_wire::{Status, memory};

use crate::codec::{Codec, CodecError};

/// A handler that runs. Once ready, the encoded message is in `body`.
pub(super) trait ReplyFuture: Send {
    fn poll_reply(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        body: &mut BytesMut,
    ) -> Poll<Result<(), Status>>;

    /// Drops the handler.
    fn clear(self: Pin<&mut Self>);
}

/// The place of a handler on the heap; when that has ended, the next one of its type moves in.
pub(super) trait ReplySlot: ReplyFuture {
    /// Takes the handler out of `handler`, an `Option`, if it is of this slot's type.
    fn refill(self: Pin<&mut Self>, handler: &mut dyn Any) -> bool;
}

pin_project! {
    /// The handler of a method with one reply, which `C` encodes.
    pub(super) struct UnaryReply<C, F> {
        #[pin]
        handler: Option<F>,
        codec: PhantomData<fn() -> C>,
    }
}

impl<C, F> UnaryReply<C, F> {
    pub(super) fn new(handler: F) -> Self {
        UnaryReply {
            handler: Some(handler),
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
        let Some(handler) = self.project().handler.as_pin_mut() else {
            return Poll::Pending;
        };
        let message = ready!(handler.poll(cx))?;
        memory::reserve(body, C::size_hint(&message));
        Poll::Ready(C::encode(&message, body).map_err(not_encoded))
    }

    fn clear(self: Pin<&mut Self>) {
        self.project().handler.set(None);
    }
}

impl<C, F, M> ReplySlot for UnaryReply<C, F>
where
    F: Future<Output = Result<M, Status>> + Send + 'static,
    C: Codec<M>,
{
    fn refill(self: Pin<&mut Self>, handler: &mut dyn Any) -> bool {
        match handler.downcast_mut::<Option<F>>() {
            Some(handler) => {
                self.project().handler.set(handler.take());
                true
            }
            None => false,
        }
    }
}

/// A handler on the heap that has not ended.
pub(super) type Handler = Pin<Box<dyn ReplySlot>>;

/// Puts a handler on the heap: where one of its type ended before, if `spare` is such a place.
pub(super) fn place<C, F, M>(handler: F, spare: &mut Option<Handler>) -> Handler
where
    F: Future<Output = Result<M, Status>> + Send + 'static,
    C: Codec<M>,
{
    let mut handler = Some(handler);
    if let Some(mut slot) = spare.take()
        && slot.as_mut().refill(&mut handler)
    {
        return slot;
    }
    Box::pin(UnaryReply::<C, F> {
        handler,
        codec: PhantomData,
    })
}

/// What the caller is told of a reply that has no encoding.
pub(super) fn not_encoded(error: CodecError) -> Status {
    Status::internal(format!("the reply cannot be encoded: {error}")).with_source(error)
}
