//! The client goes away in the middle of calls: the server drops their handlers.

use rpc_runtime::{Channel, Code, Stage};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{Expected, LIMIT, RawPeer, TestServer, within};
use tokio::runtime::{Builder, Runtime};

/// A connection whose server lost it with its runtime.
const GONE: Expected<'_> = Expected {
    code: Code::Unavailable,
    stage: Some(Stage::Wait),
    may_have_run: true,
    address: None,
    method: Some("probe.Probe/Hold"),
    says: &["runtime", "was shut down"],
};

/// Another runtime than the test's own.
fn runtime() -> Runtime {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    runtime.expect("threads can be started")
}

/// A client whose connection belongs to `runtime`.
async fn client_on(runtime: &Runtime, server: &TestServer) -> ProbeAsyncClientProxy {
    let connecting = ProbeAsyncClientProxy::connect(server.address());
    let connected = within(LIMIT, runtime.spawn(connecting)).await;
    connected
        .expect("connecting does not panic")
        .expect("the server listens")
}

#[tokio::test]
async fn dropping_a_call_drops_its_handler() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let calls: Vec<_> = (0..100)
        .map(|_| client.hold(Payload::default()).start())
        .collect();
    within(LIMIT, server.probe.until_running(100)).await;
    drop(calls);
    within(LIMIT, server.probe.until(|counts| counts.dropped == 100)).await;
    within(LIMIT, client.echo(Payload::default()))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_client_whose_connection_breaks_has_its_handlers_dropped() {
    let server = TestServer::start().await;
    let mut client = RawPeer::client(server.socket_addr()).await;
    client.send_request(1, "probe.Probe/Hold", b"").await;
    client.send_request(2, "probe.Probe/Hold", b"").await;
    within(LIMIT, server.probe.until_running(2)).await;
    drop(client);
    within(LIMIT, server.probe.until(|counts| counts.dropped == 2)).await;
}

#[tokio::test]
async fn a_client_whose_runtime_ends_has_its_handlers_dropped() {
    let server = TestServer::start().await;
    let runtime = runtime();
    let client = client_on(&runtime, &server).await;
    runtime.spawn(client.hold(Payload::default()));
    within(LIMIT, server.probe.until_running(1)).await;
    runtime.shutdown_background();
    within(LIMIT, server.probe.until(|counts| counts.dropped == 1)).await;
}

#[tokio::test]
async fn pending_calls_end_when_the_runtime_of_their_shared_connection_is_dropped() {
    let server = TestServer::start().await;
    let runtime = runtime();
    let client = client_on(&runtime, &server).await;
    let calls = (0..100).map(|_| tokio::spawn(client.hold(Payload::default())));
    let calls: Vec<_> = calls.collect();
    within(LIMIT, server.probe.until_running(100)).await;
    runtime.shutdown_background();

    let address = server.address();
    let expected = Expected {
        address: Some(&address),
        ..GONE
    };
    for call in calls {
        expected.check_err(within(LIMIT, call).await.expect("the call does not panic"));
    }
    // The channel belongs to the runtime that is gone, and says so.
    let never_sent = Expected {
        stage: Some(Stage::Connect),
        may_have_run: false,
        says: &[
            "runtime that the channel belongs to was shut down",
            "connect again",
        ],
        ..expected
    };
    never_sent.check_err(within(LIMIT, client.hold(Payload::default())).await);
    // A proxy of a runtime that lives is none the worse.
    within(LIMIT, server.client().await.echo(Payload::default()))
        .await
        .unwrap();
}

#[tokio::test]
async fn queued_calls_end_when_the_runtime_of_their_shared_connection_is_dropped() {
    let server = TestServer::start_with(|server| server.max_concurrent_streams(1)).await;
    let runtime = runtime();
    let channel = Channel::builder(server.address()).max_connections(1);
    let connected = within(LIMIT, runtime.spawn(channel.connect())).await;
    let channel = connected.expect("connecting does not panic").unwrap();
    let client = ProbeAsyncClientProxy::with(channel);
    let held = tokio::spawn(client.hold(Payload::default()));
    within(LIMIT, server.probe.until_running(1)).await;
    let queued: Vec<_> = (0..100)
        .map(|_| tokio::spawn(client.hold(Payload::default())))
        .collect();
    tokio::task::yield_now().await;
    runtime.shutdown_background();

    let address = server.address();
    let expected = Expected {
        address: Some(&address),
        ..GONE
    };
    expected.check_err(within(LIMIT, held).await.expect("the call does not panic"));
    let never_sent = Expected {
        stage: Some(Stage::Connect),
        may_have_run: false,
        ..expected
    };
    for call in queued {
        never_sent.check_err(within(LIMIT, call).await.expect("the call does not panic"));
    }
}

#[tokio::test]
async fn a_started_call_says_that_its_runtime_was_dropped_unless_it_was_cancelled() {
    let server = TestServer::start().await;
    let runtime = runtime();
    let client = client_on(&runtime, &server).await;
    let (cancelled, pending) = (
        client.hold(Payload::default()).start(),
        client.hold(Payload::default()).start(),
    );
    within(LIMIT, server.probe.until_running(2)).await;

    let address = server.address();
    let expected = Expected {
        address: Some(&address),
        ..GONE
    };
    cancelled.cancel();
    let by_caller = Expected {
        code: Code::Cancelled,
        stage: None,
        says: &["the call was cancelled"],
        ..expected
    };
    by_caller.check_err(within(LIMIT, cancelled).await);
    runtime.shutdown_background();
    expected.check_err(within(LIMIT, pending).await);
}

#[tokio::test]
async fn a_new_runtime_gets_a_connection_of_its_own_to_the_same_address() {
    let server = TestServer::start().await;
    for _ in 0..3 {
        let runtime = runtime();
        let client = client_on(&runtime, &server).await;
        let call = within(LIMIT, runtime.spawn(client.echo(Payload::default()))).await;
        call.expect("the call does not panic").unwrap();
        runtime.shutdown_background();
    }
    let lazy = Channel::connect_lazy(server.address()).unwrap();
    within(
        LIMIT,
        ProbeAsyncClientProxy::with(lazy).echo(Payload::default()),
    )
    .await
    .unwrap();
}
