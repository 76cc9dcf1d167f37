//! A run: warm-up, then calls that are counted, then those that are still in flight.

use std::mem;
use std::panic;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::{self, JoinHandle, JoinSet};
use tokio::time::{self, Instant, MissedTickBehavior};

use super::caller::Caller;
use super::closed;
use super::cpu::Cpu;
use super::interval::Interval;
use super::open::Pacer;
use super::plan::{Load, Plan, Until, duration};
use super::recorder::Recorder;
use super::tally::Tally;
use super::tickets::Tickets;

/// What a run showed.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// All calls that began after the warm-up.
    pub(crate) total: Tally,
    /// Those that had ended when the last call had begun, and how long that took. They make up the rate: a few that take long
    /// at the end say nothing of it.
    pub(crate) in_time: Interval,
    /// The same time, in parts.
    pub(crate) intervals: Vec<Interval>,
    /// Calls that had not ended when their time was over.
    pub(crate) abandoned: u64,
    /// What this process had of the machine's cores meanwhile.
    pub(crate) cpu: Cpu,
    /// Whoever looked on has ended the run.
    pub(crate) interrupted: bool,
}

/// Makes calls as planned.
pub(crate) struct Run<'a, C, I, P> {
    /// What calls go through.
    pub(crate) connections: &'a [C],
    /// What to do.
    pub(crate) plan: &'a Plan,
    /// How long calls may take that are in flight at the end.
    pub(crate) patience: Duration,
    /// Becomes ready when the run is to end early.
    pub(crate) interrupt: I,
    /// Is shown each interval, and the time since the warm-up ended if it has.
    pub(crate) progress: P,
}

impl<C, I, P> Run<'_, C, I, P>
where
    C: Caller,
    I: AsyncFn(),
    P: FnMut(Interval, Option<Duration>),
{
    /// Does all of it. An interrupt ends the calls, and another one the wait for those that are in flight.
    pub(crate) async fn measure(mut self) -> Measured {
        let warmup = self.plan.warmup();
        if !warmup.is_zero() {
            let warm = self.phase(Phase::WarmUp(warmup)).await;
            if warm.interrupted {
                return Measured {
                    interrupted: true,
                    ..Measured::default()
                };
            }
        }
        self.phase(Phase::Measured(self.plan.until)).await
    }

    /// Calls until there have been as many as asked for, or time is over.
    async fn phase(&mut self, phase: Phase) -> Measured {
        let tickets = Arc::new(Tickets::new(phase.calls()));
        let recorder = Arc::new(Recorder::new());
        let before = Cpu::now();
        let mut counted = Counted::new(Arc::clone(&recorder));
        let mut calls = self.start(&tickets, &recorder);
        let interrupted = self.watch(phase, &mut calls, &mut counted).await;
        tickets.close();
        counted.look();
        let cpu = Cpu::now().since(before);
        let in_time = counted.in_time();
        let abandoned = self.await_last(&mut calls, interrupted).await;
        counted.total.merge(recorder.take());
        Measured {
            total: counted.total,
            in_time,
            intervals: counted.intervals,
            abandoned,
            cpu,
            interrupted,
        }
    }

    fn start(&self, tickets: &Arc<Tickets>, recorder: &Arc<Recorder>) -> Calls {
        match self.plan.load {
            Load::Closed { in_flight } => Calls::Started(closed::start(
                self.connections,
                in_flight,
                tickets,
                recorder,
            )),
            Load::Open {
                rate,
                max_in_flight,
            } => {
                let pacer = Pacer {
                    connections: self.connections.to_vec(),
                    rate,
                    max_in_flight,
                    tickets: Arc::clone(tickets),
                    recorder: Arc::clone(recorder),
                    runtime: Handle::current(),
                    start: Instant::now(),
                    due: 0,
                    calls: JoinSet::new(),
                };
                Calls::Starting(task::spawn_blocking(|| pacer.run()))
            }
        }
    }

    /// Waits for the end, and shows how it goes meanwhile. Says whether it was an interrupt.
    async fn watch(&mut self, phase: Phase, calls: &mut Calls, counted: &mut Counted) -> bool {
        let start = counted.start;
        let mut interrupt = pin!((self.interrupt)());
        let mut end = pin!(time::sleep(phase.length().unwrap_or(Duration::MAX)));
        let interval = self.plan.interval();
        let mut looks = time::interval_at(start + interval, interval);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = &mut interrupt => return true,
                () = &mut end => return false,
                () = calls.ended() => return false,
                now = looks.tick() => {
                    let interval = counted.look();
                    counted.intervals.push(interval);
                    (self.progress)(interval, phase.is_measured().then(|| now - start));
                }
            }
        }
    }

    /// Waits for the calls that are in flight, and gives the number of those that have not ended then.
    async fn await_last(&mut self, calls: &mut Calls, interrupted: bool) -> u64 {
        let mut interrupt = pin!((self.interrupt)());
        let patience = match interrupted {
            true => self.patience.min(Duration::from_secs(1)),
            false => self.patience,
        };
        // There are no tickets any more, so this takes no longer than the pacer sleeps.
        calls.started().await;
        tokio::select! {
            biased;
            () = calls.ended() => {}
            () = time::sleep(patience) => {}
            () = &mut interrupt => {}
        }
        calls.left()
    }
}

/// A part of a run.
#[derive(Debug, Clone, Copy)]
enum Phase {
    WarmUp(Duration),
    Measured(Until),
}

impl Phase {
    /// How many calls it has; `None` if time ends it.
    fn calls(self) -> Option<u64> {
        match self {
            Phase::Measured(Until::Requests(requests)) => Some(requests),
            _ => None,
        }
    }

    /// How long it takes; `None` if it ends with its calls.
    fn length(self) -> Option<Duration> {
        match self {
            Phase::WarmUp(length) => Some(length),
            Phase::Measured(Until::Seconds(seconds)) => Some(duration(seconds)),
            Phase::Measured(Until::Requests(_)) => None,
        }
    }

    fn is_measured(self) -> bool {
        matches!(self, Phase::Measured(_))
    }
}

/// The calls of a phase. Dropping them cancels those that are in flight.
enum Calls {
    /// A thread is still starting some.
    Starting(JoinHandle<JoinSet<()>>),
    /// All were started, or start by themselves.
    Started(JoinSet<()>),
}

impl Calls {
    /// Waits until all have been started that may begin. Cancel safe.
    async fn started(&mut self) {
        if let Calls::Starting(thread) = self {
            let started = thread.await;
            let started = started.unwrap_or_else(|error| panic::resume_unwind(error.into_panic()));
            *self = Calls::Started(started);
        }
    }

    /// Waits until all have ended. Cancel safe.
    async fn ended(&mut self) {
        self.started().await;
        if let Calls::Started(calls) = self {
            while calls.join_next().await.is_some() {}
        }
    }

    fn left(&mut self) -> u64 {
        match self {
            Calls::Starting(_) => 0,
            Calls::Started(calls) => {
                while calls.try_join_next().is_some() {}
                calls.len() as u64
            }
        }
    }
}

/// What was counted so far.
struct Counted {
    recorder: Arc<Recorder>,
    start: Instant,
    /// When somebody looked last.
    looked: Instant,
    total: Tally,
    intervals: Vec<Interval>,
}

impl Counted {
    fn new(recorder: Arc<Recorder>) -> Self {
        let start = Instant::now();
        Self {
            recorder,
            start,
            looked: start,
            total: Tally::default(),
            intervals: Vec::new(),
        }
    }

    /// Takes what was counted since the last look.
    fn look(&mut self) -> Interval {
        let now = Instant::now();
        let seconds = (now - mem::replace(&mut self.looked, now)).as_secs_f64();
        let tally = self.recorder.take();
        let interval = Interval::new(&tally, seconds);
        self.total.merge(tally);
        interval
    }

    fn in_time(&self) -> Interval {
        Interval::new(&self.total, (self.looked - self.start).as_secs_f64())
    }
}
