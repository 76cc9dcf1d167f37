//! The open loop: calls are due at regular intervals, however long the earlier ones take.
//!
//! Latency counts from the moment when a call was due. So a server that stalls is charged for every call that it holds up, and
//! not only for those few that were in flight (which is known as coordinated omission).

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::caller::Caller;
use super::recorder::Recorder;
use super::tickets::Tickets;

/// The longest sleep between calls, so that the end of a slow schedule is noticed.
const LONGEST_SLEEP: Duration = Duration::from_millis(100);

/// Starts calls when they are due. Whoever has it calls [`start_due`](Self::start_due) at the moments that it gives.
#[derive(Debug)]
pub(crate) struct Pacer<C> {
    /// Each call goes over the next one.
    pub(crate) connections: Vec<C>,
    /// Calls that are due in a second.
    pub(crate) rate: f64,
    /// Calls in flight beyond which none is started.
    pub(crate) max_in_flight: usize,
    /// The calls that may begin.
    pub(crate) tickets: Arc<Tickets>,
    /// Where calls are counted.
    pub(crate) recorder: Arc<Recorder>,
    /// Where calls run.
    pub(crate) runtime: Handle,
    /// When the first call is due.
    pub(crate) start: Instant,
    /// Calls that were due so far.
    pub(crate) due: u64,
    /// Calls in flight.
    pub(crate) calls: JoinSet<()>,
}

impl<C: Caller> Pacer<C> {
    /// Starts what is due at `now`, and gives the moment of the next call; `None` if there are no tickets.
    pub(crate) fn start_due(&mut self, now: Instant) -> Option<Instant> {
        while self.calls.try_join_next().is_some() {}
        loop {
            let due = self.start + Duration::from_secs_f64(self.due as f64 / self.rate);
            if due > now {
                return self.tickets.are_left().then_some(due);
            }
            let number = self.tickets.take()?;
            self.due += 1;
            match self.calls.len() < self.max_in_flight {
                true => self.start_call(number, due),
                false => self.recorder.not_started(),
            }
        }
    }

    /// Starts calls, on a thread that sleeps in between, until there are no tickets; gives those that are still in flight.
    ///
    /// A thread's sleep ends within some 0.1 ms, a timer's of the runtime within 1 ms, by which every latency would be longer.
    pub(crate) fn run(mut self) -> JoinSet<()> {
        while let Some(due) = self.start_due(Instant::now()) {
            let wait = due.saturating_duration_since(Instant::now());
            thread::sleep(wait.min(LONGEST_SLEEP));
        }
        self.calls
    }

    fn start_call(&mut self, number: u64, due: Instant) {
        let connection = number as usize % self.connections.len();
        let caller = self.connections[connection].clone();
        let recorder = Arc::clone(&self.recorder);
        let call = async move {
            let outcome = caller.call(number, &recorder).await;
            recorder.ended(due.elapsed(), outcome);
        };
        self.calls.spawn_on(call, &self.runtime);
    }
}
