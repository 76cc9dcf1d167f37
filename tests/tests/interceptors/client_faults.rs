//! What interceptors of a client cannot break.

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use rpc_runtime::middleware::{Next, Request};
use rpc_runtime::{Channel, Code, Retry, Status, TaskStatus};
use rpc_tests::flaky::{FlakyAsyncClientProxy, FlakyClientProxy, Word};
use rpc_tests::{Answer, LIMIT, TestFlaky, within};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio::sync::mpsc::unbounded_channel;
use tower::timeout::TimeoutLayer;

use crate::harness::watch;

/// A time that is not meant to pass.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 86_400);

/// A time that is meant to pass.
const SHORT: Duration = Duration::from_millis(50);

fn word() -> Word {
    Word::default()
}

/// A runtime that serves in the background.
fn serving() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
}

/// What a sync call gives whose thread is that of a current-thread runtime.
fn wait_in_current_thread(channel: Channel) -> Result<Word, Status> {
    let (sender, result) = mpsc::channel();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let client = FlakyClientProxy::with(channel);
        let call = async { client.calls().again(word()).timeout(LIMIT).wait() };
        sender.send(runtime.block_on(call)).unwrap();
    });
    result.recv_timeout(LIMIT).unwrap()
}

#[test]
fn a_sync_call_within_a_current_thread_runtime_goes_through_one_that_sleeps() {
    let runtime = serving();
    let (server, ..) = runtime.block_on(TestFlaky::serve([Answer::Echo, Answer::Hang]));
    let builder = Channel::builder(server.address());
    let sleeps = builder.intercept(async |request: Request, next: Next| {
        tokio::time::sleep(Duration::from_millis(1)).await;
        next.run(request).await
    });
    wait_in_current_thread(sleeps.connect_blocking().unwrap()).unwrap();

    let builder = Channel::builder(server.address());
    let times_out = builder.layer(TimeoutLayer::new(SHORT));
    let status = wait_in_current_thread(times_out.connect_blocking().unwrap()).unwrap_err();
    assert_eq!(status.code(), Code::Unknown, "{status}");
}

#[test]
fn a_call_is_awaited_within_a_runtime_without_timers() {
    let runtime = serving();
    let (_server, _, client) = runtime.block_on(TestFlaky::serve_to([], |builder| {
        builder.intercept(async |request: Request, next: Next| {
            tokio::time::sleep(Duration::from_millis(1)).await;
            next.run(request).await
        })
    }));
    let without_timers = Builder::new_current_thread().build().unwrap();
    let answer = without_timers.block_on(async { client.again(word()).await });
    answer.unwrap();
}

#[tokio::test]
async fn one_that_lets_go_of_a_call_that_it_has_sent_does_not_outlive_the_deadline() {
    within(LIMIT, async {
        let (_server, _, client) = TestFlaky::serve_to([Answer::Hang], |builder| {
            builder.intercept(async |request: Request, next: Next| {
                let mut running = next.run(request);
                poll_fn(|cx| Poll::Ready(running.as_mut().poll(cx).is_ready())).await;
                let _running = running;
                pending().await
            })
        })
        .await;
        let status = client.again(word()).timeout(SHORT).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
        assert!(status.may_have_run());
    })
    .await;
}

#[tokio::test]
async fn closing_a_channel_ends_calls_within_one_and_later_ones_do_not_come_to_it() {
    within(LIMIT, async {
        let (begins, mut begun) = unbounded_channel();
        let (_server, flaky, client) = TestFlaky::serve_to([], |builder| {
            builder.own_pool().intercept(move |_: Request, _: Next| {
                begins.send(()).unwrap();
                pending()
            })
        })
        .await;
        let held = client.again(word()).start();
        begun.recv().await.unwrap();
        client.channel().close();
        for call in [held, client.again(word()).start()] {
            let status = call.await.unwrap_err();
            assert_eq!(status.code(), Code::Cancelled, "{status}");
            assert!(status.message().contains("the channel was closed"));
            assert!(!status.may_have_run());
        }
        assert!(begun.is_empty());
        assert!(flaky.seen().attempts.is_empty());
    })
    .await;
}

#[tokio::test]
async fn closing_in_order_waits_for_calls_within_one_and_counts_them() {
    within(LIMIT, async {
        for (limit, finished, cut) in [(LIMIT, 1, 0), (SHORT, 0, 1)] {
            let (answers, mut answered) = unbounded_channel();
            let go_on = Arc::new(Notify::new());
            let released = Arc::clone(&go_on);
            let (_server, _, client) = TestFlaky::serve_to([], |builder| {
                let interceptor = move |request: Request, next: Next| {
                    let (answers, released) = (answers.clone(), Arc::clone(&released));
                    async move {
                        let response = next.run(request).await;
                        answers.send(()).unwrap();
                        released.notified().await;
                        response
                    }
                };
                builder.own_pool().intercept(interceptor)
            })
            .await;
            let call = client.again(word()).start();
            answered.recv().await.unwrap();
            let mut closing = pin!(client.channel().close_within(limit));
            let ended = poll_fn(|cx| Poll::Ready(closing.as_mut().poll(cx).is_ready())).await;
            assert!(!ended);
            if cut == 0 {
                go_on.notify_one();
            }
            let report = closing.await;
            assert_eq!((report.finished, report.cut), (finished, cut));
            match call.await {
                Ok(_) => assert_eq!(finished, 1),
                Err(status) => assert!(status.message().contains("close_within"), "{status}"),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_call_that_waits_within_one_to_be_sent_again_shows_as_such() {
    within(LIMIT, async {
        let later = Status::unavailable("later").with_retry_pushback(CENTURY);
        let script = [Status::unavailable("now"), later].map(Answer::Fail);
        let (watch, mut ends) = watch();
        let serve = TestFlaky::serve_to(script, |builder| builder.intercept(watch));
        let (_server, flaky, client) = serve.await;
        let retry = Retry::exponential(3).initial_backoff(Duration::from_millis(1));
        let call = client.again(word()).retry(retry).timeout(CENTURY * 2);
        let call = call.start();
        flaky.until(|seen| seen.attempts.len() == 2).await;
        while call.task().status() != TaskStatus::Pending {
            tokio::task::yield_now().await;
        }
        assert_eq!(call.task().attempts(), 2);
        assert_eq!(call.task().attempts_allowed(), 3);
        drop(call);
        let end = ends.recv().await.unwrap();
        assert_eq!((end.code(), end.attempts()), (Code::Cancelled, 2));
    })
    .await;
}

#[test]
fn a_call_within_one_ends_with_the_runtime_of_its_channel_wherever_it_is_awaited() {
    for has_called in [true, false] {
        let (serving, own) = (serving(), serving());
        let (server, ..) = serving.block_on(TestFlaky::serve([]));
        let (begins, mut begun) = unbounded_channel();
        let builder = Channel::builder(server.address()).own_pool();
        let builder = builder.intercept(move |request: Request, next: Next| {
            let begins = begins.clone();
            async move {
                if has_called {
                    next.run(request).await?;
                }
                let waits = async { begins.send(()).unwrap() };
                tokio::join!(tokio::time::sleep(CENTURY), waits);
                pending().await
            }
        });
        let channel = own.block_on(async { builder.connect_lazy().unwrap() });
        let client = FlakyAsyncClientProxy::with(channel.clone());
        let call = serving.spawn(client.again(word()));
        serving.block_on(within(LIMIT, begun.recv()));
        drop(own);
        let closing = serving.spawn(async move { channel.close_within(LIMIT).await });
        serving
            .block_on(within(LIMIT, closing))
            .expect("nothing panics");
        let outcome = serving.block_on(within(LIMIT, call));
        let status = outcome.expect("nothing panics").unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        assert!(status.message().contains("was shut down"), "{status}");
        assert_eq!(status.may_have_run(), has_called, "{status}");
    }
}
