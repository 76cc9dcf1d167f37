//! A service with streams.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context as Poller, Poll};

use futures_core::Stream;
use rpc_runtime::{Code, Context, Metadata, Status, Streaming, rpc_service};
use tokio::sync::mpsc;

use crate::streams::{Chunk, CountRequest, Number, Streams};

/// Serves the streams of the tests.
#[derive(Clone, Debug, Default)]
pub struct TestStreams {
    /// Streams of replies that are alive.
    pub alive: Arc<AtomicUsize>,
}

/// A channel whose receiver is a stream.
pub fn channel<T>(size: usize) -> (mpsc::Sender<T>, Received<T>) {
    let (sender, receiver) = mpsc::channel(size);
    (sender, Received(receiver))
}

/// A receiver as a stream.
#[derive(Debug)]
pub struct Received<T>(mpsc::Receiver<T>);

impl<T> Stream for Received<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<T>> {
        self.0.poll_recv(cx)
    }
}

/// The numbers that a request asks for.
struct Counter {
    request: CountRequest,
    next: u64,
    alive: Arc<AtomicUsize>,
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Stream for Counter {
    type Item = Result<Number, Status>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Poller<'_>) -> Poll<Option<Self::Item>> {
        if self.next <= self.request.up_to {
            let value = self.next;
            self.next += 1;
            return Poll::Ready(Some(Ok(Number { value })));
        }
        assert!(!self.request.panics, "counted too far");
        match Code::from_value(self.request.code) {
            _ if self.request.hangs => Poll::Pending,
            Code::Ok => Poll::Ready(None),
            code => Poll::Ready(Some(Err(Status::new(code, "counted far enough")))),
        }
    }
}

#[rpc_service]
impl Streams for TestStreams {
    async fn count(
        &self,
        cx: Context,
        request: CountRequest,
    ) -> Result<impl Stream<Item = Result<Number, Status>> + Send + 'static, Status> {
        let mut metadata = Metadata::new();
        metadata
            .insert("counts", "from one")
            .map_err(|error| Status::internal(error.to_string()))?;
        cx.set_reply_metadata(metadata);
        self.alive.fetch_add(1, Ordering::SeqCst);
        let alive = Arc::clone(&self.alive);
        Ok(Counter {
            request,
            next: 1,
            alive,
        })
    }

    async fn sum(&self, _cx: Context, mut requests: Streaming<Number>) -> Result<Number, Status> {
        let mut sum = 0;
        while let Some(number) = requests.message().await? {
            if number.value == u64::MAX {
                return Err(Status::out_of_range("too large to add"));
            }
            sum += number.value;
        }
        Ok(Number { value: sum })
    }

    async fn chat(
        &self,
        _cx: Context,
        requests: Streaming<Chunk>,
    ) -> Result<impl Stream<Item = Result<Chunk, Status>> + Send + 'static, Status> {
        Ok(requests)
    }
}
