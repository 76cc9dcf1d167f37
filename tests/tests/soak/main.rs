//! Calls of all kinds to two servers that are restarted all the time, over a network with random
//! faults. A ledger on both sides shows that every call ends exactly once and within its deadline,
//! that no call runs twice unless it may, and none that is said not to have run; and all memory
//! is free again in the end.
//!
//! It runs for a few seconds, or for as many as `RPC_SOAK_SECONDS` says; `RPC_TEST_SEED` repeats a run
//! as far as the scheduler does.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a helper of a test fails the test, and a run prints its seed and its counts"
)]

mod book;
mod callers;
mod network;

use std::env;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rpc_testkit::CountingAllocator;
use rpc_tests::{LIMIT, within};

use book::Book;
use callers::Callers;
use network::Network;

#[global_allocator]
static MEMORY: CountingAllocator = CountingAllocator::new();

/// Unless the environment says otherwise.
const DEFAULT_SECONDS: u64 = 4;

/// A run before the one that counts: what is set up once in a process is set up then.
const WARM_UP: Duration = Duration::from_millis(500);

/// What may be left of a run: threads of tokio's pool and their queues.
const LEFT: usize = 512 * 1024;

fn setting<T: FromStr>(name: &str) -> Option<T> {
    env::var(name).ok()?.parse().ok()
}

/// Calls and faults for as long as `time`, then the accounts.
async fn run(seed: u64, time: Duration) {
    let book = Arc::new(Book::default());
    let network = Network::start(seed, &book).await;
    let callers = Callers::start(seed, network.addresses(), &book);
    tokio::time::sleep(time).await;
    within(LIMIT, callers.stop()).await;
    within(LIMIT, network.stop()).await;
    println!("{}", book.balance());
}

/// Waits until no more than `bytes` are in use.
async fn until_free(bytes: usize) -> bool {
    let free = async {
        while MEMORY.live_bytes() > bytes {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LIMIT, free).await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_ends_once_and_none_runs_twice_whatever_the_network_does() {
    let seed = setting("RPC_TEST_SEED").unwrap_or_else(|| fastrand::u64(..));
    let seconds = setting("RPC_SOAK_SECONDS").unwrap_or(DEFAULT_SECONDS);
    println!("RPC_TEST_SEED={seed} RPC_SOAK_SECONDS={seconds}");
    run(!seed, WARM_UP).await;
    let before = MEMORY.live_bytes();
    MEMORY.reset_peak();
    run(seed, Duration::from_secs(seconds)).await;
    let freed = until_free(before + LEFT).await;
    let (peak, after) = (MEMORY.peak_bytes(), MEMORY.live_bytes());
    println!("memory: {before} bytes before, {peak} at most, {after} after");
    assert!(freed, "{after} bytes are in use, {before} were before");
}
