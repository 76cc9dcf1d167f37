//! Both loops with a server that is made up, in time that is simulated.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use rpc_runtime::{Code, Status};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::{self, Instant};

use super::caller::{Caller, Traffic};
use super::open::Pacer;
use super::plan::{Load, Plan, Until};
use super::recorder::Recorder;
use super::run::{Measured, Run};
use super::tally::Tally;
use super::tickets::Tickets;

/// Answers the call of each number after a while, or fails it.
#[derive(Clone, Copy)]
struct Fake(fn(u64) -> (Duration, Result<(), Status>));

impl Caller for Fake {
    async fn call(&self, number: u64, _: &Recorder) -> Result<Traffic, Status> {
        let (time, outcome) = (self.0)(number);
        time::sleep(time).await;
        outcome.map(|()| Traffic {
            messages: 1,
            sent_bytes: 2,
            received_bytes: 3,
        })
    }
}

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn plan(in_flight: usize, until: Until) -> Plan {
    Plan {
        load: Load::Closed { in_flight },
        connections: 1,
        threads: 1,
        warmup_seconds: 0.0,
        until,
    }
}

async fn measure(plan: Plan, caller: Fake) -> Measured {
    interrupted_after(Duration::MAX, plan, caller).await
}

async fn interrupted_after(time: Duration, plan: Plan, caller: Fake) -> Measured {
    let interrupt_at = Instant::now().checked_add(time);
    let run = Run {
        connections: &[caller],
        plan: &plan,
        patience: ms(500),
        interrupt: async || match interrupt_at {
            // It interrupts once.
            Some(at) if at > Instant::now() => time::sleep_until(at).await,
            _ => std::future::pending().await,
        },
        progress: |_, _| {},
    };
    run.measure().await
}

fn milliseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e6
}

#[tokio::test(start_paused = true)]
async fn a_closed_loop_keeps_so_many_calls_in_flight() {
    let caller = Fake(|_| (ms(10), Ok(())));
    let measured = measure(plan(4, Until::Seconds(1.005)), caller).await;
    // 4 callers make 100 calls each within the time, and the last ones are waited for.
    assert_eq!(measured.in_time.answered, 400);
    assert_eq!(measured.total.answers(), 404);
    assert!((measured.in_time.seconds - 1.005).abs() < 0.002);
    let p50 = milliseconds(measured.total.latencies.value_at_quantile(0.5));
    assert!((p50 - 10.0).abs() < 0.1, "{p50}");
    assert_eq!(measured.total.traffic.received_bytes, 3 * 404);
    assert_eq!((measured.abandoned, measured.interrupted), (0, false));
}

#[tokio::test(start_paused = true)]
async fn so_many_requests_are_so_many_calls() {
    let caller = Fake(|_| (ms(10), Ok(())));
    let measured = measure(plan(3, Until::Requests(10)), caller).await;
    assert_eq!(measured.total.answers(), 10);
    assert_eq!(measured.in_time.answered, 10);
    assert!((measured.in_time.seconds - 0.040).abs() < 0.002);
}

#[tokio::test(start_paused = true)]
async fn the_warm_up_is_not_counted() {
    thread_local! {
        static CALLS: Cell<u64> = const { Cell::new(0) };
    }
    let caller = Fake(|_| {
        CALLS.set(CALLS.get() + 1);
        (ms(10), Ok(()))
    });
    let mut plan = plan(1, Until::Requests(5));
    plan.warmup_seconds = 0.1;
    let measured = measure(plan, caller).await;
    assert_eq!(measured.total.answers(), 5);
    assert!(CALLS.get() >= 15, "{}", CALLS.get());
}

#[tokio::test(start_paused = true)]
async fn the_intervals_make_up_the_run() {
    let caller = Fake(|_| (ms(10), Ok(())));
    let measured = measure(plan(1, Until::Seconds(2.0)), caller).await;
    assert!(measured.intervals.len() >= 19);
    for interval in &measured.intervals {
        assert!(
            (interval.calls_per_second() - 100.0).abs() <= 11.0,
            "{interval:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn failures_are_counted_by_code_and_have_no_latency() {
    let caller = Fake(|number| match number % 4 {
        0 => (Duration::ZERO, Err(Status::unavailable("away"))),
        1 => (ms(1), Err(Status::internal("broken"))),
        _ => (ms(10), Ok(())),
    });
    let measured = measure(plan(1, Until::Requests(100)), caller).await;
    let failed = |code: Code| measured.total.failures[&code.value()].count;
    assert_eq!(failed(Code::Unavailable), 25);
    assert_eq!(failed(Code::Internal), 25);
    assert_eq!(measured.total.answers(), 50);
    assert!(milliseconds(measured.total.latencies.min()) > 9.0);
}

#[tokio::test(start_paused = true)]
async fn calls_that_never_end_are_given_up_and_counted() {
    let caller = Fake(|number| match number {
        0 | 1 => (Duration::MAX, Ok(())),
        _ => (ms(10), Ok(())),
    });
    let start = Instant::now();
    let measured = measure(plan(4, Until::Seconds(1.0)), caller).await;
    assert_eq!(measured.abandoned, 2);
    assert!(measured.total.answers() >= 198);
    assert_eq!(
        start.elapsed().as_millis() / 10,
        150,
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_ends_the_run_and_keeps_what_was_counted() {
    let caller = Fake(|_| (ms(10), Ok(())));
    let measured = interrupted_after(ms(305), plan(1, Until::Seconds(60.0)), caller).await;
    assert!(measured.interrupted);
    assert_eq!(measured.in_time.answered, 30);
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_in_the_warm_up_ends_the_run_without_calls() {
    let mut plan = plan(1, Until::Seconds(60.0));
    plan.warmup_seconds = 1.0;
    let measured = interrupted_after(ms(300), plan, Fake(|_| (ms(10), Ok(())))).await;
    assert!(measured.interrupted);
    assert_eq!(measured.total.answers(), 0);
}

/// Runs an open loop until its tickets are used up, and all calls have ended that end at all.
async fn open(rate: f64, max_in_flight: usize, calls: u64, caller: Fake) -> Tally {
    let recorder = Arc::new(Recorder::new());
    let mut pacer = Pacer {
        connections: vec![caller],
        rate,
        max_in_flight,
        tickets: Arc::new(Tickets::new(Some(calls))),
        recorder: Arc::clone(&recorder),
        runtime: Handle::current(),
        start: Instant::now(),
        due: 0,
        calls: JoinSet::new(),
    };
    while let Some(due) = pacer.start_due(Instant::now()) {
        time::sleep_until(due).await;
    }
    time::sleep(Duration::from_secs(3_600)).await;
    recorder.take()
}

#[tokio::test(start_paused = true)]
async fn an_open_loop_makes_calls_at_its_rate() {
    let start = Instant::now();
    let tally = open(1_000.0, 100, 1_000, Fake(|_| (ms(5), Ok(())))).await;
    assert_eq!((tally.answers(), tally.not_started), (1_000, 0));
    let seconds = start.elapsed().as_secs_f64() - 3_600.0;
    assert!((seconds - 1.0).abs() < 0.01, "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stalls_is_charged_for_every_call_that_was_due() {
    // Calls 50 to 149, which are due every 10 ms, are all answered when the 150th is due.
    let caller = Fake(|number| match number {
        50..150 => (ms((150 - number) * 10), Ok(())),
        _ => (ms(1), Ok(())),
    });
    let tally = open(100.0, 1_000, 200, caller).await;
    let at = |quantile| milliseconds(tally.latencies.value_at_quantile(quantile));
    assert!(at(0.5) < 20.0, "{}", at(0.5));
    assert!((at(0.75) - 500.0).abs() < 20.0, "{}", at(0.75));
    assert!((at(1.0) - 1_000.0).abs() < 5.0, "{}", at(1.0));
}

#[tokio::test(start_paused = true)]
async fn calls_that_start_late_have_the_latency_since_they_were_due() {
    let recorder = Arc::new(Recorder::new());
    let mut pacer = Pacer {
        connections: vec![Fake(|_| (ms(1), Ok(())))],
        rate: 100.0,
        max_in_flight: 100,
        tickets: Arc::new(Tickets::new(Some(11))),
        recorder: Arc::clone(&recorder),
        runtime: Handle::current(),
        start: Instant::now(),
        due: 0,
        calls: JoinSet::new(),
    };
    // The pacer itself sleeps through the first ten.
    time::sleep(ms(100)).await;
    assert_eq!(pacer.start_due(Instant::now()), None);
    time::sleep(ms(100)).await;
    let tally = recorder.take();
    assert_eq!(tally.answers(), 11);
    let max = milliseconds(tally.latencies.max());
    assert!((max - 101.0).abs() < 2.0, "{max}");
}

#[tokio::test(start_paused = true)]
async fn an_open_loop_starts_no_more_than_it_may_and_says_how_many_it_left_out() {
    let tally = open(100.0, 10, 50, Fake(|_| (Duration::MAX, Ok(())))).await;
    assert_eq!((tally.answers(), tally.not_started), (0, 40));
}

#[tokio::test(start_paused = true)]
async fn a_slow_schedule_ends_when_its_tickets_are_closed() {
    let tickets = Arc::new(Tickets::new(None));
    let mut pacer = Pacer {
        connections: vec![Fake(|_| (ms(1), Ok(())))],
        rate: 0.001,
        max_in_flight: 1,
        tickets: Arc::clone(&tickets),
        recorder: Arc::new(Recorder::new()),
        runtime: Handle::current(),
        start: Instant::now(),
        due: 0,
        calls: JoinSet::new(),
    };
    assert!(pacer.start_due(Instant::now()).is_some());
    tickets.close();
    assert_eq!(pacer.start_due(Instant::now()), None);
}
