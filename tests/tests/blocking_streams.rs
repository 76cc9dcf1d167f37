//! Streams of handlers that block are made on the worker pool, on one thread from the handler's
//! beginning to the stream's end. Each test has one thread for everything else.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::future::Future;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use futures_core::Stream;
use rpc_runtime::{Code, Context, Metadata, Server, Status, Streaming, WorkerPool, rpc_service};
use rpc_tests::streams::{CountRequest, Number, Streams, StreamsAsyncClientProxy};
use rpc_tests::{LIMIT, channel, within_blocking};
use tokio::runtime::Builder;

/// Meant to be found in a message of the panic.
const UNLUCKY: u64 = 13;

/// Counts as it is told to, and blocks in between.
struct Teller {
    told: Mutex<Option<mpsc::Receiver<Result<Number, Status>>>>,
    timeout: Duration,
}

#[rpc_service(unimplemented)]
impl Streams for Teller {
    #[rpc(blocking, limit = 1, timeout = self.timeout)]
    async fn count(
        &self,
        cx: Context,
        _: CountRequest,
    ) -> Result<impl Stream<Item = Result<Number, Status>> + Send + 'static, Status> {
        let mut metadata = Metadata::new();
        metadata.insert("counts", "when told").unwrap();
        cx.set_reply_metadata(metadata);
        let told = self.told.lock().unwrap().take();
        let told = told.ok_or_else(|| Status::not_found("nobody tells"))?;
        let numbers = told.into_iter().inspect(|number| {
            assert!(number.as_ref().map_or(0, |number| number.value) != UNLUCKY);
        });
        Ok(tokio_stream::iter(numbers))
    }
}

/// Runs a test, and fails if it is the one thread that blocks.
fn on_one_thread(test: impl Future<Output = ()> + Send + 'static) {
    within_blocking(LIMIT, || {
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(test);
    });
}

/// A call that the test tells what to count.
struct Telling {
    pool: WorkerPool,
    streams: StreamsAsyncClientProxy,
    numbers: Streaming<Number>,
    teller: mpsc::Sender<Result<Number, Status>>,
}

impl Telling {
    async fn start() -> Self {
        Self::start_with(LIMIT).await
    }

    async fn start_with(timeout: Duration) -> Self {
        let pool = WorkerPool::new(1);
        let (teller, told) = mpsc::channel();
        let service = Teller {
            told: Mutex::new(Some(told)),
            timeout,
        };
        let server = Server::new().service(service).worker_pool(pool.clone());
        let bound = server.bind("127.0.0.1:0").await.unwrap();
        let address = bound.local_addr().to_string();
        tokio::spawn(bound.serve());
        let streams = StreamsAsyncClientProxy::connect(address).await.unwrap();
        let numbers = streams.count(CountRequest::default()).await.unwrap();
        Telling {
            pool,
            streams,
            numbers,
            teller,
        }
    }

    fn tell(&self, value: u64) {
        self.teller.send(Ok(Number { value })).unwrap();
    }

    /// Waits until so many threads are taken.
    async fn until_active(pool: &WorkerPool, active: usize) {
        while pool.stats().active != active {
            tokio::task::yield_now().await;
        }
    }
}

#[test]
fn a_stream_that_blocks_holds_up_nobody() {
    on_one_thread(async {
        let mut telling = Telling::start().await;
        // The handler has given its stream, which blocks.
        let headers = telling.numbers.headers().await.unwrap();
        assert_eq!(headers.get("counts"), Some("when told"));
        assert_eq!(telling.pool.stats().active, 1);
        let (_sender, requests) = channel(1);
        let status = telling.streams.sum(requests).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
        for value in 1..=3 {
            telling.tell(value);
            let number = telling.numbers.message().await.unwrap();
            assert_eq!(number, Some(Number { value }));
        }
        drop(telling.teller);
        assert_eq!(telling.numbers.message().await.unwrap(), None);
        Telling::until_active(&telling.pool, 0).await;
    });
}

#[test]
fn its_messages_come_in_their_order_and_all_before_its_error() {
    on_one_thread(async {
        let mut telling = Telling::start().await;
        (0..1000).for_each(|value| telling.tell(value + UNLUCKY + 1));
        telling.teller.send(Err(Status::aborted("enough"))).unwrap();
        for value in 0..1000 {
            let number = telling.numbers.message().await.unwrap().unwrap();
            assert_eq!(number.value, value + UNLUCKY + 1);
        }
        let status = telling.numbers.message().await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Aborted, "enough"));
        Telling::until_active(&telling.pool, 0).await;

        // Without a stream it is the handler's error.
        let again = telling.streams.count(CountRequest::default());
        let status = again.await.unwrap().message().await.unwrap_err();
        assert_eq!(status.message(), "nobody tells");
    });
}

#[test]
fn its_panic_ends_the_call_only() {
    on_one_thread(async {
        let mut telling = Telling::start().await;
        telling.tell(UNLUCKY);
        let status = telling.numbers.message().await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        Telling::until_active(&telling.pool, 0).await;
        let again = telling.streams.count(CountRequest::default());
        let status = again.await.unwrap().message().await.unwrap_err();
        assert_eq!(status.code(), Code::NotFound);
    });
}

#[test]
fn a_cancelled_stream_gives_its_thread_back_when_it_next_does_not_block() {
    on_one_thread(async {
        let mut telling = Telling::start().await;
        telling.tell(1);
        telling.numbers.message().await.unwrap();
        drop(telling.numbers);
        // The server knows of it by now.
        let (_sender, requests) = channel(1);
        telling.streams.sum(requests).await.unwrap_err();
        assert_eq!(telling.pool.stats().active, 1);
        telling.teller.send(Ok(Number::default())).unwrap();
        Telling::until_active(&telling.pool, 0).await;
    });
}

#[test]
fn its_timeout_ends_the_call_although_it_blocks_and_its_limit_counts_it_on() {
    on_one_thread(async {
        let mut telling = Telling::start_with(Duration::from_millis(50)).await;
        let status = telling.numbers.message().await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert!(status.message().contains("50ms"), "{status}");
        let again = telling.streams.count(CountRequest::default());
        let status = again.await.unwrap().message().await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert!(status.message().contains("its limit allows, 1"), "{status}");

        telling.tell(1);
        Telling::until_active(&telling.pool, 0).await;
    });
}
