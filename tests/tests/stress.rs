//! A random mix of everything that may happen to a call. Every call ends exactly once, with its
//! own reply or an error that fits, and nothing is left behind at the server.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, its helpers too, and prints what helps to find out why"
)]

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use fastrand::Rng;
use rpc_runtime::{Channel, Code, RpcFuture, Status};
use rpc_tests::probe::{Failure, Payload, ProbeAsyncClientProxy};
use rpc_tests::{TestServer, within};
use tokio::task::JoinSet;

const CALLERS: u64 = 32;
const CALLS_PER_CALLER: usize = 100;
const CALLS: usize = CALLERS as usize * CALLS_PER_CALLER;

/// Longer than the longest run on a slow machine.
const LIMIT: Duration = Duration::from_secs(50);

/// How calls ended, each counted once.
#[derive(Debug, Default)]
struct Ledger {
    replies: AtomicUsize,
    errors: AtomicUsize,
    deadlines: AtomicUsize,
    cancelled: AtomicUsize,
    dropped: AtomicUsize,
    never_sent: AtomicUsize,
    callbacks: AtomicUsize,
}

impl Ledger {
    fn sum(&self) -> usize {
        let Ledger {
            replies,
            errors,
            deadlines,
            cancelled,
            dropped,
            never_sent,
            callbacks: _,
        } = self;
        let all = [replies, errors, deadlines, cancelled, dropped, never_sent];
        all.map(|count| count.load(Ordering::Relaxed)).iter().sum()
    }
}

fn count(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Bytes that no other call of the run sends: mostly few, now and then several frames.
fn payload(random: &mut Rng) -> Payload {
    let size = if random.u8(..) < 16 {
        random.usize(8..200_000)
    } else {
        8
    };
    let mut data = vec![random.u8(..); size];
    data[..8].copy_from_slice(&random.u64(..).to_be_bytes());
    Payload { data: data.into() }
}

/// A time that may be over before, while or after the call is served.
fn short(random: &mut Rng) -> Duration {
    Duration::from_micros(random.u64(0..20_000))
}

fn note(ledger: &Ledger, outcome: Result<Payload, Status>, sent: &Payload) {
    match outcome {
        Ok(reply) => {
            assert!(reply == *sent, "the reply of another call");
            count(&ledger.replies);
        }
        Err(status) => match status.code() {
            Code::DeadlineExceeded => count(&ledger.deadlines),
            Code::Cancelled => count(&ledger.cancelled),
            _ => panic!("{status}"),
        },
    }
}

/// Watches a started call, which somebody else ends.
fn watch(ledger: &'static Ledger, future: &RpcFuture<Payload>) {
    future.on_complete(|_| count(&ledger.callbacks));
}

/// Makes one call of some kind and sees to its end; gives how many callbacks it set.
async fn one_call(
    client: &ProbeAsyncClientProxy,
    random: &mut Rng,
    ledger: &'static Ledger,
) -> usize {
    let payload = payload(random);
    match random.u8(..8) {
        0 | 1 => note(ledger, client.echo(payload.clone()).await, &payload),
        2 => note(
            ledger,
            client.echo(payload.clone()).timeout(short(random)).await,
            &payload,
        ),
        3 => note(
            ledger,
            client.hold(payload.clone()).timeout(short(random)).await,
            &payload,
        ),
        4 => {
            let failure = Failure {
                code: Code::Aborted.value(),
                ..Failure::default()
            };
            let status = client.fail(failure).await.unwrap_err();
            assert_eq!(status.code(), Code::Aborted, "{status}");
            count(&ledger.errors);
        }
        5 => {
            let mut call = client.hold(payload);
            let polls = random.u8(..3);
            for _ in 0..polls {
                let _pending = Pin::new(&mut call).poll(&mut Context::from_waker(Waker::noop()));
                tokio::task::yield_now().await;
            }
            drop(call);
            count(if polls == 0 {
                &ledger.never_sent
            } else {
                &ledger.dropped
            });
        }
        6 => {
            let future = client
                .hold(payload.clone())
                .timeout(Duration::from_secs(20))
                .start();
            watch(ledger, &future);
            for _ in 0..random.u8(..3) {
                tokio::task::yield_now().await;
            }
            future.cancel();
            note(ledger, future.await, &payload);
            return 1;
        }
        _ => {
            let future = client.echo(payload.clone()).start();
            watch(ledger, &future);
            note(ledger, future.await, &payload);
            return 1;
        }
    }
    0
}

/// Callers on a shared connection with few streams, so that calls queue, and on one that is
/// replaced all the time.
async fn run(seed: u64) {
    let server = TestServer::start_with(|server| server.max_concurrent_streams(16)).await;
    let replaced = Channel::builder(server.address()).first_stream_id(u32::MAX - 60);
    let clients = [
        server.client().await,
        ProbeAsyncClientProxy::with(replaced.connect().await.unwrap()),
    ];
    // Callbacks may outlive the test, and it runs once.
    let ledger: &'static Ledger = Box::leak(Box::default());
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let client = clients[caller as usize % clients.len()].clone();
        let mut random = Rng::with_seed(seed.wrapping_add(caller));
        callers.spawn(async move {
            let mut callbacks = 0;
            for _ in 0..CALLS_PER_CALLER {
                callbacks += one_call(&client, &mut random, ledger).await;
            }
            callbacks
        });
    }
    let mut callbacks = 0;
    while let Some(set) = callers.join_next().await {
        callbacks += set.expect("see the panic above");
    }
    let counts = server.probe.until_running(0).await;
    println!("{ledger:?} {counts:?}");
    assert_eq!(ledger.sum(), CALLS);
    assert!(counts.started <= CALLS, "calls ran twice: {counts:?}");
    while ledger.callbacks.load(Ordering::Relaxed) < callbacks {
        tokio::task::yield_now().await;
    }
    for client in clients {
        client.echo(Payload::default()).await.unwrap();
    }
    assert_eq!(
        ledger.callbacks.load(Ordering::Relaxed),
        callbacks,
        "one was called twice"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_of_a_random_mix_ends_once_and_leaves_nothing_behind() {
    let seed = std::env::var("RPC_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("RPC_TEST_SEED={seed} repeats this run as far as the scheduler does");
    within(LIMIT, run(seed)).await;
}
