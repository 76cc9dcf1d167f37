//! What calls take that wait to be sent again. Alone in its process, so that only they are counted.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::time::Duration;

use rpc_runtime::{
    Channel, Context, Retry, RetryBudget, RpcFuture, Server, Status, TaskStatus, retry, rpc_service,
};
use rpc_testkit::CountingAllocator;
use rpc_tests::flaky::{Flaky, FlakyAsyncClientProxy, Word};
use rpc_tests::within;

#[global_allocator]
static MEMORY: CountingAllocator = CountingAllocator::new();

/// A hundred thousand calls, twice, on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(120);

/// So long that none of a hundred thousand pauses up to it is soon over.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

const CALLS: usize = 100_000;

/// Bytes of an encoded request.
const REQUEST: usize = 32;

/// Bytes of a call that waits, beside its encoded request.
const ALLOWED: usize = 300;

/// Fails.
struct Down;

#[rpc_service(unimplemented)]
impl Flaky for Down {
    async fn again(&self, _cx: Context, _word: Word) -> Result<Word, Status> {
        Err(Status::unavailable("out of order"))
    }
}

fn word() -> Word {
    Word {
        text: "w".repeat(REQUEST - 2),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_calls_wait_in_three_hundred_bytes_each() {
    within(LIMIT, async {
        let server = Server::new()
            .service(Down)
            .bind("127.0.0.1:0")
            .await
            .unwrap();
        // Of connections no more is made while memory is counted.
        let channel = Channel::builder(server.local_addr().to_string())
            .max_connections(1)
            .retry(
                Retry::exponential(3)
                    .initial_backoff(CENTURY)
                    .max_backoff(CENTURY),
            )
            .retry_budget(RetryBudget::unlimited());
        let serving = tokio::spawn(server.serve());
        let client = FlakyAsyncClientProxy::with(channel.connect().await.unwrap());
        // Buffers and the tasks' own structures have their size afterwards.
        drop(all_wait(&client).await);
        let before = MEMORY.live_bytes();
        let futures = all_wait(&client).await;
        let taken = MEMORY.live_bytes() - before;
        let each = taken / CALLS - REQUEST;
        println!("{each} bytes for each of {CALLS} calls that wait");
        assert!(each <= ALLOWED, "{each} bytes for each");
        drop(futures);
        assert_eq!(retry::tasks().len(), 0);
        serving.abort();
    })
    .await;
}

/// Starts the calls, and waits until all of them wait.
async fn all_wait(client: &FlakyAsyncClientProxy) -> Vec<RpcFuture<Word>> {
    let mut futures = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        futures.push(client.again(word()).timeout(2 * CENTURY).start());
    }
    while futures
        .iter()
        .any(|future| future.task().status() != TaskStatus::Pending)
    {
        tokio::task::yield_now().await;
    }
    futures
}
