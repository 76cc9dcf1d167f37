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

use super::reply::{ReplyFuture, not_encoded};
use super::run::{completion, finish};
use crate::call::{Checks, Context, MessageSource};
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

/// Requests that are checked ahead of the handler, which decodes each once more.
pub(super) struct Checked<S, M> {
    pub(super) requests: S,
    pub(super) decode: fn(Bytes) -> Result<M, Status>,
    pub(super) checks: Checks,
}

impl<S: MessageSource, M: 'static> MessageSource for Checked<S, M> {
    fn poll_message(&mut self, cx: &mut Poller<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        let request = ready!(self.requests.poll_message(cx))?;
        if let Some(request) = &request {
            self.checks.run(&(self.decode)(request.clone())?)?;
        }
        Poll::Ready(Ok(request))
    }

    fn poll_headers(&mut self, cx: &mut Poller<'_>) -> Poll<Result<Metadata, Status>> {
        self.requests.poll_headers(cx)
    }

    fn trailers(&self) -> Option<Metadata> {
        self.requests.trailers()
    }
}

pin_project! {
    /// Replies, encoded by `C`.
    pub(super) struct Replies<C, S> {
        #[pin]
        messages: S,
        buffer: BytesMut,
        codec: PhantomData<fn() -> C>,
    }
}

impl<C, S> Replies<C, S> {
    pub(super) fn new(messages: S) -> Self {
        Replies {
            messages,
            buffer: BytesMut::new(),
            codec: PhantomData,
        }
    }
}

impl<C, S, M> Stream for Replies<C, S>
where
    S: Stream<Item = Result<M, Status>>,
    C: Codec<M>,
{
    type Item = Result<Bytes, Status>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let message = ready!(this.messages.poll_next(cx));
        Poll::Ready(message.map(|message| encode::<C, M>(&message?, this.buffer)))
    }
}

pin_project! {
    /// A handler that answers with a stream, and then that stream of encoded messages.
    struct StreamReply<F, S> {
        #[pin]
        handler: Option<F>,
        #[pin]
        replies: Option<S>,
        stream: Arc<ServerStream>,
        context: Context,
    }
}

/// Serves a call with a stream of replies, which `handler` gives encoded.
pub(super) async fn run<F, S>(handler: F, stream: Arc<ServerStream>, context: Context)
where
    F: Future<Output = Result<S, Status>> + Send,
    S: Stream<Item = Result<Bytes, Status>> + Send,
{
    let reply = StreamReply {
        handler: Some(handler),
        replies: None,
        stream: Arc::clone(&stream),
        context: context.clone(),
    };
    let result = finish(&context, pin!(reply), None).await;
    stream.end(End {
        result: result.map(drop),
        metadata: context.take_reply_metadata(),
        executed: !context.handler_start().is_refused(),
    });
}

/// Serves a call with a stream of requests and one reply.
pub(super) async fn run_to_reply<R>(reply: R, stream: Arc<ServerStream>, context: Context)
where
    R: ReplyFuture,
{
    let result = finish(&context, pin!(reply), None).await;
    stream.complete(completion(stream.id(), result, &context, stream.packing()));
}

impl<F, S> ReplyFuture for StreamReply<F, S>
where
    F: Future<Output = Result<S, Status>> + Send,
    S: Stream<Item = Result<Bytes, Status>> + Send,
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
            this.stream.send_headers(this.context.take_reply_headers());
        }
        loop {
            ready!(this.stream.poll_ready(cx));
            let Some(replies) = this.replies.as_mut().as_pin_mut() else {
                return Poll::Ready(Ok(()));
            };
            match ready!(replies.poll_next(cx)) {
                Some(Ok(reply)) => this.stream.send(match this.context.may_compress() {
                    true => this.stream.packing().reply(reply),
                    false => reply.into(),
                }),
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
