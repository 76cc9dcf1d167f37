//! The machine that the figures are from.

use std::env;
use std::fs;
use std::process::Command;
use std::thread;

use serde::Serialize;

use crate::tracer::Tracer;

/// The machine, as far as it can be found out.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    processor: Option<String>,
    cores: usize,
    memory_gib: Option<u64>,
    system: String,
    rustc: Option<String>,
    /// The tool that counted system calls.
    tracer: Option<&'static str>,
}

impl Machine {
    /// The machine that this runs on.
    pub(crate) fn read() -> anyhow::Result<Self> {
        Ok(Self {
            processor: field("/proc/cpuinfo", "model name"),
            cores: thread::available_parallelism()?.get(),
            memory_gib: field("/proc/meminfo", "MemTotal")
                .and_then(|kib| kib.split(' ').next()?.parse().ok())
                .map(|kib: u64| kib.div_ceil(1024 * 1024)),
            system: output("uname", "-sr").unwrap_or_else(|| env::consts::OS.to_owned()),
            rustc: output("rustc", "--version"),
            tracer: Tracer::find().map(Tracer::name),
        })
    }

    /// The sentence at the top of the report.
    pub(crate) fn describe(&self) -> String {
        let unknown = "unknown";
        format!(
            "{} cores ({}), which client and server share, {}; {}. All peers on loopback.",
            self.cores,
            self.processor.as_deref().unwrap_or(unknown),
            self.system,
            self.rustc.as_deref().unwrap_or(unknown),
        )
    }

    /// Who counted the system calls.
    pub(crate) fn tracer_sentence(&self) -> String {
        match self.tracer {
            Some(tracer) => format!("Counted by `{tracer}`."),
            None => {
                "Not counted: neither perf nor strace is installed and permitted here.".to_owned()
            }
        }
    }
}

/// The value behind a name in a file of `/proc`.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    let (_, value) = line.split_once(':')?;
    Some(value.trim().to_owned())
}

fn output(program: &str, arg: &str) -> Option<String> {
    let output = Command::new(program).arg(arg).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
