//! How many calls a pool of eight connections takes at once, and what they cost: docs/torture.md shows what
//! this prints. One test, alone in its process, so that memory and time are its own.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a helper of a test fails the test, and says what it measured"
)]

use std::time::{Duration, Instant};

use rpc_runtime::{Channel, Code, PoolStats};
use rpc_testkit::CountingAllocator;
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{TestServer, within};
use tokio::sync::watch;
use tokio::task::JoinSet;

#[global_allocator]
static MEMORY: CountingAllocator = CountingAllocator::new();

/// On a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(120);

const CONNECTIONS: usize = 8;

/// Few enough that most calls have to wait for a place.
const STREAMS: u32 = 256;

const CANCELLING: usize = 1_000;
const TURNS: usize = 100;

/// More live memory than before that is no leak: buffers that have grown, tables that have.
const SLACK: usize = 4 * 1024 * 1024;

fn payload(number: usize) -> Payload {
    Payload {
        data: format!("{number:032}").into(),
    }
}

/// Waits until a pool has nothing left to do.
async fn idle(client: &ProbeAsyncClientProxy) -> PoolStats {
    loop {
        let stats = client.stats();
        if stats.pending + stats.waiting == 0 {
            return stats;
        }
        tokio::task::yield_now().await;
    }
}

/// Makes so many calls at once, by a task each; each must come back with its own answer. Gives by how much
/// live memory has grown.
async fn at_once(client: &ProbeAsyncClientProxy, calls: usize) -> usize {
    let before = MEMORY.live_bytes();
    MEMORY.reset_peak();
    let misses = client.stats().misses;
    let gate = watch::Sender::new(false);
    let mut tasks = JoinSet::new();
    for number in 0..calls {
        let (client, mut gate) = (client.clone(), gate.subscribe());
        tasks.spawn(async move {
            gate.wait_for(|open| *open).await.unwrap();
            let begin = Instant::now();
            let reply = client.echo(payload(number)).await;
            assert_eq!(reply.unwrap(), payload(number));
            begin.elapsed()
        });
    }
    let begin = Instant::now();
    gate.send_replace(true);
    let (mut succeeded, mut sum) = (0, Duration::ZERO);
    while let Some(latency) = tasks.join_next().await {
        sum += latency.unwrap();
        succeeded += 1;
    }
    let total = begin.elapsed();
    let peak = MEMORY.peak_bytes();
    let stats = idle(client).await;
    drop((tasks, gate));
    let after = MEMORY.live_bytes();
    println!(
        "| {calls} | {succeeded} | {:.1} ms | {:.1} ms | {} | {:.2} MiB | {:.2} MiB | {:.2} MiB |",
        total.as_secs_f64() * 1e3,
        sum.as_secs_f64() * 1e3 / calls as f64,
        stats.misses - misses,
        mebibytes(before),
        mebibytes(peak),
        mebibytes(after),
    );
    assert_eq!(succeeded, calls);
    after.saturating_sub(before)
}

fn mebibytes(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Callers that give up most of their calls, at any time.
async fn cancelling(client: &ProbeAsyncClientProxy, seed: u64) {
    let before = MEMORY.live_bytes();
    let begin = Instant::now();
    let mut callers = JoinSet::new();
    for caller in 0..CANCELLING {
        let client = client.clone();
        let mut random = fastrand::Rng::with_seed(seed.wrapping_add(caller as u64));
        callers.spawn(async move {
            let mut answered = 0;
            for turn in 0..TURNS {
                let timeout = Duration::from_micros(random.u64(..20_000));
                match client.echo(payload(turn)).timeout(timeout).await {
                    Ok(reply) => {
                        assert_eq!(reply, payload(turn));
                        answered += 1;
                    }
                    Err(status) => assert_eq!(status.code(), Code::DeadlineExceeded, "{status}"),
                }
            }
            answered
        });
    }
    let mut answered = 0;
    while let Some(own) = callers.join_next().await {
        answered += own.unwrap();
    }
    let total = begin.elapsed();
    let stats = idle(client).await;
    drop(callers);
    let after = MEMORY.live_bytes();
    println!(
        "| {CANCELLING} x {TURNS} | {answered} | {} | {:.1} ms | {} | {:.2} MiB | {:.2} MiB |",
        CANCELLING * TURNS - answered,
        total.as_secs_f64() * 1e3,
        stats.opened - stats.closed,
        mebibytes(before),
        mebibytes(after),
    );
    assert!((stats.opened - stats.closed) as usize <= CONNECTIONS);
    assert!(after < before + SLACK, "{before} bytes became {after}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tens_of_thousands_of_calls_at_once_all_end_and_leave_nothing_behind() {
    within(LIMIT, async {
        let seed = fastrand::u64(..);
        println!("seed {seed}");
        let server = TestServer::start().await;
        let channel = Channel::builder(server.address())
            .max_connections(CONNECTIONS)
            .min_idle(CONNECTIONS)
            .max_streams_per_connection(STREAMS)
            .connect();
        let client = ProbeAsyncClientProxy::with(channel.await.unwrap());
        println!("| calls | succeeded | total | average | had to wait | before | peak | after |");
        // Buffers and tables have their size afterwards.
        at_once(&client, 30_000).await;
        for calls in [10_000, 20_000, 30_000] {
            let left = at_once(&client, calls).await;
            assert!(left < SLACK, "{left} bytes more than before");
        }
        println!("| calls | answered | given up | total | connections | before | after |");
        cancelling(&client, seed).await;
        // Every place is there: as many calls run at once as the pool has places for.
        let places = CONNECTIONS * STREAMS as usize;
        let calls: Vec<_> = (0..places)
            .map(|number| client.hold(payload(number)).start())
            .collect();
        server.probe.until_running(places).await;
        server.probe.release_all();
        for (number, call) in calls.into_iter().enumerate() {
            assert_eq!(call.await.unwrap(), payload(number));
        }
    })
    .await;
}
