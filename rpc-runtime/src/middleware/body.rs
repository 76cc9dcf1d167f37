//! The messages of a call in one direction, encoded.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use rpc_wire::session::{Encoded, MessageBody};
use rpc_wire::{Metadata, Status};

use super::record::Meter;
use crate::call::MessageSource;
#[cfg(feature = "grpc")]
use crate::call::batch_bodies;
use crate::compression::Decompression;
#[cfg(feature = "grpc")]
use crate::grpc::batch::Batch;

/// The messages of a call in one direction, encoded: one, or a stream of them.
///
/// It is a stream in either case, which gives one message where there is but one. What arrived
/// compressed is decompressed when it is asked for, and not before.
pub struct Body {
    kind: Kind,
    /// Where messages are counted that are taken.
    meter: Option<Arc<Meter>>,
}

enum Kind {
    One(One),
    /// The only message was taken, which had or had not arrived compressed.
    Taken {
        compressed: bool,
    },
    /// The lock is never taken: it lets references to requests be shared between threads.
    Stream(Mutex<Box<dyn MessageSource>>),
}

/// The only message, as it arrived, and as its codec wants it once it was asked for.
struct One {
    arrived: Encoded,
    /// `None` where there is nothing left to decompress.
    decompression: Option<Decompression>,
    plain: OnceLock<Result<Bytes, Status>>,
}

impl One {
    fn plain(&self) -> Result<Bytes, Status> {
        let plain = self.plain.get_or_init(|| match &self.decompression {
            Some(decompression) => decompression.undo(self.arrived.clone()),
            None => Ok(self.arrived.bytes.clone()),
        });
        plain.clone()
    }
}

impl Body {
    /// One message.
    pub fn message(encoded: impl Into<Bytes>) -> Self {
        Self::received(encoded.into().into(), None)
    }

    /// A stream of messages. An error ends it, and the call with it.
    pub fn stream(messages: impl Stream<Item = Result<Bytes, Status>> + Send + 'static) -> Self {
        Self::from_source(Streamed(Box::pin(messages)))
    }

    /// One message as it arrived.
    pub(crate) fn received(arrived: Encoded, decompression: Option<Decompression>) -> Self {
        let one = One {
            arrived,
            decompression,
            plain: OnceLock::new(),
        };
        Body {
            kind: Kind::One(one),
            meter: None,
        }
    }

    pub(crate) fn from_source(source: impl MessageSource + 'static) -> Self {
        Self::from_boxed(Box::new(source))
    }

    pub(crate) fn from_boxed(source: Box<dyn MessageSource>) -> Self {
        Body {
            kind: Kind::Stream(Mutex::new(source)),
            meter: None,
        }
    }

    /// Counts the messages that are taken.
    pub(crate) fn metered(mut self, meter: Arc<Meter>) -> Self {
        self.meter = Some(meter);
        self
    }

    /// Whether there may be any number of messages, or exactly one.
    pub fn is_stream(&self) -> bool {
        matches!(self.kind, Kind::Stream(_))
    }

    /// The same body with `change` made to each of its messages. What the peer sent ahead of the
    /// messages and behind them is kept.
    #[must_use]
    pub fn map(self, change: impl FnMut(Bytes) -> Result<Bytes, Status> + Send + 'static) -> Self {
        Self::from_source(Changed { body: self, change })
    }

    /// The only message.
    ///
    /// # Errors
    ///
    /// FAILED_PRECONDITION if there is a stream of them, or it was taken; what is wrong with a
    /// compressed one.
    pub(super) fn only_message(&self) -> Result<Bytes, Status> {
        match &self.kind {
            Kind::One(one) => one.plain(),
            Kind::Taken { .. } => Err(Status::failed_precondition("the message was taken")),
            Kind::Stream(_) => Err(Status::failed_precondition(
                "there is a stream of messages: read the body, or change it with Body::map",
            )),
        }
    }

    /// Takes the next message; `None` at the end, and behind the only one.
    ///
    /// # Errors
    ///
    /// How the stream ended, if it did not end well; what is wrong with a compressed message.
    ///
    /// # Cancel safety
    ///
    /// A dropped future loses no message.
    pub async fn next_message(&mut self) -> Result<Option<Bytes>, Status> {
        poll_fn(|cx| self.poll_message(cx)).await
    }

    /// Takes the message of a body that is to have exactly one.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(crate) async fn take_message(&mut self) -> Result<Bytes, Status> {
        let message = self.next_message().await?;
        message.ok_or_else(|| Status::internal("an interceptor gave a body without a message"))
    }

    /// A copy, if there is exactly one message.
    pub(super) fn try_clone(&self) -> Option<Self> {
        let Kind::One(one) = &self.kind else {
            return None;
        };
        let copy = One {
            arrived: one.arrived.clone(),
            decompression: one.decompression,
            plain: one.plain.clone(),
        };
        Some(Body {
            kind: Kind::One(copy),
            meter: self.meter.clone(),
        })
    }

    /// The metadata that came behind a stream of replies, once it has ended; `None` if there is no such
    /// stream.
    pub fn trailers(&self) -> Option<Metadata> {
        MessageSource::trailers(self)
    }

    fn source(&mut self) -> Option<&mut dyn MessageSource> {
        match &mut self.kind {
            Kind::Stream(source) => {
                let source = source.get_mut().unwrap_or_else(PoisonError::into_inner);
                Some(&mut **source)
            }
            _ => None,
        }
    }
}

impl MessageSource for Body {
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        let message = ready!(self.poll_body(cx))?;
        Poll::Ready(Ok(message.map(MessageBody::into_bytes)))
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<MessageBody<'_>>, Status>> {
        let Body { kind, meter } = self;
        let message = match kind {
            Kind::Stream(source) => {
                let source = source.get_mut().unwrap_or_else(PoisonError::into_inner);
                ready!(source.poll_body(cx))?
            }
            Kind::One(one) => {
                let message = one.plain();
                let compressed = one.arrived.compressed;
                *kind = Kind::Taken { compressed };
                Some(message?.into())
            }
            Kind::Taken { .. } => None,
        };
        if let (Some(message), Some(meter)) = (&message, meter) {
            meter.count(message.len());
        }
        Poll::Ready(Ok(message))
    }

    #[cfg(feature = "grpc")]
    fn poll_batch(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Batch,
    ) -> Poll<Result<bool, Status>> {
        if self.meter.is_none()
            && let Some(source) = self.source()
        {
            return source.poll_batch(cx, batch);
        }
        batch_bodies(self, cx, batch)
    }

    fn poll_headers(&mut self, cx: &mut Context<'_>) -> Poll<Result<Metadata, Status>> {
        match self.source() {
            Some(source) => source.poll_headers(cx),
            None => Poll::Ready(Ok(Metadata::new())),
        }
    }

    fn trailers(&self) -> Option<Metadata> {
        match &self.kind {
            Kind::Stream(source) => source
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .trailers(),
            _ => None,
        }
    }

    fn was_compressed(&self) -> bool {
        match &self.kind {
            Kind::Stream(source) => source
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .was_compressed(),
            Kind::Taken { compressed } => *compressed,
            Kind::One(_) => false,
        }
    }

    fn give_up(&mut self, status: Status) -> Status {
        match self.source() {
            Some(source) => source.give_up(status),
            None => status,
        }
    }
}

impl Stream for Body {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_message(cx).map(Result::transpose)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::One(_) => "Message",
            Kind::Taken { .. } => "Taken",
            Kind::Stream(_) => "Stream",
        })
    }
}

/// Messages that do not come from a peer, or whose peer has nothing more to say.
struct Streamed<S>(Pin<Box<S>>);

impl<S> MessageSource for Streamed<S>
where
    S: Stream<Item = Result<Bytes, Status>> + Send,
{
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        self.0.as_mut().poll_next(cx).map(Option::transpose)
    }

    fn poll_headers(&mut self, _: &mut Context<'_>) -> Poll<Result<Metadata, Status>> {
        Poll::Ready(Ok(Metadata::new()))
    }

    fn trailers(&self) -> Option<Metadata> {
        None
    }
}

/// A body whose messages are changed.
struct Changed<F> {
    body: Body,
    change: F,
}

impl<F> MessageSource for Changed<F>
where
    F: FnMut(Bytes) -> Result<Bytes, Status> + Send,
{
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        let message = ready!(self.body.poll_message(cx))?;
        let changed = message.map(&mut self.change).transpose();
        Poll::Ready(changed.map_err(|status| self.body.give_up(status)))
    }

    fn poll_headers(&mut self, cx: &mut Context<'_>) -> Poll<Result<Metadata, Status>> {
        self.body.poll_headers(cx)
    }

    fn trailers(&self) -> Option<Metadata> {
        self.body.trailers()
    }

    fn was_compressed(&self) -> bool {
        self.body.was_compressed()
    }

    fn give_up(&mut self, status: Status) -> Status {
        self.body.give_up(status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::middleware::{Request, Response};

    #[test]
    fn references_may_be_held_while_an_interceptor_waits() {
        fn shared<T: Send + Sync>() {}
        shared::<Request>();
        shared::<Response>();
    }

    #[test]
    fn the_only_message_can_be_looked_at_often_and_taken_once() {
        let mut body = Body::message("message");
        let mut cx = Context::from_waker(std::task::Waker::noop());
        for _ in 0..2 {
            assert_eq!(body.only_message().unwrap(), "message");
        }
        let taken = body.poll_message(&mut cx);
        assert!(matches!(taken, Poll::Ready(Ok(Some(message))) if message == "message"));
        let nothing = body.poll_message(&mut cx);
        assert!(matches!(nothing, Poll::Ready(Ok(None))));
        assert!(body.only_message().is_err());
    }
}
