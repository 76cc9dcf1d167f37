//! A server that is replaced again and again, with a second one beside it, while clients call without a pause.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rpc_runtime::{Code, Status};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy, Size};
use rpc_tests::{TestServer, within};
use tokio::task::JoinSet;

/// Ten restarts, and what their calls need at most on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(120);

const RESTARTS: usize = 10;

const CALLERS: usize = 32;

/// Calls that each restart waits for, so that it is under load.
const CALLS: usize = 500;

/// What the callers have done.
#[derive(Default)]
struct Load {
    done: AtomicUsize,
    over: AtomicBool,
}

impl Load {
    /// Waits until so many more calls have been answered.
    async fn more(&self, calls: usize) {
        let goal = self.done.load(Ordering::Relaxed) + calls;
        while self.done.load(Ordering::Relaxed) < goal {
            tokio::task::yield_now().await;
        }
    }
}

/// One call of each kind.
async fn call(client: &ProbeAsyncClientProxy, sent: &Payload) -> Result<(), Status> {
    assert_eq!(client.echo(sent.clone()).await?, *sent);
    let mut numbers = client.subscribe(Size { bytes: 3 }).await?;
    let mut count = 0;
    while numbers.message().await?.is_some() {
        count += 1;
    }
    assert_eq!(count, 3, "a stream that ended well is whole");
    Ok(())
}

/// Calls the first of `clients`, and the second where the first provably did not run the call.
async fn calls(clients: [ProbeAsyncClientProxy; 2], load: Arc<Load>, caller: u8) {
    let sent = Payload {
        data: vec![caller; 100].into(),
    };
    while !load.over.load(Ordering::Relaxed) {
        if let Err(status) = call(&clients[0], &sent).await {
            assert_eq!(status.code(), Code::Unavailable, "{status}");
            assert!(
                !status.may_have_run(),
                "an accepted call was lost: {status:?}"
            );
            call(&clients[1], &sent)
                .await
                .expect("the other server is there");
        }
        load.done.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_restarts_of_one_of_two_servers_under_constant_load_lose_no_call() {
    let run = async {
        let steady = TestServer::start().await;
        let mut restarted = TestServer::start().await;
        let clients = [restarted.client().await, steady.client().await];
        let load = Arc::new(Load::default());
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            callers.spawn(calls(clients.clone(), Arc::clone(&load), caller as u8));
        }
        let restarts = async {
            for _ in 0..RESTARTS {
                load.more(CALLS).await;
                let address = restarted.socket_addr();
                restarted.shut_down().await;
                restarted = TestServer::start_at(address, |server| server).await;
                // The client comes back by itself.
                restarted.probe.until(|counts| counts.finished > 0).await;
            }
            load.over.store(true, Ordering::Relaxed);
            // Callers have yet to finish their last calls there.
            restarted
        };
        let calls = async {
            while let Some(caller) = callers.join_next().await {
                caller.expect("no caller has anything to complain of");
            }
        };
        let _servers = tokio::join!(restarts, calls);
    };
    within(LIMIT, run).await;
}
