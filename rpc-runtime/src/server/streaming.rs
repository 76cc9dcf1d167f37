//! Handlers with streams.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Poller, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use pin_project_lite::pin_project;
use rpc_wire::{Metadata, Status};

use super::reply::{ReplyFuture, UnaryReply, not_encoded};
use super::run::{completion, finish};
use crate::call::{Context, MessageSource};
use crate::codec::Codec;
use crate::connection::server_streams::{End, ServerStream};

/// Room for encoded replies that is asked for at a time, in bytes.
const BUFFER_SIZE: usize = 16 * 1024;

/// The requests of a call, as its handler reads them.
pub(super) struct Requests(pub(super) Arc<ServerStream>);

impl MessageSource for Requests {
    fn poll_message(&mut self, cx: &mut Poller<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        let request = ready!(self.0.poll_request(cx))?;
        let request = request.map(|request| self.0.packing().requests.undo(request));
        Poll::Ready(request.transpose())
    }

    fn poll_headers(&mut self, _: &mut Poller<'_>) -> Poll<Result<Metadata, Status>> {
        Poll::Ready(Ok(Metadata::new()))
    }

    fn trailers(&self) -> Option<Metadata> {
        None
    }
}

pin_project! {
    /// A handler that answers with a stream, and then that stream, whose messages `C` encodes.
    struct StreamReply<C, F, S> {
        #[pin]
        handler: Option<F>,
        #[pin]
        replies: Option<S>,
        stream: Arc<ServerStream>,
        context: Context,
        buffer: BytesMut,
        codec: PhantomData<fn() -> C>,
    }
}

/// Serves a call with a stream of replies.
pub(super) async fn run<C, F, S, M>(handler: F, stream: Arc<ServerStream>, context: Context)
where
    F: Future<Output = Result<S, Status>> + Send,
    S: Stream<Item = Result<M, Status>> + Send,
    C: Codec<M>,
{
    let reply = StreamReply::<C, F, S> {
        handler: Some(handler),
        replies: None,
        stream: Arc::clone(&stream),
        context: context.clone(),
        buffer: BytesMut::new(),
        codec: PhantomData,
    };
    let result = finish(&context, pin!(reply), None).await;
    stream.end(End {
        result: result.map(drop),
        metadata: context.take_reply_metadata(),
        executed: !context.handler_start().is_refused(),
    });
}

/// Serves a call with a stream of requests and one reply.
pub(super) async fn run_to_reply<C, F, M>(handler: F, stream: Arc<ServerStream>, context: Context)
where
    F: Future<Output = Result<M, Status>> + Send,
    C: Codec<M>,
{
    let reply = UnaryReply::<C, F>::new(handler);
    let result = finish(&context, pin!(reply), None).await;
    stream.complete(completion(stream.id(), result, &context, stream.packing()));
}

impl<C, F, S, M> ReplyFuture for StreamReply<C, F, S>
where
    F: Future<Output = Result<S, Status>> + Send,
    S: Stream<Item = Result<M, Status>> + Send,
    C: Codec<M>,
{
    fn poll_reply(
        self: Pin<&mut Self>,
        cx: &mut Poller<'_>,
        _body: &mut BytesMut,
    ) -> Poll<Result<(), Status>> {
        let mut this = self.project();
        if let Some(handler) = this.handler.as_mut().as_pin_mut() {
            let replies = ready!(handler.poll(cx))?;
            this.handler.set(None);
            this.replies.set(Some(replies));
            this.stream.send_headers(this.context.take_reply_metadata());
        }
        loop {
            ready!(this.stream.poll_ready(cx));
            let Some(replies) = this.replies.as_mut().as_pin_mut() else {
                return Poll::Ready(Ok(()));
            };
            match ready!(replies.poll_next(cx)) {
                Some(Ok(message)) => {
                    let reply = encode::<C, M>(&message, this.buffer)?;
                    this.stream.send(match this.context.may_compress() {
                        true => this.stream.packing().reply(reply),
                        false => reply.into(),
                    });
                }
                Some(Err(status)) => return Poll::Ready(Err(status)),
                None => return Poll::Ready(Ok(())),
            }
        }
    }

    fn clear(self: Pin<&mut Self>) {
        let mut this = self.project();
        this.handler.set(None);
        this.replies.set(None);
    }
}

/// Encodes a message into a part of `buffer`, which is shared by many.
fn encode<C: Codec<M>, M>(message: &M, buffer: &mut BytesMut) -> Result<Bytes, Status> {
    let length = C::size_hint(message);
    if buffer.capacity() < length {
        buffer.reserve(length.max(BUFFER_SIZE));
    }
    C::encode(message, buffer).map_err(not_encoded)?;
    Ok(buffer.split().freeze())
}
