//! One end goes away in the middle of a stream. The other never takes that for its end.

use std::pin::Pin;
use std::task::{Context as Poller, Poll};
use std::time::Duration;

use fastrand::Rng;
use rpc_runtime::{Code, Status, Streaming};
use rpc_tests::flows::{FlowsAsyncClientProxy, Order, Piece};
use rpc_tests::{LIMIT, TestFlows, TestServer, channel, piece, within};
use tokio::runtime::Runtime;
use tokio_stream::Stream;

fn order(pieces: u64) -> Order {
    Order {
        pieces,
        size: 1000,
        ..Order::default()
    }
}

/// Reads a stream to its end: what came, and how it ended.
async fn read<T>(mut replies: Streaming<T>) -> (u64, Result<(), Status>) {
    let mut read = 0;
    loop {
        match replies.message().await {
            Ok(Some(_)) => read += 1,
            Ok(None) => return (read, Ok(())),
            Err(status) => return (read, Err(status)),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_ends_streams_of_all_kinds_with_unavailable() {
    within(LIMIT, async {
        let (server, flows, client) = TestFlows::serve().await;
        let address = server.address();
        let mut produced = client.produce(order(u64::MAX)).await.unwrap();
        produced.message().await.unwrap().unwrap();
        let (uploading, requests) = channel(1);
        let consumed = tokio::spawn(client.consume(requests));
        uploading.send(piece("one")).await.unwrap();
        let (talking, requests) = channel(1);
        let mut answers = client.converse(requests).await.unwrap();
        talking.send(piece("one")).await.unwrap();
        answers.message().await.unwrap().unwrap();
        flows.until(|flow| flow.consumed == 1).await;
        server.kill().await;

        let ends = [
            read(produced).await.1,
            read(answers).await.1,
            consumed.await.unwrap().map(drop),
        ];
        for end in ends {
            let status = end.unwrap_err();
            assert_eq!(status.code(), Code::Unavailable, "{status}");
            assert!(status.may_have_run(), "{status}");
            assert_eq!(status.address(), Some(&*address));
        }
        uploading.closed().await;
        talking.closed().await;
        flows.until_idle().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_moment_the_server_is_killed_at_no_stream_ends_well_before_its_end() {
    const PIECES: u64 = 2_000;
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = Rng::with_seed(seed);
    within(LIMIT, async {
        for _ in 0..20 {
            let (server, flows, client) = TestFlows::serve().await;
            let reader = tokio::spawn(async move {
                let replies = client.produce(order(PIECES)).await.unwrap();
                read(replies).await
            });
            let moment = random.u64(..PIECES);
            flows.until(|flow| flow.produced >= moment).await;
            server.kill().await;
            let (read, end) = reader.await.unwrap();
            match end {
                Ok(()) => assert_eq!(read, PIECES),
                Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status}"),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_call_that_is_dropped_mid_upload_drops_its_handler_and_its_requests() {
    within(LIMIT, async {
        let (_server, flows, client) = TestFlows::serve().await;
        let (sender, requests) = channel(1);
        let call = tokio::spawn(client.consume(requests));
        sender.send(piece("one")).await.unwrap();
        flows.until(|flow| flow.consumed == 1).await;
        call.abort();
        sender.closed().await;
        let ends = flows.until_idle().await.ends;
        assert!(ends.is_empty(), "the handler saw {ends:?}");
    })
    .await;
}

#[tokio::test]
async fn a_task_that_reads_on_behind_its_handler_sees_no_clean_end_either() {
    within(LIMIT, async {
        let (_server, flows, client) = TestFlows::serve().await;
        let (sender, requests) = channel(1);
        let call = tokio::spawn(client.delegate(requests));
        sender.send(piece("one")).await.unwrap();
        flows.until(|flow| flow.consumed == 1).await;
        call.abort();
        assert_eq!(flows.until_idle().await.ends, [Code::Cancelled]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_whose_runtime_ends_mid_upload_leaves_no_handler_behind() {
    within(LIMIT, async {
        let (server, flows, _) = TestFlows::serve().await;
        let runtime = Runtime::new().unwrap();
        let address = server.address();
        let (sender, requests) = channel(1);
        let call = runtime.spawn(async move {
            let client = FlowsAsyncClientProxy::connect(address).await?;
            client.delegate(requests).await
        });
        sender.send(piece("one")).await.unwrap();
        flows.until(|flow| flow.consumed == 1).await;
        runtime.shutdown_background();
        assert!(call.await.is_err_and(|error| error.is_cancelled()));
        assert_eq!(flows.until_idle().await.ends, [Code::Cancelled]);
    })
    .await;
}

/// Requests that panic after the first.
struct Panicking(bool);

impl Stream for Panicking {
    type Item = Piece;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Poller<'_>) -> Poll<Option<Piece>> {
        assert!(!std::mem::replace(&mut self.0, true), "on purpose");
        Poll::Ready(Some(piece("one")))
    }
}

#[tokio::test]
async fn requests_that_panic_cancel_the_call_and_are_no_clean_end_at_the_server() {
    within(LIMIT, async {
        let (_server, flows, client) = TestFlows::serve().await;
        let status = client.consume(Panicking(false)).await.unwrap_err();
        assert_eq!(status.code(), Code::Cancelled, "{status}");
        assert!(status.message().contains("panicked"), "{status}");
        let replies = client.converse(Panicking(false)).await.unwrap();
        let status = read(replies).await.1.unwrap_err();
        assert_eq!(status.code(), Code::Cancelled, "{status}");
        let status = client.delegate(Panicking(false)).await.unwrap_err();
        assert_eq!(status.code(), Code::Cancelled, "{status}");
        // The call may end before its handler is started.
        let ends = flows.until_idle().await.ends;
        assert!(ends.iter().all(|end| *end == Code::Cancelled), "{ends:?}");
    })
    .await;
}

#[tokio::test]
async fn an_error_ends_the_upload_of_a_stream_that_is_still_held() {
    within(LIMIT, async {
        let (_server, _flows, client) = TestFlows::serve().await;
        let (sender, requests) = channel(1);
        let call = tokio::spawn(client.consume(requests));
        while sender.send(piece("no")).await.is_ok() {}
        let status = call.await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
        assert_eq!(status.message(), "it said no");

        // The server ends the conversation while the client would go on.
        let (sender, requests) = channel(1);
        let limited = client
            .converse(requests)
            .timeout(Duration::from_millis(100));
        let mut replies = limited.await.unwrap();
        let status = replies.message().await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
        sender.closed().await;
        drop(replies);
    })
    .await;
}

/// A conversation that has begun.
async fn conversation(
    client: &FlowsAsyncClientProxy,
) -> (tokio::sync::mpsc::Sender<Piece>, Streaming<Piece>) {
    let (sender, requests) = channel(1);
    let mut replies = client.converse(requests).await.expect("it is sent");
    let sent = sender.send(piece("one")).await;
    sent.expect("the requests are being sent");
    let reply = replies.message().await;
    assert_eq!(reply.expect("it has not ended"), Some(piece("one")));
    (sender, replies)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_runs_at_shutdown_may_finish() {
    within(LIMIT, async {
        let (server, flows, client) = TestFlows::serve().await;
        let (sender, mut replies) = conversation(&client).await;
        let mut produced = client.produce(order(10_000)).await.unwrap();
        produced.message().await.unwrap().unwrap();
        let stopping = tokio::spawn(server.shut_down());
        refused(&client).await;
        for size in 0..100 {
            let sent = piece(vec![b's'; size * 1000]);
            sender.send(sent.clone()).await.unwrap();
            assert!(replies.message().await.unwrap() == Some(sent));
        }
        assert!(!stopping.is_finished());
        drop(sender);
        assert_eq!(replies.message().await.unwrap(), None);
        let (pieces, end) = read(produced).await;
        end.unwrap();
        assert_eq!(pieces, 9_999);
        stopping.await.unwrap();
        assert_eq!(flows.flow().alive, 0);
    })
    .await;
}

/// Waits until new calls are refused.
async fn refused(client: &FlowsAsyncClientProxy) {
    while client.consume(tokio_stream::empty()).await.is_ok() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_outlasts_the_grace_period_is_cut() {
    within(LIMIT, async {
        let grace = Duration::from_millis(50);
        let (server, flows, client) =
            TestFlows::serve_with(|server| server.shutdown_grace(grace)).await;
        let (sender, replies) = conversation(&client).await;
        TestServer::shut_down(server).await;
        let status = read(replies).await.1.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        sender.closed().await;
        flows.until_idle().await;
    })
    .await;
}
