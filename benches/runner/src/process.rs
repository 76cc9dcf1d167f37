//! The processes of one measurement. Each is killed and reaped when it is dropped.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, bail};
use bench_common::{END, Report, START, Usage, Workload};

/// A child that does not outlive its owner, and the lines that are exchanged with it.
struct Process {
    child: Child,
    input: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn spawn(command: &mut Command) -> anyhow::Result<Self> {
        let program = command.get_program().to_owned();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} did not start", program.display()))?;
        let output = child.stdout.take().context("the output is not piped")?;
        Ok(Self {
            input: child.stdin.take(),
            child,
            lines: BufReader::new(output).lines(),
        })
    }

    fn next_line(&mut self) -> anyhow::Result<String> {
        Ok(self.lines.next().context("the process ended early")??)
    }

    fn send_line(&mut self) -> anyhow::Result<()> {
        let input = self.input.as_mut().context("the input is closed")?;
        Ok(writeln!(input)?)
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
    address: String,
}

impl Server {
    /// Starts the server and waits until it listens.
    pub(crate) fn spawn(command: &mut Command) -> anyhow::Result<Self> {
        let mut process = Process::spawn(command)?;
        let address = process.next_line().context("the server did not listen")?;
        Ok(Self { process, address })
    }

    /// Where the server listens; a socket's file is removed when this is dropped.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What the server has used so far.
    pub(crate) fn usage(&mut self) -> anyhow::Result<Usage> {
        self.process.send_line()?;
        let usage = self.process.next_line();
        let usage = usage.context("the server did not tell its usage")?;
        Ok(serde_json::from_str(&usage)?)
    }

    /// Ends the server in order, so that whatever watches it can say what it saw.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        self.process.input = None;
        self.process.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(path) = self.address.strip_prefix("unix:") {
            // Whoever finds it later finds nobody behind it.
            fs::remove_file(path).ok();
        }
    }
}

/// A peer's client.
pub(crate) struct Client {
    process: Process,
}

/// What one run showed.
#[derive(Debug)]
pub(crate) struct Run {
    /// Bytes of a text.
    pub(crate) size: usize,
    /// The client's own view.
    pub(crate) report: Report,
    /// What the server had used when the interval began.
    pub(crate) server_before: Usage,
    /// What it had used when the interval ended.
    pub(crate) server_after: Usage,
    /// System calls of the server in all its time, if they were counted.
    pub(crate) server_syscalls: Option<u64>,
}

impl Client {
    /// Starts the client, and with it the workload.
    pub(crate) fn spawn(
        command: &mut Command,
        address: &str,
        workload: Workload,
    ) -> anyhow::Result<Self> {
        let workload = serde_json::to_string(&workload)?;
        let process = Process::spawn(command.args([address, &workload]))?;
        Ok(Self { process })
    }

    /// Waits for the report, and asks for the server's usage at both ends of the measured interval.
    pub(crate) fn run(mut self, size: usize, server: &mut Server) -> anyhow::Result<Run> {
        self.expect(START)?;
        let server_before = server.usage()?;
        self.go_on();
        self.expect(END)?;
        let server_after = server.usage()?;
        self.go_on();
        Ok(Run {
            size,
            report: serde_json::from_str(&self.process.next_line()?)?,
            server_before,
            server_after,
            server_syscalls: None,
        })
    }

    /// Lets a client go on that waits for it. Others may be gone already.
    fn go_on(&mut self) {
        self.process.send_line().ok();
    }

    fn expect(&mut self, mark: &str) -> anyhow::Result<()> {
        let line = self.process.next_line()?;
        if line != mark {
            bail!("the client said {line:?} instead of {mark:?}");
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// So many calls of a megabyte in two seconds, and nothing else.
    pub(crate) fn run(calls: usize) -> Run {
        Run {
            size: 1_000_000,
            report: Report {
                calls,
                seconds: 2.0,
                p50_us: Some(10.0),
                p99_us: Some(20.0),
                p999_us: Some(30.0),
                before: Usage::default(),
                after: Usage::default(),
            },
            server_before: Usage::default(),
            server_after: Usage::default(),
            server_syscalls: None,
        }
    }

    #[test]
    fn a_program_that_says_nothing_is_an_error() {
        let error = Server::spawn(&mut Command::new("true")).map(|_| ());
        assert_eq!(error.unwrap_err().to_string(), "the server did not listen");
    }
}
