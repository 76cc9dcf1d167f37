//! The frame around every peer's client: arguments, runtime and report.

use std::env;
use std::pin::pin;
use std::task::{self, Poll, Waker};
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use tokio::task::{JoinHandle, LocalSet};

use crate::caller::{Caller, Job, Messages};
use crate::clock::Clock;
use crate::session::Session;
use crate::tally::Tally;
use crate::{Call, Pattern, Report, Workload, placement, runtime};

/// One connection of a peer. Clones share the connection.
pub trait Client: 'static {
    /// Sends `text` and gives what came back. It takes the client exclusively because some peers do; every caller has
    /// a clone of its own.
    ///
    /// # Errors
    ///
    /// Whatever ends the call without an answer; it ends the run.
    fn echo(&mut self, text: String) -> impl Future<Output = anyhow::Result<String>>;

    /// Asks for the server's [`log_records`](crate::log_records), and gives the bytes of all texts in the reply, as
    /// [`LogRecord::text_bytes`](crate::LogRecord::text_bytes) counts them.
    ///
    /// # Errors
    ///
    /// Whatever ends the call without an answer. A peer without such a method always fails.
    fn logs(&mut self) -> impl Future<Output = anyhow::Result<usize>> {
        async { bail!("this peer has no log records") }
    }

    /// Asks for a server stream that repeats `text` without end, and puts it into `messages` until no more are wanted.
    ///
    /// # Errors
    ///
    /// Whatever ends the stream early, and what [`Messages::take`] says. A peer without streams always fails.
    fn stream(
        &mut self,
        text: String,
        messages: &mut Messages<'_>,
    ) -> impl Future<Output = anyhow::Result<()>> {
        drop((text, messages));
        async { bail!("this peer has no server streams") }
    }
}

/// Runs a client's program on tokio's default runtime: reads address and workload from the command line, makes every
/// connection with `connect`, runs the workload and prints the [`Report`].
///
/// `spawn` is `|caller| tokio::spawn(caller.run())` for every peer. It stands there because only where the type of the
/// client is known does the compiler see that its calls may move between threads.
///
/// # Errors
///
/// When an argument is wrong, connecting or a call fails, an answer is not the text that was sent, or an answer is
/// missing 10 seconds after the last call was sent.
pub fn drive<C, F, Fut, S>(connect: F, spawn: S) -> anyhow::Result<()>
where
    C: Client + Clone,
    F: Fn(String) -> Fut,
    Fut: Future<Output = anyhow::Result<C>>,
    S: Fn(Caller<C>) -> JoinHandle<anyhow::Result<Tally>>,
{
    let session = session(connect, spawn)?;
    let runtime = runtime::new()?;
    print(&runtime.block_on(session.run())?)?;
    runtime.shutdown_background();
    Ok(())
}

/// [`drive`] for a peer whose calls have to stay on one thread: `spawn` is
/// `|caller| tokio::task::spawn_local(caller.run())`.
///
/// # Errors
///
/// As [`drive`].
pub fn drive_local<C, F, Fut, S>(connect: F, spawn: S) -> anyhow::Result<()>
where
    C: Client + Clone,
    F: Fn(String) -> Fut,
    Fut: Future<Output = anyhow::Result<C>>,
    S: Fn(Caller<C>) -> JoinHandle<anyhow::Result<Tally>>,
{
    let session = session(connect, spawn)?;
    let runtime = runtime::current_thread()?;
    print(&LocalSet::new().block_on(&runtime, session.run())?)
}

/// [`drive`] for a client that is not async. It can have one call in flight on one connection.
///
/// # Errors
///
/// As [`drive`], and when the workload is another one. Nobody watches for calls that are never answered.
pub fn drive_blocking<E>(connect: impl FnOnce(String) -> anyhow::Result<E>) -> anyhow::Result<()>
where
    E: FnMut(String) -> anyhow::Result<String> + 'static,
{
    let (address, workload) = arguments()?;
    ensure!(
        (workload.pattern, workload.connections, workload.call)
            == (Pattern::Closed { in_flight: 1 }, 1, Call::Echo),
        "a blocking client has one echo in flight on one connection"
    );
    let client = Blocking(connect(address)?);
    let start = Instant::now() + workload.warm_up();
    let measured = start..start + workload.measure();
    let clock = Clock::new(measured.clone());
    let caller = Caller {
        client,
        text: "x".repeat(workload.size),
        call: workload.call,
        job: Job::Repeat(measured),
    };
    let mut context = task::Context::from_waker(Waker::noop());
    let Poll::Ready(tally) = pin!(caller.run()).poll(&mut context) else {
        bail!("a blocking client waited without blocking");
    };
    let (before, after) = clock.usage()?;
    let seconds = workload.measure().as_secs_f64();
    print(&Report::new(tally?, seconds, before, after))
}

/// A client whose calls are ready when they return.
struct Blocking<E>(E);

impl<E: FnMut(String) -> anyhow::Result<String> + 'static> Client for Blocking<E> {
    async fn echo(&mut self, text: String) -> anyhow::Result<String> {
        (self.0)(text)
    }
}

fn session<F, S>(connect: F, spawn: S) -> anyhow::Result<Session<F, S>> {
    let (address, workload) = arguments()?;
    Ok(Session {
        connect,
        spawn,
        address,
        workload,
    })
}

/// Reads the command line, before anything else is done: no thread has been started yet that could be on another core.
fn arguments() -> anyhow::Result<(String, Workload)> {
    placement::pin("BENCH_CLIENT_CORE")?;
    let mut args = env::args().skip(1);
    let address = args.next().context("the argument ADDRESS is missing")?;
    let workload = args.next().context("the argument WORKLOAD is missing")?;
    let workload = serde_json::from_str(&workload)
        .with_context(|| format!("the argument WORKLOAD is not understood: {workload}"))?;
    Ok((address, workload))
}

fn print(report: &Report) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(report)?);
    Ok(())
}
