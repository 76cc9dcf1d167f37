//! One run of a client: connections, callers and what they counted.

use std::collections::VecDeque;
use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::caller::{Caller, Job};
use crate::clock::{self, Clock};
use crate::tally::Tally;
use crate::{Client, Pattern, Report, Workload};

/// How long connecting may take, and how long the last calls may take to be answered after the measured interval. A
/// peer that loses a call makes its client fail rather than hang.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long both sides are left alone before somebody looks at their memory.
const SETTLE: Duration = Duration::from_millis(300);

/// A peer's own part, and what is to be done with it.
pub(crate) struct Session<F, S> {
    /// Makes a connection to the address.
    pub(crate) connect: F,
    /// Starts a caller on the runtime.
    pub(crate) spawn: S,
    /// Where the server listens.
    pub(crate) address: String,
    /// What to do.
    pub(crate) workload: Workload,
}

impl<C, F, Fut, S> Session<F, S>
where
    C: Client + Clone,
    F: Fn(String) -> Fut,
    Fut: Future<Output = anyhow::Result<C>>,
    S: Fn(Caller<C>) -> JoinHandle<anyhow::Result<Tally>>,
{
    /// Connects, does the work and says what it showed.
    pub(crate) async fn run(&self) -> anyhow::Result<Report> {
        let clients = self.connect(self.workload.connections).await?;
        let report = match self.workload.pattern {
            Pattern::Closed { in_flight } => self.timed(&clients, in_flight, Job::Repeat).await?,
            Pattern::Open { calls_per_second } => self.open(&clients, calls_per_second).await?,
            Pattern::Stream => self.timed(&clients, clients.len(), Job::Stream).await?,
            Pattern::Burst { calls } => self.burst(&clients, calls).await?,
            Pattern::Idle { connections } => self.idle(&clients, connections).await?,
        };
        ensure!(
            report.calls > 0,
            "no call was answered within the measured interval"
        );
        Ok(report)
    }

    /// Callers that go on until the clock says that it is enough.
    async fn timed(
        &self,
        clients: &[C],
        callers: usize,
        job: impl Fn(Range<Instant>) -> Job,
    ) -> anyhow::Result<Report> {
        let start = Instant::now() + self.workload.warm_up();
        let measured = start..start + self.workload.measure();
        let clock = Clock::new(measured.clone());
        let tasks = self.spawn(clients, callers, job(measured.clone()));
        let left = measured.end.saturating_duration_since(Instant::now());
        let tally = collect(tasks, left + PATIENCE).await?;
        let (before, after) = clock.usage()?;
        let seconds = self.workload.measure().as_secs_f64();
        Ok(Report::new(tally, seconds, before, after))
    }

    /// Calls that are due at regular intervals. This thread sleeps in between, which delays nobody: it is no worker of the runtime.
    async fn open(&self, clients: &[C], calls_per_second: u32) -> anyhow::Result<Report> {
        let interval = Duration::from_secs(1) / calls_per_second;
        let mut due = Instant::now();
        let start = due + self.workload.warm_up();
        let measured = start..start + self.workload.measure();
        let clock = Clock::new(measured.clone());
        let mut clients = clients.iter().cycle();
        let (mut tally, mut tasks) = (Tally::default(), VecDeque::new());
        while let Some(client) = clients.next().filter(|_| due < measured.end) {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let task = (self.spawn)(self.caller(client, Job::Once(due)));
            if due < measured.start {
                drop(task);
            } else {
                tasks.push_back(task);
            }
            due += interval;
            // Tasks that have ended make room for new ones.
            while let Some(task) = tasks.pop_front_if(|task| task.is_finished()) {
                tally.merge(task.await??);
            }
        }
        tally.merge(collect(tasks, PATIENCE).await?);
        let (before, after) = clock.usage()?;
        let seconds = self.workload.measure().as_secs_f64();
        Ok(Report::new(tally, seconds, before, after))
    }

    async fn burst(&self, clients: &[C], calls: usize) -> anyhow::Result<Report> {
        let before = clock::start()?;
        let start = Instant::now();
        let tasks = self.spawn(clients, calls, Job::Once(start));
        let tally = collect(tasks, PATIENCE).await?;
        let seconds = start.elapsed().as_secs_f64();
        Ok(Report::new(tally, seconds, before, clock::end()?))
    }

    /// The connections in `clients` have both sides allocate what they need once; they are not counted.
    async fn idle(&self, clients: &[C], connections: usize) -> anyhow::Result<Report> {
        let start = Instant::now();
        let tasks = self.spawn(clients, clients.len(), Job::Once(start));
        collect(tasks, PATIENCE).await?;
        sleep(SETTLE).await;
        let before = clock::start()?;
        clock::wait_for_line()?;

        let idle = self.connect(connections).await?;
        let tasks = self.spawn(&idle, connections, Job::Once(Instant::now()));
        let tally = collect(tasks, PATIENCE).await?;
        sleep(SETTLE).await;
        let after = clock::end()?;
        clock::wait_for_line()?;
        let seconds = start.elapsed().as_secs_f64();
        Ok(Report::new(tally, seconds, before, after))
    }

    async fn connect(&self, connections: usize) -> anyhow::Result<Vec<C>> {
        let mut clients = Vec::with_capacity(connections);
        for _ in 0..connections {
            let client = timeout(PATIENCE, (self.connect)(self.address.clone()))
                .await
                .context("the server did not accept the connection in time")??;
            clients.push(client);
        }
        Ok(clients)
    }

    /// Starts so many callers, which are dealt out to the clients in turn.
    fn spawn(
        &self,
        clients: &[C],
        callers: usize,
        job: Job,
    ) -> Vec<JoinHandle<anyhow::Result<Tally>>> {
        let clients = clients.iter().cycle().take(callers);
        let callers = clients.map(|client| self.caller(client, job.clone()));
        callers.map(&self.spawn).collect()
    }

    fn caller(&self, client: &C, job: Job) -> Caller<C> {
        Caller {
            client: client.clone(),
            text: "x".repeat(self.workload.size),
            call: self.workload.call,
            job,
        }
    }
}

async fn collect(
    tasks: impl IntoIterator<Item = JoinHandle<anyhow::Result<Tally>>>,
    patience: Duration,
) -> anyhow::Result<Tally> {
    let all = async {
        let mut all = Tally::default();
        for task in tasks {
            all.merge(task.await??);
        }
        Ok(all)
    };
    timeout(patience, all)
        .await
        .context("calls were left without an answer")?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Call, Messages};

    #[derive(Clone)]
    struct Mirror {
        answer: Option<&'static str>,
    }

    impl Client for Mirror {
        async fn echo(&mut self, text: String) -> anyhow::Result<String> {
            tokio::task::yield_now().await;
            Ok(self.answer.map_or(text, str::to_owned))
        }

        async fn stream(
            &mut self,
            text: String,
            messages: &mut Messages<'_>,
        ) -> anyhow::Result<()> {
            while messages.take(&text)? {}
            Ok(())
        }
    }

    async fn run(pattern: Pattern, answer: Option<&'static str>) -> anyhow::Result<Report> {
        let session = Session {
            connect: |_| async move { Ok(Mirror { answer }) },
            spawn: |caller: Caller<Mirror>| tokio::spawn(caller.run()),
            address: String::new(),
            workload: Workload {
                pattern,
                call: Call::Echo,
                size: 64,
                connections: 2,
                warm_up_ms: 1,
                measure_ms: 200,
            },
        };
        session.run().await
    }

    #[tokio::test]
    async fn a_closed_loop_reports_calls_and_ordered_percentiles() {
        let report = run(Pattern::Closed { in_flight: 4 }, None).await.unwrap();
        assert!(report.calls > 0, "{report:?}");
        assert!(report.p50_us <= report.p99_us, "{report:?}");
        assert!(report.p99_us <= report.p999_us, "{report:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_open_loop_makes_as_many_calls_as_were_due() {
        let pattern = Pattern::Open {
            calls_per_second: 1_000,
        };
        let report = run(pattern, None).await.unwrap();
        assert_eq!(report.calls, 200);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_stream_reports_messages_without_latency() {
        let report = run(Pattern::Stream, None).await.unwrap();
        assert!(report.calls > 0, "{report:?}");
        assert_eq!(report.p50_us, None);
    }

    #[tokio::test]
    async fn a_burst_is_so_many_calls() {
        let report = run(Pattern::Burst { calls: 100 }, None).await.unwrap();
        assert_eq!(report.calls, 100);
    }

    #[tokio::test]
    async fn a_wrong_answer_fails_the_run() {
        let error = run(Pattern::Burst { calls: 1 }, Some("y")).await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains("not the text that was sent"), "{error}");
    }
}
