//! Tools that count a program's system calls, if there are any.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;

use crate::peer::benches;

/// A tool that runs a program and counts its system calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tracer {
    /// Counts in the kernel, so the program is hardly slower.
    Perf,
    /// Stops the program at every system call. A slow program finds more to do whenever it looks, so it makes fewer of them.
    Strace,
}

impl Tracer {
    /// The better one of those that are installed and permitted here.
    pub(crate) fn find() -> Option<Self> {
        fs::create_dir_all(output().parent()?).ok()?;
        [Self::Perf, Self::Strace].into_iter().find(|tracer| {
            let mut command = tracer.around(Path::new("true"));
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let ran = command.status().is_ok_and(|status| status.success());
            ran && tracer.count().is_ok()
        })
    }

    /// The tool's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Perf => "perf stat",
            Self::Strace => "strace",
        }
    }

    /// The command that runs `program` and counts.
    pub(crate) fn around(self, program: &Path) -> Command {
        let (tool, args): (_, &[&str]) = match self {
            Self::Perf => ("perf", &["stat", "-x,", "-e", "raw_syscalls:sys_enter"]),
            Self::Strace => ("strace", &["-c", "-f", "-qq"]),
        };
        let mut command = Command::new(tool);
        command.args(args).arg("-o").arg(output()).arg(program);
        command
    }

    /// The system calls of the program that ended last.
    ///
    /// # Errors
    ///
    /// When the tool wrote nothing that is understood.
    pub(crate) fn count(self) -> anyhow::Result<u64> {
        let text = fs::read_to_string(output())?;
        let count = match self {
            Self::Perf => perf_count(&text),
            Self::Strace => strace_count(&text),
        };
        count.with_context(|| format!("{} counted nothing: {text:?}", self.name()))
    }
}

/// Where the tool writes.
fn output() -> PathBuf {
    benches().join("target/syscalls.txt")
}

/// The first field of the line of the event.
fn perf_count(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.contains("sys_enter"))?;
    line.split(',').next()?.parse().ok()
}

/// The sum of the column `calls`, the fourth one, over all lines of a single call.
fn strace_count(text: &str) -> Option<u64> {
    let calls = text.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let share = fields.first()?.parse::<f64>();
        let counts = share.is_ok() && fields.last() != Some(&"total");
        counts.then(|| fields.get(3)?.parse::<u64>().ok()).flatten()
    });
    Some(calls.sum()).filter(|&calls| calls > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_perf_writes() {
        let text = "# started on Sat Nov 21\n\n29,,raw_syscalls:sys_enter,1111913,100.00,,\n";
        assert_eq!(perf_count(text), Some(29));
        assert_eq!(perf_count("<not supported>,,raw_syscalls:sys_enter"), None);
    }

    #[test]
    fn reads_what_strace_writes() {
        let text = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000600           6       100           recvfrom
 40.00    0.000400           4        11         3 sendto
------ ----------- ----------- --------- --------- ----------------
100.00    0.001000           9       111         3 total
";
        assert_eq!(strace_count(text), Some(111));
        assert_eq!(strace_count(""), None);
    }
}
