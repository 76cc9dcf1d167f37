//! A stream of messages.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use rpc_wire::session::MessageBody;
use rpc_wire::{Metadata, Status};

#[cfg(feature = "grpc")]
use crate::grpc::batch::Batch;

/// Where the encoded messages of a stream come from.
pub(crate) trait MessageSource: Send {
    /// The next message; `None` when the stream has ended well.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Status>>;

    /// As [`poll_message`](Self::poll_message) for who reads the message at once: a small one need not have bytes
    /// of its own.
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<MessageBody<'_>>, Status>> {
        let message = ready!(self.poll_message(cx))?;
        Poll::Ready(Ok(message.map(MessageBody::Shared)))
    }

    /// Adds messages to `batch` until it has no room for more; true if the stream has ended well. When messages have
    /// to be waited for, it may hold some already.
    #[cfg(feature = "grpc")]
    fn poll_batch(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Batch,
    ) -> Poll<Result<bool, Status>> {
        batch_bodies(self, cx, batch)
    }

    /// What was sent ahead of the messages.
    fn poll_headers(&mut self, cx: &mut Context<'_>) -> Poll<Result<Metadata, Status>>;

    /// What came with the end.
    fn trailers(&self) -> Option<Metadata>;

    /// Whether the message that was given last had arrived compressed.
    fn was_compressed(&self) -> bool {
        false
    }

    /// A message is none, and nothing more is read; gives the status as the reader is to see it.
    fn give_up(&mut self, status: Status) -> Status {
        status
    }
}

/// Adds the messages of a source to `batch`, one by one: [`MessageSource::poll_batch`] of those that do not know better.
#[cfg(feature = "grpc")]
pub(crate) fn batch_bodies(
    source: &mut (impl MessageSource + ?Sized),
    cx: &mut Context<'_>,
    batch: &mut Batch,
) -> Poll<Result<bool, Status>> {
    while let Some(message) = ready!(source.poll_body(cx))? {
        if !batch.push(message)? {
            return Poll::Ready(Ok(false));
        }
    }
    Poll::Ready(Ok(true))
}

/// A stream of messages from the peer.
///
/// It ends with `None` only if the peer ended it well. Any other end is an error before that,
/// which says whose it was: the status the peer chose, CANCELLED, DEADLINE_EXCEEDED, or
/// UNAVAILABLE when the connection was lost.
///
/// At a client, dropping it before its end cancels the call.
///
/// ```
/// # async fn example(mut numbers: rpc_runtime::Streaming<u32>) -> Result<(), rpc_runtime::Status> {
/// while let Some(number) = numbers.message().await? {
///     println!("{number}");
/// }
/// # Ok(()) }
/// ```
pub struct Streaming<T> {
    source: Box<dyn MessageSource>,
    decode: fn(MessageBody<'_>) -> Result<T, Status>,
    /// The peer's end of the stream was seen.
    ended: bool,
}

impl<T> Streaming<T> {
    pub(crate) fn new(
        source: Box<dyn MessageSource>,
        decode: fn(MessageBody<'_>) -> Result<T, Status>,
    ) -> Self {
        Streaming {
            source,
            decode,
            ended: false,
        }
    }

    /// The next message; `None` at the end of the stream.
    ///
    /// # Errors
    ///
    /// How the stream ended, if it did not end well, or why the message is none.
    ///
    /// # Cancel safety
    ///
    /// A dropped future loses no message.
    pub async fn message(&mut self) -> Result<Option<T>, Status> {
        poll_fn(|cx| self.poll_message(cx)).await
    }

    /// The metadata that the server sent ahead of its messages. For the requests of a call they
    /// are empty: see [`Context::metadata`](crate::Context::metadata).
    ///
    /// # Errors
    ///
    /// How the stream ended, if it ended before the server sent any.
    ///
    /// # Cancel safety
    ///
    /// A dropped future loses nothing.
    pub async fn headers(&mut self) -> Result<Metadata, Status> {
        poll_fn(|cx| self.source.poll_headers(cx)).await
    }

    /// The metadata that came with the end of the stream, once it has ended well.
    pub fn trailers(&self) -> Option<Metadata> {
        self.source.trailers().filter(|_| self.ended)
    }

    /// Whether the message that was given last had arrived compressed.
    pub fn was_compressed(&self) -> bool {
        self.source.was_compressed()
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<T>, Status>> {
        if self.ended {
            return Poll::Ready(Ok(None));
        }
        let message = ready!(self.source.poll_body(cx));
        let message = match message.map(|message| message.map(self.decode)) {
            Ok(Some(Err(status))) => Err(self.source.give_up(status)),
            Ok(Some(Ok(message))) => Ok(Some(message)),
            Ok(None) => Ok(None),
            Err(status) => Err(status),
        };
        self.ended = !matches!(message, Ok(Some(_)));
        Poll::Ready(message)
    }
}

impl<T> Stream for Streaming<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_message(cx).map(Result::transpose)
    }
}

impl<T> fmt::Debug for Streaming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming")
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
