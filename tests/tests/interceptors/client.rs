//! What interceptors see and do at a client.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rpc_runtime::middleware::{Credentials, Interceptor, Next, Request, Response};
use rpc_runtime::{
    Channel, Code, ConnectionEvent, Context, Retry, Stage, Status, Streaming, rpc_service,
};
use rpc_tests::probe::{Payload, Probe, ProbeAsyncClientProxy, ProbeClientProxy};
use rpc_tests::relay::{Hop, RelayAsyncClientProxy};
use rpc_tests::streams::{CountRequest, Number, StreamsAsyncClientProxy};
use rpc_tests::{LIMIT, TestRelay, TestServer, within, within_blocking};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::harness::{clients, payload, plain, serve, watch};

#[tokio::test]
async fn it_sees_method_target_deadline_and_the_message_and_adds_metadata() {
    within(LIMIT, async {
        let server = serve(|server| server).await;
        let (seen, mut sights) = unbounded_channel();
        let (probe, _) = clients(&server, |builder| {
            builder.intercept(move |mut request: Request, next: Next| {
                let _ = seen.send((
                    request.method().path(),
                    request.target().map(str::to_owned),
                    request.remaining(),
                    request.peer(),
                ));
                request.metadata_mut().insert("added", "yes").unwrap();
                next.run(request)
            })
        })
        .await;
        let seen = probe.inspect(()).timeout(LIMIT).await.unwrap();
        assert_eq!(seen.metadata["added"], "yes");
        let (path, target, remaining, peer) = sights.recv().await.unwrap();
        assert_eq!(path, "probe.Probe/Inspect");
        assert_eq!(target, Some(server.address()));
        assert!(remaining.unwrap() > Duration::ZERO && remaining.unwrap() <= LIMIT);
        assert_eq!(peer, None);
        assert!(u128::from(seen.remaining_us) <= remaining.unwrap().as_micros());
    })
    .await;
}

#[tokio::test]
async fn a_call_that_it_refuses_is_never_sent() {
    within(LIMIT, async {
        let server = serve(|server| server).await;
        let (probe, _) = clients(&server, |builder| {
            builder.intercept(async |_: Request, _: Next| Err(Status::aborted("not today")))
        })
        .await;
        let status = probe.echo(payload("")).await.unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (Code::Aborted, "not today")
        );
        assert_eq!(status.method(), Some("probe.Probe/Echo"));
        assert_eq!(status.address(), Some(&*server.address()));
        assert!(!status.may_have_run());
        assert_eq!(server.probe.counts().started, 0);
    })
    .await;
}

/// Gets another token when the one that it has is refused.
struct Refresh;

impl Interceptor for Refresh {
    async fn intercept(&self, mut request: Request, next: Next) -> Result<Response, Status> {
        let again = request.try_clone();
        request.metadata_mut().insert("token", "old").unwrap();
        match (next.run(request).await, again) {
            (Err(status), Some(mut again)) if status.code() == Code::Unauthenticated => {
                again.metadata_mut().insert("token", "new").unwrap();
                next.run(again).await
            }
            (response, _) => response,
        }
    }
}

#[tokio::test]
async fn it_may_run_a_call_again() {
    within(LIMIT, async {
        let server = serve(|server| {
            server.intercept(async |request: Request, next: Next| {
                match request.metadata().get("token") {
                    Some("new") => next.run(request).await,
                    _ => Err(Status::unauthenticated("an old token")),
                }
            })
        })
        .await;
        let (watch, mut ends) = watch();
        let configure =
            |builder: rpc_runtime::ChannelBuilder| builder.intercept(watch).intercept(Refresh);
        let (probe, _) = clients(&server, configure).await;
        let reply = probe.echo(payload("again")).await.unwrap();
        assert_eq!(reply, payload("again"));
        let end = ends.recv().await.unwrap();
        assert_eq!((end.code(), end.attempts()), (Code::Ok, 2));
    })
    .await;
}

#[tokio::test]
async fn attempts_and_retries_happen_inside_it() {
    within(LIMIT, async {
        let failures = Arc::new(AtomicUsize::new(0));
        let server = serve(|server| {
            server.intercept(move |request: Request, next: Next| {
                let fails = failures.fetch_add(1, Ordering::SeqCst) < 2;
                async move {
                    match fails {
                        true => Err(Status::unavailable("try again")),
                        false => next.run(request).await,
                    }
                }
            })
        })
        .await;
        let (watch, mut ends) = watch();
        let (probe, _) = clients(&server, |builder| builder.intercept(watch)).await;
        let retry = Retry::exponential(5).initial_backoff(Duration::from_millis(1));
        let call = probe.echo(payload("")).idempotent(true).retry(retry);
        call.await.unwrap();
        let end = ends.recv().await.unwrap();
        assert_eq!((end.code(), end.attempts()), (Code::Ok, 3));
        assert_eq!(end.requests().messages, 1);
        assert!(ends.try_recv().is_err(), "one call, one end");
    })
    .await;
}

#[tokio::test]
async fn the_deadline_of_a_call_includes_it() {
    within(LIMIT, async {
        let server = serve(|server| server).await;
        let (watch, mut ends) = watch();
        let (probe, _) = clients(&server, |builder| {
            let stuck = async |_: Request, _: Next| pending().await;
            builder.intercept(watch).intercept(stuck)
        })
        .await;
        let call = probe.echo(payload("")).timeout(Duration::from_millis(20));
        let status = call.await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
        assert!(status.message().contains("interceptors"), "{status}");
        assert_eq!(status.stage(), Some(Stage::Send));
        assert!(!status.may_have_run());
        assert_eq!(ends.recv().await.unwrap().code(), Code::DeadlineExceeded);
    })
    .await;
}

#[test]
fn sync_calls_go_through_it_and_it_may_use_what_is_tokios() {
    within_blocking(LIMIT, || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = runtime.block_on(TestServer::start());
        let channel = Channel::builder(server.address())
            .intercept(async |mut request: Request, next: Next| {
                tokio::time::sleep(Duration::from_millis(1)).await;
                request.metadata_mut().insert("sync", "yes").unwrap();
                next.run(request).await
            })
            .connect_blocking()
            .unwrap();
        let probe = ProbeClientProxy::with(channel);
        let seen = probe.inspect(()).unwrap();
        assert_eq!(seen.metadata["sync"], "yes");
        let mut numbers = probe
            .subscribe(rpc_tests::probe::Size { bytes: 2 })
            .unwrap();
        assert!(numbers.next().unwrap().is_ok());
    });
}

#[tokio::test]
async fn channels_with_and_without_it_share_a_connection() {
    within(LIMIT, async {
        let opened = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&opened);
        let server = serve(|server| {
            server.on_connection(move |event| {
                if matches!(event, ConnectionEvent::Opened { .. }) {
                    count.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .await;
        let (plain, _) = plain(&server).await;
        let with_token =
            |builder: rpc_runtime::ChannelBuilder| builder.intercept(Credentials::bearer("token"));
        let (intercepted, _) = clients(&server, with_token).await;
        let seen = intercepted.inspect(()).await.unwrap();
        assert_eq!(seen.metadata["authorization"], "Bearer token");
        let seen = plain.inspect(()).await.unwrap();
        assert!(seen.metadata.is_empty());
        assert_eq!(opened.load(Ordering::SeqCst), 1);
    })
    .await;
}

#[tokio::test]
async fn calls_that_a_handler_makes_show_their_parent_to_it_and_end_with_it() {
    within(LIMIT, async {
        let probe_server = serve(|server| server).await;
        let (seen, mut sights) = unbounded_channel();
        let channel = Channel::builder(probe_server.address())
            .intercept(move |request: Request, next: Next| {
                let context = request.context();
                let _ = seen.send(context.and_then(|context| context.method()));
                next.run(request)
            })
            .connect()
            .await
            .unwrap();
        let relay = TestServer::start_with(|server| server.service(TestRelay::over(channel))).await;
        let relay = RelayAsyncClientProxy::connect(relay.address())
            .await
            .unwrap();

        relay.inspect(Hop::default()).await.unwrap();
        let parent = sights.recv().await.unwrap().unwrap();
        assert_eq!(parent.path(), "relay.Relay/Inspect");

        let held = relay.hold(Payload::default()).start();
        probe_server.probe.until_running(1).await;
        drop(held);
        probe_server.probe.until_running(0).await;
    })
    .await;
}

/// Opens a stream of replies for each call, hands it to the test, and waits.
struct Opener {
    streams: StreamsAsyncClientProxy,
    opened: UnboundedSender<Streaming<Number>>,
}

#[rpc_service(unimplemented)]
impl Probe for Opener {
    async fn hold(&self, _cx: Context, _request: Payload) -> Result<Payload, Status> {
        let request = CountRequest {
            up_to: 1,
            hangs: true,
            ..CountRequest::default()
        };
        let replies = self.streams.count(request).await?;
        let _ = self.opened.send(replies);
        pending().await
    }
}

#[tokio::test]
async fn a_stream_of_replies_ends_with_the_call_that_it_was_opened_for() {
    within(LIMIT, async {
        let server = serve(|server| server).await;
        let pass = |request: Request, next: Next| next.run(request);
        let (_, streams) = clients(&server, |builder| builder.intercept(pass)).await;
        let (opened, mut open) = unbounded_channel();
        let probe = ProbeAsyncClientProxy::local(Opener { streams, opened });

        let call = probe.hold(payload("")).start();
        let mut replies = open.recv().await.unwrap();
        assert!(replies.message().await.unwrap().is_some());
        drop(call);
        let status = replies.message().await.unwrap_err();
        assert_eq!(status.code(), Code::Cancelled, "{status}");
    })
    .await;
}
