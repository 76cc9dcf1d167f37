//! `RpcFuture`: sent at once, completed by the runtime, with callbacks and cancellation.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::sync::mpsc;
use std::time::Duration;

use rpc_runtime::middleware::{Next, Request};
use rpc_runtime::{Channel, Code, RpcFuture, Status};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy, ProbeClientProxy};
use rpc_tests::{LIMIT, TestServer, within, within_blocking};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

type Outcome = Result<Payload, Status>;

fn held() -> Payload {
    Payload {
        data: "held".into(),
    }
}

/// Has the outcome sent to `outcomes` by a callback.
fn report(future: &RpcFuture<Payload>, outcomes: &UnboundedSender<Outcome>) {
    let outcomes = outcomes.clone();
    future.on_complete(move |outcome| outcomes.send(outcome.clone()).unwrap());
}

/// What callbacks reported, once none of them is left that could report more.
async fn all_reports(
    sender: UnboundedSender<Outcome>,
    mut reports: UnboundedReceiver<Outcome>,
) -> Vec<Outcome> {
    drop(sender);
    let mut all = Vec::new();
    while let Some(outcome) = reports.recv().await {
        all.push(outcome);
    }
    all
}

#[tokio::test]
async fn a_started_call_is_sent_though_nobody_waits_for_it() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let future = server.client().await.hold(held()).start();
        server.probe.until_running(1).await;
        assert!(!future.is_done());
        server.probe.release_all();
        assert_eq!(future.await.unwrap(), held());
    })
    .await;
}

#[tokio::test]
async fn a_callback_is_called_once_whether_set_before_or_after_the_end() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let (sender, mut reports) = unbounded_channel();
        let future = server.client().await.hold(held()).start();
        report(&future, &sender);
        server.probe.until_running(1).await;
        reports.try_recv().expect_err("the call has not ended");
        server.probe.release_all();
        assert_eq!(reports.recv().await.unwrap().unwrap(), held());

        assert!(future.is_done());
        report(&future, &sender);
        assert_eq!(reports.recv().await.unwrap().unwrap(), held());
        assert_eq!(future.await.unwrap(), held());
        assert!(
            all_reports(sender, reports).await.is_empty(),
            "one was called twice"
        );
    })
    .await;
}

#[tokio::test]
async fn every_callback_of_several_is_called_though_one_panics() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let (sender, reports) = unbounded_channel();
        let future = client.hold(held()).start();
        report(&future, &sender);
        future.on_complete(|_| panic!("on purpose"));
        report(&future, &sender);
        server.probe.release_all();
        let reports = all_reports(sender, reports).await;
        assert_eq!(
            reports.into_iter().map(Result::unwrap).collect::<Vec<_>>(),
            [held(), held()]
        );
        assert_eq!(future.await.unwrap(), held());
        client.echo(held()).await.unwrap();
    })
    .await;
}

#[test]
fn a_callback_that_blocks_delays_no_other_call() {
    within_blocking(LIMIT, || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = TestServer::start().await;
            let client = server.client().await;
            let (unblock, blocked) = mpsc::channel::<()>();
            let (begun, mut begins) = unbounded_channel();
            client.echo(held()).start().on_complete(move |_| {
                begun.send(()).unwrap();
                blocked.recv().unwrap();
            });
            begins.recv().await.unwrap();
            for _ in 0..100 {
                client.echo(held()).await.unwrap();
            }
            let (sender, reports) = unbounded_channel();
            report(&client.echo(held()).start(), &sender);
            assert_eq!(all_reports(sender, reports).await.len(), 1);
            unblock.send(()).unwrap();
        });
    });
}

#[test]
fn callbacks_that_block_leave_the_threads_of_their_runtime_to_others() {
    within_blocking(LIMIT, || {
        let mut runtime = Builder::new_current_thread();
        let runtime = runtime.max_blocking_threads(1).enable_all().build();
        runtime.unwrap().block_on(async {
            let server = TestServer::start().await;
            let client = server.client().await;
            let (unblock, blocked) = mpsc::channel::<()>();
            let (begun, mut begins) = unbounded_channel();
            client.echo(held()).start().on_complete(move |_| {
                begun.send(()).unwrap();
                blocked.recv().unwrap();
            });
            begins.recv().await.unwrap();
            // Its name is looked up on a thread for what blocks.
            let name = format!("localhost:{}", server.socket_addr().port());
            let other = ProbeAsyncClientProxy::connect(name).await.unwrap();
            let (sender, reports) = unbounded_channel();
            report(&other.echo(held()).start(), &sender);
            assert_eq!(all_reports(sender, reports).await.len(), 1);
            unblock.send(()).unwrap();
        });
    });
}

#[tokio::test]
async fn an_interceptor_that_panics_ends_a_started_call_with_internal() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let channel = Channel::builder(server.address())
            .intercept(async |_: Request, _: Next| panic!("an interceptor with a fault"));
        let client = ProbeAsyncClientProxy::with(channel.connect_lazy().unwrap());
        let status = client.echo(held()).start().await.unwrap_err();
        assert_eq!(status.code(), Code::Internal, "{status}");
        assert!(status.message().contains("panicked"), "{status}");
    })
    .await;
}

#[tokio::test]
async fn a_callback_may_make_sync_calls() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let sync = ProbeClientProxy::connect_lazy(server.address()).unwrap();
        let (sender, reports) = unbounded_channel();
        let sent = sender.clone();
        let future = server.client().await.echo(held()).start();
        future.on_complete(move |outcome| sent.send(sync.echo(outcome.clone().unwrap())).unwrap());
        assert_eq!(
            all_reports(sender, reports).await[0].clone().unwrap(),
            held()
        );
    })
    .await;
}

#[tokio::test]
async fn a_dropped_future_cancels_its_call() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let future = server.client().await.hold(held()).start();
        server.probe.until_running(1).await;
        drop(future);
        assert_eq!(server.probe.until_running(0).await.dropped, 1);
    })
    .await;
}

#[tokio::test]
async fn a_detached_future_and_one_with_a_callback_go_on_when_dropped() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let (sender, reports) = unbounded_channel();
        client.hold(held()).start().detach();
        report(&client.hold(held()).start(), &sender);
        server.probe.until_running(2).await;
        // Had they been cancelled, the server would know before it answers this.
        client.echo(held()).await.unwrap();
        server.probe.release_all();
        assert_eq!(server.probe.until_running(0).await.dropped, 0);
        assert_eq!(all_reports(sender, reports).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn cancel_ends_the_call_here_and_at_the_server() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let (sender, reports) = unbounded_channel();
        let future = server.client().await.hold(held()).start();
        report(&future, &sender);
        server.probe.until_running(1).await;
        future.cancel();
        let status = future.await.unwrap_err();
        assert_eq!(status.code(), Code::Cancelled, "{status}");
        assert_eq!(status.method(), Some("probe.Probe/Hold"), "{status}");
        assert_eq!(status.address(), Some(&*server.address()), "{status}");
        assert_eq!(server.probe.until_running(0).await.dropped, 1);
        let reports = all_reports(sender, reports).await;
        assert_eq!(reports.len(), 1);
        assert_eq!(reports[0].as_ref().unwrap_err().code(), Code::Cancelled);
    })
    .await;
}

#[tokio::test]
async fn cancelling_a_call_that_has_ended_changes_nothing() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let (sender, mut reports) = unbounded_channel();
        let future = server.client().await.echo(held()).start();
        report(&future, &sender);
        reports.recv().await.unwrap().unwrap();
        future.cancel();
        assert_eq!(future.await.unwrap(), held());
        assert!(all_reports(sender, reports).await.is_empty());
    })
    .await;
}

/// A server whose runtime has threads of its own.
fn start() -> (Runtime, TestServer, ProbeClientProxy) {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(TestServer::start());
    let client = ProbeClientProxy::connect(server.address()).unwrap();
    (runtime, server, client)
}

#[test]
fn wait_blocks_a_plain_thread_until_the_end() {
    within_blocking(LIMIT, || {
        let (runtime, server, client) = start();
        let future = client.calls().hold(held()).start();
        runtime.block_on(server.probe.until_running(1));
        let waiting = std::thread::spawn(move || future.wait());
        server.probe.release_all();
        assert_eq!(waiting.join().unwrap().unwrap(), held());
    });
}

#[test]
fn wait_timeout_gives_the_future_back_and_the_call_goes_on() {
    within_blocking(LIMIT, || {
        let (runtime, server, client) = start();
        let future = client.calls().hold(held()).start();
        let future = future
            .wait_timeout(Duration::from_millis(20))
            .expect_err("it is held");
        let future = future.wait_timeout(Duration::ZERO).expect_err("it is held");
        runtime.block_on(server.probe.until_running(1));
        server.probe.release_all();
        let outcome = future.wait_timeout(LIMIT).expect("it was released");
        assert_eq!(outcome.unwrap(), held());
    });
}

#[test]
fn when_the_runtime_goes_the_call_ends_and_its_callbacks_are_called() {
    within_blocking(LIMIT, || {
        let (runtime, server, _) = start();
        let of_the_client = Runtime::new().unwrap();
        let client = of_the_client.block_on(server.client());
        let future = client.hold(held()).start();
        let (sender, reports) = mpsc::channel();
        let late = sender.clone();
        future.on_complete(move |outcome| sender.send(outcome.clone()).unwrap());
        runtime.block_on(server.probe.until_running(1));
        drop(of_the_client);
        let status = reports.recv_timeout(LIMIT).unwrap().unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        assert!(status.may_have_run(), "{status}");

        future.on_complete(move |outcome| late.send(outcome.clone()).unwrap());
        let status = reports.recv_timeout(LIMIT).unwrap().unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        assert_eq!(future.wait().unwrap_err().code(), Code::Unavailable);
        runtime.block_on(server.probe.until_running(0));
    });
}
