//! The processes of one measurement. Each is killed and reaped when it is dropped.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use bench_common::{END, Report, START, Workload};

/// A child that does not outlive its owner, and the lines that it prints.
struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn spawn(command: &mut Command) -> anyhow::Result<Self> {
        let program = command.get_program().to_owned();
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} did not start", program.display()))?;
        let output = child.stdout.take().context("the output is not piped")?;
        Ok(Self {
            child,
            lines: BufReader::new(output).lines(),
        })
    }

    fn next_line(&mut self) -> anyhow::Result<String> {
        Ok(self.lines.next().context("the process ended early")??)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when the process has ended and was reaped.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A peer's server.
pub(crate) struct Server {
    process: Process,
    requests: ChildStdin,
    address: String,
}

impl Server {
    /// Starts the server and waits until it listens.
    pub(crate) fn spawn(program: &Path) -> anyhow::Result<Self> {
        let mut process = Process::spawn(Command::new(program).stdin(Stdio::piped()))?;
        let requests = process
            .child
            .stdin
            .take()
            .context("the input is not piped")?;
        let address = process.next_line().context("the server did not listen")?;
        Ok(Self {
            process,
            requests,
            address,
        })
    }

    /// Where the server listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The CPU time that the server has used so far.
    pub(crate) fn cpu_time(&mut self) -> anyhow::Result<Duration> {
        writeln!(self.requests, "cpu")?;
        let microseconds = self
            .process
            .next_line()
            .context("the server did not tell its CPU time")?;
        Ok(Duration::from_micros(microseconds.parse()?))
    }
}

/// A peer's client.
pub(crate) struct Client {
    process: Process,
}

/// What one run of a client showed.
pub(crate) struct Run {
    /// The client's own view.
    pub(crate) report: Report,
    /// CPU time of the server within the measured interval.
    pub(crate) server_cpu: Duration,
}

impl Client {
    /// Starts the client, and with it the workload.
    pub(crate) fn spawn(program: &Path, address: &str, workload: Workload) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command
            .arg(address)
            .args(workload.to_args())
            .stdin(Stdio::null());
        Ok(Self {
            process: Process::spawn(&mut command)?,
        })
    }

    /// Waits for the report, and asks for the server's CPU time at both ends of the measured interval.
    pub(crate) fn run(
        mut self,
        mut server_cpu: impl FnMut() -> anyhow::Result<Duration>,
    ) -> anyhow::Result<Run> {
        self.expect(START)?;
        let before = server_cpu()?;
        self.expect(END)?;
        let after = server_cpu()?;
        let report = serde_json::from_str(&self.process.next_line()?)?;
        Ok(Run {
            report,
            server_cpu: after - before,
        })
    }

    fn expect(&mut self, mark: &str) -> anyhow::Result<()> {
        let line = self.process.next_line()?;
        if line != mark {
            bail!("the client said {line:?} instead of {mark:?}");
        }
        Ok(())
    }
}
