//! Streams of replies that are made on a thread of the worker pool.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context as Poller, Poll, ready};

use futures_core::Stream;
use rpc_wire::Status;
use tokio::sync::mpsc;

use super::workers::{Running, Thread};
use crate::call::Context;

/// Replies that a thread may be ahead of its call.
const AHEAD: usize = 1;

/// The replies of a handler that blocks, which runs on a thread of its own until they end. Dropped,
/// the handler ends where it next awaits something.
pub(super) struct BlockingStream<M> {
    /// `None` is the first, and says that the handler has given its stream.
    replies: mpsc::Receiver<Option<M>>,
    /// Ends after the last of them, with the error of the stream, if any.
    handler: Running<()>,
}

impl<M: Send + 'static> BlockingStream<M> {
    /// Runs `handler`, and then its stream, on `thread`.
    ///
    /// # Errors
    ///
    /// The handler's, if that gives no stream.
    pub(super) async fn start<F, S>(
        thread: Thread,
        context: Context,
        handler: F,
    ) -> Result<Self, Status>
    where
        F: Future<Output = Result<S, Status>> + Send + 'static,
        S: Stream<Item = Result<M, Status>> + Send + 'static,
    {
        let (sender, mut replies) = mpsc::channel(AHEAD);
        let handler = thread.run(context, async move {
            let mut stream = pin!(handler.await?);
            let mut next = None;
            // If nobody receives them the call has ended.
            while sender.send(next).await.is_ok() {
                next = match poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                    Some(reply) => Some(reply?),
                    None => break,
                };
            }
            Ok(())
        });
        match replies.recv().await {
            Some(_) => Ok(BlockingStream { replies, handler }),
            None => Err(handler.await.err().unwrap_or_else(without_a_stream)),
        }
    }
}

/// A handler that succeeds gives a stream, so nobody meets this.
fn without_a_stream() -> Status {
    Status::internal("a handler ended without a stream")
}

impl<M> Stream for BlockingStream<M> {
    type Item = Result<M, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<Self::Item>> {
        match ready!(self.replies.poll_recv(cx)) {
            Some(reply) => Poll::Ready(reply.map(Ok)),
            // A panic is passed on.
            None => Pin::new(&mut self.handler)
                .poll(cx)
                .map(|ended| ended.err().map(Err)),
        }
    }
}
