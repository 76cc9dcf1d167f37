//! What calls take that wait to be sent again. Alone in its process, so that only they are counted.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::time::Duration;

use rpc_runtime::{
    Call, Channel, Context, Retry, RetryBudget, RpcFuture, Server, Status, TaskStatus, retry,
    rpc_service,
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
            .retry(patient())
            .retry_budget(RetryBudget::unlimited());
        let serving = tokio::spawn(server.serve());
        let client = FlakyAsyncClientProxy::with(channel.connect().await.unwrap());
        let plain = || client.again(word());
        let own = || client.again(word()).retry(patient()).idempotent(true);
        for each in [bytes_of(plain).await, bytes_of(own).await] {
            println!("{each} bytes for each of {CALLS} calls that wait");
            assert!(each <= ALLOWED, "{each} bytes for each");
        }
        assert_eq!(retry::tasks().len(), 0);
        serving.abort();
    })
    .await;
}

fn patient() -> Retry {
    let retry = Retry::exponential(3).initial_backoff(CENTURY);
    retry.max_backoff(CENTURY)
}

/// What a call takes that waits, beside its request: what is free when it is dropped. Connections keep
/// the buffers that so many calls at once needed.
async fn bytes_of(call: impl Fn() -> Call<Word>) -> usize {
    let futures = all_wait(call).await;
    let before = MEMORY.live_bytes();
    drop(futures);
    (before - MEMORY.live_bytes()) / CALLS - REQUEST
}

/// Starts calls, and waits until all of them wait.
async fn all_wait(call: impl Fn() -> Call<Word>) -> Vec<RpcFuture<Word>> {
    let mut futures = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        futures.push(call().timeout(2 * CENTURY).start());
    }
    let pending = |future: &RpcFuture<Word>| future.task().status() == TaskStatus::Pending;
    while !futures.iter().all(pending) {
        tokio::task::yield_now().await;
    }
    futures
}
