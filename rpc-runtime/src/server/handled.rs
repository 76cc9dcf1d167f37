//! Streams of replies whose methods have options.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Poller, Poll};
use std::time::Duration;

use futures_core::Stream;
use pin_project_lite::pin_project;
use rpc_wire::Status;
use tokio::time::Sleep;

use super::blocking_stream::BlockingStream;
use super::handling::{Counts, too_long};

pin_project! {
    /// A stream of replies that ends with the timeout of its call.
    pub(super) struct Handled<S, M> {
        #[pin]
        pub(super) replies: Replies<S, M>,
        #[pin]
        pub(super) timer: Option<Sleep>,
        pub(super) timeout: Duration,
    }
}

pin_project! {
    /// Where the replies are made: with their call, or on a thread of their own.
    #[project = ReplyPlace]
    pub(super) enum Replies<S, M> {
        Here { #[pin] replies: S },
        OnThread { replies: BlockingStream<M> },
    }
}

pin_project! {
    /// A stream of replies that counts as its call.
    pub(super) struct CountedReplies<S> {
        #[pin]
        replies: S,
        _counts: Counts,
    }
}

impl<S> CountedReplies<S> {
    /// Those of a handler.
    pub(super) async fn of(
        handler: impl Future<Output = Result<S, Status>>,
        counts: Counts,
    ) -> Result<Self, Status> {
        let replies = handler.await?;
        Ok(CountedReplies {
            replies,
            _counts: counts,
        })
    }
}

impl<S: Stream> Stream for CountedReplies<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<S::Item>> {
        self.project().replies.poll_next(cx)
    }
}

impl<S, M> Stream for Handled<S, M>
where
    S: Stream<Item = Result<M, Status>>,
{
    type Item = Result<M, Status>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        if let Some(timer) = this.timer.as_pin_mut()
            && timer.poll(cx).is_ready()
        {
            return Poll::Ready(Some(Err(too_long(*this.timeout))));
        }
        match this.replies.project() {
            ReplyPlace::Here { replies } => replies.poll_next(cx),
            ReplyPlace::OnThread { replies } => Pin::new(replies).poll_next(cx),
        }
    }
}
