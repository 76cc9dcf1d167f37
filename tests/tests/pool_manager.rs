//! All pools of a process. Alone in its process, whose pools it closes and whose signals it sends.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use rpc_runtime::{Channel, Code, pools};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy, ProbeClientProxy};
use rpc_tests::{LIMIT, TestServer, signal_self, within};

#[tokio::test]
async fn the_manager_knows_all_pools_and_closes_them_when_the_process_is_to_end() {
    within(LIMIT, async {
        let servers = [TestServer::start().await, TestServer::start().await];
        let addresses = [servers[0].address(), servers[1].address()];
        let shared = servers[0].client().await;
        let own = Channel::builder(&addresses[1]).own_pool();
        let own = ProbeAsyncClientProxy::with(own.connect().await.unwrap());
        let sync_address = addresses[1].clone();
        let sync = tokio::task::spawn_blocking(|| ProbeClientProxy::connect(sync_address));
        let sync = sync.await.unwrap().unwrap();
        let held = own.hold(Payload::default()).start();
        servers[1].probe.until_running(1).await;

        let known: Vec<_> = pools::all()
            .into_iter()
            .map(|pool| {
                (
                    pool.address.to_string(),
                    pool.stats.opened,
                    pool.stats.pending,
                )
            })
            .collect();
        let [first, second] = addresses;
        let expected = [(first, 1, 0), (second.clone(), 1, 1), (second, 1, 0)];
        assert_eq!(known, expected);

        let closing = pools::close_on_shutdown_signal(LIMIT).unwrap();
        signal_self("-TERM");
        while own.stats().draining == 0 {
            tokio::task::yield_now().await;
        }
        for client in [&shared, &own] {
            let status = client.echo(Payload::default()).await.unwrap_err();
            assert_eq!(status.code(), Code::Cancelled);
        }
        // Whoever closes them once more waits for the calls that still run.
        let mut again = std::pin::pin!(pools::close_within(LIMIT));
        let early = tokio::time::timeout(std::time::Duration::ZERO, again.as_mut()).await;
        assert!(early.is_err(), "a call runs: {early:?}");
        servers[1].probe.release_all();
        held.await.unwrap();
        let again: usize = again.await.iter().map(|pool| pool.report.finished).sum();
        assert_eq!(again, 1);
        let reports = closing.await.unwrap();
        let reports: Vec<_> = reports
            .iter()
            .map(|pool| (pool.report.finished, pool.report.cut))
            .collect();
        assert_eq!(reports, [(0, 0), (1, 0), (0, 0)]);
        let sync = tokio::task::spawn_blocking(move || sync.echo(Payload::default()));
        assert_eq!(sync.await.unwrap().unwrap_err().code(), Code::Cancelled);
        assert!(pools::all().is_empty());

        // What is made later is not concerned.
        servers[0]
            .client()
            .await
            .echo(Payload::default())
            .await
            .unwrap();
    })
    .await;
}
