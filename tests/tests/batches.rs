//! Batches: many calls sent together, with a result for each.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use rpc_runtime::{Batch, Code};
use rpc_tests::probe::{Failure, Payload, ProbeAsyncClientProxy, ProbeClientProxy, Size};
use rpc_tests::{LIMIT, TestServer, within, within_blocking};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

fn payload(number: usize) -> Payload {
    Payload {
        data: number.to_string().into(),
    }
}

fn not_found() -> Failure {
    Failure {
        code: Code::NotFound.value(),
        message: "nothing here".into(),
        ..Failure::default()
    }
}

/// A TCP stream that counts the writes to it.
struct Counted {
    stream: TcpStream,
    writes: Arc<AtomicUsize>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn results_come_in_the_order_of_the_calls_and_one_that_fails_harms_no_other() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let mut batch = Batch::new();
        for number in 0..100 {
            batch.push_map(client.echo(payload(number)), Some);
        }
        batch.push_map(client.fail(not_found()), |()| None);
        batch.push_map(client.echo(payload(101)), Some);
        assert_eq!(batch.len(), 102);
        let results = batch.all().await;
        for (number, result) in results.into_iter().enumerate() {
            match result {
                Ok(reply) => assert_eq!(reply, Some(payload(number))),
                Err(status) => {
                    assert_eq!((number, status.code()), (100, Code::NotFound));
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_batch_leaves_in_one_write() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let (address, writes) = (server.socket_addr(), Arc::<AtomicUsize>::default());
        let counter = Arc::clone(&writes);
        let client = ProbeAsyncClientProxy::connect_with(move || {
            let writes = Arc::clone(&counter);
            async move {
                let stream = TcpStream::connect(address).await?;
                Ok(Counted { stream, writes })
            }
        });
        let client = client.await.unwrap();
        client.echo(payload(0)).await.unwrap();

        let before = writes.load(Ordering::Relaxed);
        let batch: Batch<Payload> = (0..100)
            .map(|number| client.echo(payload(number)))
            .collect();
        assert_eq!(writes.load(Ordering::Relaxed), before);
        let results = batch.all().await;
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        assert_eq!(writes.load(Ordering::Relaxed), before + 1);
    })
    .await;
}

#[tokio::test]
async fn results_are_given_as_their_calls_end() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let batch: Batch<Payload> = (0..3).map(|number| client.hold(payload(number))).collect();
        let mut results = batch.each();
        for number in [1, 2, 0] {
            server.probe.release(number.to_string());
            let (place, result) = results.next().await.unwrap();
            assert_eq!((place, result.unwrap()), (number, payload(number)));
        }
        assert!(results.next().await.is_none());
    })
    .await;
}

#[tokio::test]
async fn all_calls_are_sent_when_the_first_result_is_asked_for() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let mut batch = Batch::new();
        // It ends without being sent, before the others are.
        let too_late = client.echo(payload(0)).timeout(std::time::Duration::ZERO);
        batch.push(too_late);
        batch.extend((1..3).map(|number| client.hold(payload(number))));
        let mut results = batch.each();
        let (place, result) = results.next().await.unwrap();
        assert_eq!(
            (place, result.unwrap_err().code()),
            (0, Code::DeadlineExceeded)
        );
        server.probe.until_running(2).await;
    })
    .await;
}

#[tokio::test]
async fn dropping_the_results_cancels_the_calls_that_have_not_ended() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let batch: Batch<Payload> = (0..10).map(|number| client.hold(payload(number))).collect();
        let mut results = batch.each();
        server.probe.release("7");
        assert_eq!(results.next().await.unwrap().0, 7);
        drop(results);
        let counts = server.probe.until_running(0).await;
        assert_eq!((counts.finished, counts.dropped), (1, 9));
    })
    .await;
}

#[test]
fn code_that_is_not_async_waits_for_all_or_for_each() {
    within_blocking(LIMIT, || {
        let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
        let server = runtime.block_on(TestServer::start());
        let client = ProbeClientProxy::connect(server.address()).unwrap();
        let calls = client.calls();
        let echoes = || (0..10).map(|number| calls.echo(payload(number)));

        let results = echoes().collect::<Batch<_>>().wait().unwrap();
        let replies: Vec<_> = results.into_iter().map(Result::unwrap).collect();
        assert_eq!(replies, (0..10).map(payload).collect::<Vec<_>>());

        let mut places = Vec::new();
        for (place, result) in echoes().collect::<Batch<_>>().wait_each().unwrap() {
            assert_eq!(result.unwrap(), payload(place));
            places.push(place);
        }
        places.sort_unstable();
        assert_eq!(places, (0..10).collect::<Vec<_>>());
    });
}

#[tokio::test]
async fn waiting_where_the_calls_could_never_end_is_an_error_and_sends_nothing() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let batch = || [client.echo(payload(0))].into_iter().collect::<Batch<_>>();
        assert_eq!(batch().wait().unwrap_err().code(), Code::FailedPrecondition);
        let status = batch().wait_each().unwrap_err();
        assert_eq!(status.code(), Code::FailedPrecondition);
        server.settle().await;
        assert_eq!(server.probe.counts().started, 0);
    })
    .await;
}

/// More calls than there are streams, of several methods, and replies of several frames.
#[tokio::test]
async fn a_batch_may_be_larger_than_what_a_connection_takes_at_a_time() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.max_concurrent_streams(100)).await;
        let client = server.client().await;
        let mut batch = Batch::new();
        for number in 0..10_000 {
            match number % 2 {
                0 => batch.push(client.echo(payload(number))),
                _ => batch.push(client.produce(Size { bytes: 100 })),
            }
        }
        let mut ended = 0;
        let mut results = batch.each();
        while let Some((place, result)) = results.next().await {
            let data = result.unwrap().data;
            match place % 2 {
                0 => assert_eq!(data, payload(place).data),
                _ => assert_eq!(data.len(), 100),
            }
            ended += 1;
        }
        assert_eq!(ended, 10_000);
    })
    .await;
}
