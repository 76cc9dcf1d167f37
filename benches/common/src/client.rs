//! The frame around every peer's client: the closed loop and its clock.

use std::env;
use std::net::SocketAddr;
use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::latency::Latencies;
use crate::workload::TEXT_LENGTH;
use crate::{END, Report, START, Workload, cpu};

/// How long connecting may take, and how long the last calls may take to be answered after the measured interval. A
/// peer that loses a call makes its client fail rather than hang.
const PATIENCE: Duration = Duration::from_secs(10);

/// One connection of a peer. Clones share the connection.
pub trait Client: Clone + Send + 'static {
    /// Sends `text` and gives what came back. It takes the client exclusively because some peers do; every caller has
    /// a clone of its own.
    ///
    /// # Errors
    ///
    /// Whatever ends the call without an answer; it ends the run.
    fn echo(&mut self, text: String) -> impl Future<Output = anyhow::Result<String>> + Send;
}

/// Runs a client's program: reads address and workload from the command line, connects once with `connect`, runs the
/// workload on tokio's default runtime and prints the [`Report`].
///
/// # Errors
///
/// When an argument is wrong, connecting or a call fails, an answer is not the text that was sent, or an answer is
/// missing 10 seconds after the last call was sent.
pub fn drive<C, F, Fut>(connect: F) -> anyhow::Result<()>
where
    C: Client,
    F: FnOnce(SocketAddr) -> Fut,
    Fut: Future<Output = anyhow::Result<C>>,
{
    let mut args = env::args().skip(1);
    let address = args.next().context("the argument ADDRESS is missing")?;
    let address = address
        .parse()
        .with_context(|| format!("not an address: {address}"))?;
    let workload = Workload::from_args(args)?;

    let runtime = Runtime::new()?;
    let client = runtime
        .block_on(async { timeout(PATIENCE, connect(address)).await })
        .context("the server did not accept the connection in time")??;
    let report = measure(&runtime, client, workload)?;
    println!("{}", serde_json::to_string(&report)?);
    runtime.shutdown_background();
    Ok(())
}

/// Keeps the clock on the calling thread, which is no worker of the runtime: no peer can delay its own measurement.
fn measure<C: Client>(runtime: &Runtime, client: C, workload: Workload) -> anyhow::Result<Report> {
    let start = Instant::now() + workload.warm_up;
    let measured = start..start + workload.measure;
    let callers: Vec<_> = (0..workload.in_flight)
        .map(|_| runtime.spawn(call_until_end(client.clone(), measured.clone())))
        .collect();

    sleep_until(measured.start);
    println!("{START}");
    let cpu_before = cpu::process_time()?;
    sleep_until(measured.end);
    let cpu_used = cpu::process_time()? - cpu_before;
    println!("{END}");

    let mut latencies = runtime
        .block_on(async { timeout(PATIENCE, collect(callers)).await })
        .context("calls were left without an answer")??;
    let calls = latencies.count();
    ensure!(
        calls > 0,
        "no call was answered within the measured interval"
    );
    Ok(Report {
        calls,
        calls_per_second: calls as f64 / workload.measure.as_secs_f64(),
        p50_us: latencies.percentile_us(50).unwrap_or_default(),
        p99_us: latencies.percentile_us(99).unwrap_or_default(),
        cpu_us_per_call: cpu_used.as_secs_f64() * 1e6 / calls as f64,
    })
}

/// One caller of the closed loop. The end of a call is the start of the next, so a call costs one look at the clock.
async fn call_until_end<C: Client>(
    mut client: C,
    measured: Range<Instant>,
) -> anyhow::Result<Latencies> {
    let text = "x".repeat(TEXT_LENGTH);
    let mut latencies = Latencies::default();
    let mut sent = Instant::now();
    while sent < measured.end {
        let answer = client.echo(text.clone()).await?;
        ensure!(
            answer == text,
            "the answer is not the text that was sent: {answer:?}"
        );
        let answered = Instant::now();
        if measured.contains(&answered) {
            latencies.record(answered - sent);
        }
        sent = answered;
    }
    Ok(latencies)
}

async fn collect(callers: Vec<JoinHandle<anyhow::Result<Latencies>>>) -> anyhow::Result<Latencies> {
    let mut all = Latencies::default();
    for caller in callers {
        all.merge(caller.await??);
    }
    Ok(all)
}

fn sleep_until(instant: Instant) {
    thread::sleep(instant.saturating_duration_since(Instant::now()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone)]
    struct Mirror {
        answer: Option<&'static str>,
    }

    impl Client for Mirror {
        async fn echo(&mut self, text: String) -> anyhow::Result<String> {
            tokio::task::yield_now().await;
            Ok(self.answer.map_or(text, str::to_owned))
        }
    }

    const SHORT: Workload = Workload {
        in_flight: 4,
        warm_up: Duration::from_millis(1),
        measure: Duration::from_millis(20),
    };

    #[test]
    fn reports_calls_and_ordered_percentiles() {
        let runtime = Runtime::new().unwrap();
        let report = measure(&runtime, Mirror { answer: None }, SHORT).unwrap();
        assert!(report.calls > 0, "{report:?}");
        assert!(report.p50_us <= report.p99_us, "{report:?}");
    }

    #[test]
    fn a_wrong_answer_fails_the_run() {
        let runtime = Runtime::new().unwrap();
        let error = measure(&runtime, Mirror { answer: Some("y") }, SHORT).unwrap_err();
        assert!(
            error.to_string().contains("not the text that was sent"),
            "{error}"
        );
    }
}
