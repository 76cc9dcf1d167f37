//! Calls that block their thread: sync proxies and `Call::wait`, wherever they are used.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use rpc_runtime::{Code, Status};
use rpc_tests::probe::{Payload, ProbeClientProxy};
use rpc_tests::{LIMIT, TestServer, within_blocking};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{LocalSet, spawn_blocking, spawn_local};

fn payload() -> Payload {
    Payload {
        data: "blocking".into(),
    }
}

/// A server on threads of its own.
fn start() -> (Runtime, TestServer) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let server = runtime.block_on(TestServer::start());
    (runtime, server)
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Connects and calls; it blocks.
fn connect_and_call(address: &str) {
    let client = ProbeClientProxy::connect(address).unwrap();
    assert_eq!(client.echo(payload()).unwrap(), payload());
    assert_eq!(client.calls().echo(payload()).wait().unwrap(), payload());
    assert_eq!(
        client.calls().echo(payload()).start().wait().unwrap(),
        payload()
    );
    let outcome = client
        .calls()
        .echo(payload())
        .start()
        .wait_timeout(Duration::from_secs(20));
    assert_eq!(outcome.unwrap().unwrap(), payload());
}

#[test]
fn a_plain_main_calls() {
    within_blocking(LIMIT, || {
        let (_runtime, server) = start();
        connect_and_call(&server.address());
    });
}

#[test]
fn many_threads_share_one_proxy_and_one_connection() {
    within_blocking(LIMIT, || {
        let (_runtime, server) = start();
        let client = ProbeClientProxy::connect(server.address()).unwrap();
        let connections = thread::scope(|scope| {
            let calling = |thread: usize| {
                let client = &client;
                scope.spawn(move || {
                    for call in 0..100 {
                        let own = Payload {
                            data: format!("{thread}/{call}").into(),
                        };
                        assert_eq!(client.echo(own.clone()).unwrap(), own);
                    }
                    client.inspect(()).unwrap().peer
                })
            };
            let threads: Vec<_> = (0..32).map(calling).collect();
            let connections = threads.into_iter().map(|thread| thread.join().unwrap());
            connections.collect::<BTreeSet<_>>()
        });
        assert_eq!(connections.len(), 1, "{connections:?}");
    });
}

/// Client and server share one worker thread: if the call kept it, nobody could answer.
#[test]
fn a_task_on_a_worker_thread_calls() {
    within_blocking(LIMIT, || {
        let (runtime, server) = start();
        let address = server.address();
        let task = runtime.spawn(async move { connect_and_call(&address) });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn a_task_on_a_worker_thread_waits_for_a_call_of_its_own_runtime() {
    within_blocking(LIMIT, || {
        let (runtime, server) = start();
        let task = runtime.spawn(async move {
            let client = server.client().await;
            assert_eq!(client.echo(payload()).wait().unwrap(), payload());
            assert_eq!(client.echo(payload()).start().wait().unwrap(), payload());
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn block_on_of_a_multi_thread_runtime_calls() {
    within_blocking(LIMIT, || {
        let (runtime, server) = start();
        runtime.block_on(async { connect_and_call(&server.address()) });
    });
}

#[test]
fn spawn_blocking_calls() {
    within_blocking(LIMIT, || {
        let (runtime, server) = start();
        let address = server.address();
        runtime
            .block_on(async move { spawn_blocking(move || connect_and_call(&address)).await })
            .unwrap();
    });
}

#[test]
fn a_current_thread_runtime_calls_a_server_that_is_elsewhere() {
    within_blocking(LIMIT, || {
        let (_runtime, server) = start();
        let address = server.address();
        current_thread().block_on(async {
            connect_and_call(&address);
            let task = tokio::spawn(async move { connect_and_call(&address) });
            task.await.unwrap();
        });
    });
}

#[test]
fn a_local_task_calls_on_every_kind_of_runtime() {
    within_blocking(LIMIT, || {
        let (multi_thread, server) = start();
        for runtime in [&multi_thread, &current_thread()] {
            let address = server.address();
            let local = LocalSet::new();
            let task = local.run_until(async move {
                connect_and_call(&address);
                spawn_local(async move { connect_and_call(&address) }).await
            });
            runtime.block_on(task).unwrap();
        }
    });
}

#[test]
fn a_local_task_on_a_blocking_thread_calls() {
    within_blocking(LIMIT, || {
        let (runtime, server) = start();
        let address = server.address();
        let handle = runtime.handle().clone();
        let blocking = runtime.spawn_blocking(move || {
            let local = LocalSet::new();
            local.spawn_local(async move { connect_and_call(&address) });
            handle.block_on(local);
        });
        runtime.block_on(blocking).unwrap();
    });
}

/// What waiting must answer where it could never end.
fn assert_never_ends(status: &Status) {
    assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
    assert!(
        status.message().contains("current-thread runtime"),
        "{status}"
    );
    assert!(
        status
            .message()
            .contains("await the call, or use a sync proxy"),
        "{status}"
    );
    assert_eq!(status.method(), Some("probe.Probe/Echo"), "{status}");
}

#[test]
fn waiting_for_a_call_of_the_own_current_thread_runtime_is_an_error_at_once() {
    within_blocking(LIMIT, || {
        let (_runtime, server) = start();
        current_thread().block_on(async {
            let client = server.client().await;
            let status = client.echo(payload()).wait().unwrap_err();
            assert_never_ends(&status);
            assert!(!status.may_have_run());
            assert_eq!(server.probe.counts().started, 0);
        });
    });
}

#[test]
fn waiting_for_a_call_that_has_ended_works_everywhere() {
    within_blocking(LIMIT, || {
        let (_runtime, server) = start();
        current_thread().block_on(async {
            let future = server.client().await.echo(payload()).start();
            let (ended, end) = tokio::sync::oneshot::channel();
            future.on_complete(move |_| ended.send(()).unwrap());
            end.await.unwrap();
            assert_eq!(future.wait().unwrap(), payload());
        });
    });
}

#[test]
fn waiting_for_a_started_call_of_the_own_current_thread_runtime_says_that_it_may_have_run() {
    within_blocking(LIMIT, || {
        let (_runtime, server) = start();
        current_thread().block_on(async {
            let future = server.client().await.hold(payload()).start();
            server.probe.until_running(1).await;
            let status = future.wait().unwrap_err();
            assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
            assert!(status.may_have_run(), "{status}");
        });
    });
}

#[test]
fn a_sync_call_to_a_server_on_the_same_current_thread_runtime_ends_with_its_deadline() {
    within_blocking(LIMIT, || {
        current_thread().block_on(async {
            let server = TestServer::start().await;
            let client = ProbeClientProxy::connect_lazy(server.address()).unwrap();
            let call = client
                .calls()
                .echo(payload())
                .timeout(Duration::from_millis(50));
            let status = call.wait().unwrap_err();
            assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
        });
    });
}
