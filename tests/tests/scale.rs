//! Very many calls at once.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use rpc_runtime::Channel;
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy, ProbeClientProxy};
use rpc_tests::{LIMIT, TestServer, within};
use tokio::task::JoinSet;

/// Calls that one client starts at once.
const CALLS: usize = 20_000;

fn numbered(call: usize) -> Payload {
    Payload {
        data: call.to_string().into(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_calls_started_at_once_on_one_client_all_succeed() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = ProbeAsyncClientProxy::connect_lazy(server.address()).unwrap();
        let calls: Vec<_> = (0..CALLS)
            .map(|call| client.echo(numbered(call)).start())
            .collect();
        for (call, future) in calls.into_iter().enumerate() {
            assert_eq!(future.await.unwrap(), numbered(call));
        }
        assert_eq!(server.probe.counts().finished, CALLS);
    })
    .await;
}

#[tokio::test]
async fn twenty_thousand_calls_that_wait_run_by_turns_and_all_succeed() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let calls: Vec<_> = (0..CALLS)
            .map(|call| client.hold(numbered(call)).start())
            .collect();
        // The defaults of max_connections and max_concurrent_streams.
        server.probe.until_running(8 * 1024).await;
        let sample = client.echo(numbered(CALLS)).start();
        server.probe.release_all();
        for (call, future) in calls.into_iter().enumerate() {
            assert_eq!(future.await.unwrap(), numbered(call));
        }
        assert_eq!(sample.await.unwrap(), numbered(CALLS));
        let counts = server.probe.until_running(0).await;
        assert_eq!((counts.finished, counts.dropped), (CALLS + 1, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_connections_and_sixteen_threads_call_at_once() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut callers = JoinSet::new();
        for _ in 0..64 {
            let own = Channel::builder(server.address()).connect_timeout(Duration::from_secs(20));
            callers.spawn(async move {
                let client = ProbeAsyncClientProxy::with(own.connect().await.unwrap());
                let calls: Vec<_> = (0..50)
                    .map(|call| client.echo(numbered(call)).start())
                    .collect();
                for (call, future) in calls.into_iter().enumerate() {
                    assert_eq!(future.await.unwrap(), numbered(call));
                }
                client.inspect(()).await.unwrap().peer
            });
        }
        let sync = ProbeClientProxy::connect_lazy(server.address()).unwrap();
        let threads: Vec<_> = (0..16)
            .map(|_| {
                let sync = sync.clone();
                thread::spawn(move || {
                    for call in 0..50 {
                        assert_eq!(sync.echo(numbered(call)).unwrap(), numbered(call));
                    }
                })
            })
            .collect();

        let mut connections = BTreeSet::new();
        while let Some(peer) = callers.join_next().await {
            connections.insert(peer.unwrap());
        }
        assert_eq!(connections.len(), 64);
        for thread in threads {
            tokio::task::spawn_blocking(|| thread.join().unwrap())
                .await
                .unwrap();
        }
        assert_eq!(server.probe.counts().finished, 64 * 51 + 16 * 50);
    })
    .await;
}
