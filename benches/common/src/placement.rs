//! On which core a program runs, where a load says so.

use std::env;

use anyhow::Context;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

/// Keeps this thread, and those that it starts from here on, on the core that the environment names in `variable`; without it the system
/// chooses. tokio's default runtime then has one worker.
///
/// # Errors
///
/// When there is no such core.
pub(crate) fn pin(variable: &str) -> anyhow::Result<()> {
    let Some(core) = env::var_os(variable) else {
        return Ok(());
    };
    let mut cores = CpuSet::new();
    cores.set(core.to_string_lossy().parse()?)?;
    sched_setaffinity(Pid::from_raw(0), &cores)
        .with_context(|| format!("{variable} names no core of this machine"))
}
