//! Handlers with streams.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Poller, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use pin_project_lite::pin_project;
use rpc_wire::session::{MessageBody, SHARE_BODY_FROM, message_cost};
use rpc_wire::{Metadata, Status, memory};

use super::reply::{ReplyFuture, not_encoded};
use super::run::{completion, finish};
use crate::call::{Checks, Context, MessageSource};
use crate::codec::Codec;
use crate::connection::messages::{Messages, READ_STEP};
use crate::connection::server_streams::{End, ServerStream};
#[cfg(feature = "grpc")]
use crate::grpc::batch::Batch;
use crate::middleware::Body;

/// Replies that are handed over to the connection together, if their handler gives them without waiting.
const MAX_TOGETHER: usize = 32;

/// What these may cost.
const MAX_COST_TOGETHER: u64 = 16 * 1024;

/// The requests of a call, as its handler reads them.
pub(super) struct Requests {
    stream: Arc<ServerStream>,
    /// Requests that were taken from the stream and not read yet.
    taken: Messages,
    /// What those cost that were read since.
    read: u64,
    /// The last of them had arrived compressed.
    compressed: bool,
}

impl Requests {
    pub(super) fn new(stream: Arc<ServerStream>) -> Self {
        Requests {
            stream,
            taken: Messages::default(),
            read: 0,
            compressed: false,
        }
    }
}

impl MessageSource for Requests {
    fn poll_message(&mut self, cx: &mut Poller<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        let request = ready!(self.poll_body(cx))?;
        Poll::Ready(Ok(request.map(MessageBody::into_bytes)))
    }

    fn poll_body(&mut self, cx: &mut Poller<'_>) -> Poll<Result<Option<MessageBody<'_>>, Status>> {
        let Requests {
            stream,
            taken,
            read,
            compressed,
        } = self;
        let asks = taken.is_empty() || *read >= READ_STEP;
        if asks && !ready!(stream.poll_requests(read, taken, cx))? {
            return Poll::Ready(Ok(None));
        }
        let request = taken.pop_compressed();
        *compressed = request.is_some();
        if let Some(request) = request {
            *read += message_cost(request.bytes.len());
            let request = stream.packing().requests.undo(request)?;
            return Poll::Ready(Ok(Some(request.into())));
        }
        let request = taken.pop().map(|request| request.body);
        *read += request.as_ref().map_or(0, |body| message_cost(body.len()));
        Poll::Ready(Ok(request))
    }

    fn poll_headers(&mut self, _: &mut Poller<'_>) -> Poll<Result<Metadata, Status>> {
        Poll::Ready(Ok(Metadata::new()))
    }

    fn trailers(&self) -> Option<Metadata> {
        None
    }

    fn was_compressed(&self) -> bool {
        self.compressed
    }
}

/// Requests that are checked ahead of the handler, which decodes each once more.
pub(super) struct Checked<S, M> {
    pub(super) requests: S,
    pub(super) decode: fn(MessageBody<'_>) -> Result<M, Status>,
    pub(super) checks: Checks,
}

impl<S: MessageSource, M: 'static> MessageSource for Checked<S, M> {
    fn poll_message(&mut self, cx: &mut Poller<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        let request = ready!(self.requests.poll_message(cx))?;
        if let Some(request) = &request {
            self.checks.run(&(self.decode)(request.clone().into())?)?;
        }
        Poll::Ready(Ok(request))
    }

    fn poll_headers(&mut self, cx: &mut Poller<'_>) -> Poll<Result<Metadata, Status>> {
        self.requests.poll_headers(cx)
    }

    fn trailers(&self) -> Option<Metadata> {
        self.requests.trailers()
    }

    fn was_compressed(&self) -> bool {
        self.requests.was_compressed()
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

/// A stream of encoded replies.
pub(super) trait EncodedReplies {
    /// The next reply. A small one need not have bytes of its own.
    fn poll_body(
        self: Pin<&mut Self>,
        cx: &mut Poller<'_>,
    ) -> Poll<Option<Result<MessageBody<'_>, Status>>>;
}

impl<C, S, M> EncodedReplies for Replies<C, S>
where
    S: Stream<Item = Result<M, Status>>,
    C: Codec<M>,
{
    fn poll_body(
        self: Pin<&mut Self>,
        cx: &mut Poller<'_>,
    ) -> Poll<Option<Result<MessageBody<'_>, Status>>> {
        let this = self.project();
        let message = match ready!(this.messages.poll_next(cx)) {
            Some(Ok(message)) => message,
            ended => {
                return Poll::Ready(ended.map(|ended| ended.map(|_| MessageBody::Borrowed(&[]))));
            }
        };
        let buffer = this.buffer;
        buffer.clear();
        memory::reserve(buffer, C::size_hint(&message));
        Poll::Ready(Some(match C::encode(&message, buffer) {
            Ok(()) if buffer.len() >= SHARE_BODY_FROM => Ok(memory::take_message(buffer).into()),
            Ok(()) => Ok(MessageBody::Borrowed(buffer)),
            Err(error) => Err(not_encoded(error)),
        }))
    }
}

/// For whoever takes replies in the place of a connection.
impl<C, S, M> MessageSource for Pin<Box<Replies<C, S>>>
where
    S: Stream<Item = Result<M, Status>> + Send,
    C: Codec<M>,
{
    fn poll_message(&mut self, cx: &mut Poller<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        let reply = ready!(MessageSource::poll_body(self, cx))?;
        Poll::Ready(Ok(reply.map(MessageBody::into_bytes)))
    }

    fn poll_body(&mut self, cx: &mut Poller<'_>) -> Poll<Result<Option<MessageBody<'_>>, Status>> {
        self.as_mut().poll_body(cx).map(Option::transpose)
    }

    #[cfg(feature = "grpc")]
    fn poll_batch(&mut self, cx: &mut Poller<'_>, batch: &mut Batch) -> Poll<Result<bool, Status>> {
        let mut messages = self.as_mut().project().messages;
        while let Some(message) = ready!(messages.as_mut().poll_next(cx)) {
            let message = message?;
            let encode = |buffer: &mut BytesMut| C::encode(&message, buffer).map_err(not_encoded);
            if !batch.encode(C::size_hint(&message), encode)? {
                return Poll::Ready(Ok(false));
            }
        }
        Poll::Ready(Ok(true))
    }

    fn poll_headers(&mut self, _: &mut Poller<'_>) -> Poll<Result<Metadata, Status>> {
        Poll::Ready(Ok(Metadata::new()))
    }

    fn trailers(&self) -> Option<Metadata> {
        None
    }
}

impl EncodedReplies for Body {
    fn poll_body(
        self: Pin<&mut Self>,
        cx: &mut Poller<'_>,
    ) -> Poll<Option<Result<MessageBody<'_>, Status>>> {
        MessageSource::poll_body(self.get_mut(), cx).map(Result::transpose)
    }
}

pin_project! {
    /// A handler that answers with a stream, and then that stream of encoded messages.
    struct StreamReply<F, S> {
        #[pin]
        handler: Option<F>,
        #[pin]
        replies: Option<S>,
        // Replies that were not handed over yet.
        ready: Messages,
        stream: Arc<ServerStream>,
        context: Context,
    }
}

/// Serves a call with a stream of replies, which `handler` gives encoded.
pub(super) async fn run<F, S>(handler: F, stream: Arc<ServerStream>, context: Context)
where
    F: Future<Output = Result<S, Status>> + Send,
    S: EncodedReplies + Send,
{
    let reply = StreamReply {
        handler: Some(handler),
        replies: None,
        ready: Messages::default(),
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
    S: EncodedReplies + Send,
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
            let Some(replies) = this.replies.as_mut().as_pin_mut() else {
                return Poll::Ready(Ok(()));
            };
            if this.ready.is_empty() {
                ready!(this.stream.poll_ready(cx));
            }
            let ended = match replies.poll_body(cx) {
                Poll::Ready(Some(Ok(reply))) => {
                    let packing = this.stream.packing();
                    match packing.wants(reply.len()) && this.context.may_compress() {
                        true => this.ready.push(packing.reply(reply.into_bytes()).into()),
                        false => this.ready.push(reply.into()),
                    }
                    let cost = this.ready.cost();
                    if this.ready.len() >= MAX_TOGETHER || cost >= MAX_COST_TOGETHER {
                        this.stream.send(this.ready);
                    }
                    continue;
                }
                Poll::Ready(Some(Err(status))) => Poll::Ready(Err(status)),
                Poll::Ready(None) => Poll::Ready(Ok(())),
                Poll::Pending => Poll::Pending,
            };
            if !this.ready.is_empty() {
                this.stream.send(this.ready);
            }
            return ended;
        }
    }

    fn clear(self: Pin<&mut Self>) {
        let mut this = self.project();
        if !this.ready.is_empty() {
            // What came before a panic is not lost.
            this.stream.send(this.ready);
        }
        this.handler.set(None);
        this.replies.set(None);
    }
}
