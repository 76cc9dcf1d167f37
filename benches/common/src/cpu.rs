//! The CPU time of this process and of those that it runs.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::ensure;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// User and system time that all threads of this process have used since it started.
///
/// # Errors
///
/// When the system refuses `getrusage`.
pub(crate) fn process_time() -> anyhow::Result<Duration> {
    time_of(UsageWho::RUSAGE_SELF)
}

/// What running a program cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// User and system time of the program and of all that it ran and waited for.
    pub cpu: Duration,
    /// The time until it ended.
    pub wall: Duration,
}

/// Runs `command` to its end. Nothing else may be run meanwhile, or its CPU time counts too.
///
/// # Errors
///
/// When the program does not start or does not succeed, or the system refuses `getrusage`.
pub fn cost_of(command: &mut Command) -> anyhow::Result<Cost> {
    let (cpu, start) = (time_of(UsageWho::RUSAGE_CHILDREN)?, Instant::now());
    let status = command.status()?;
    let wall = start.elapsed();
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(Cost {
        cpu: time_of(UsageWho::RUSAGE_CHILDREN)? - cpu,
        wall,
    })
}

fn time_of(who: UsageWho) -> anyhow::Result<Duration> {
    let usage = getrusage(who)?;
    Ok(duration(usage.user_time()) + duration(usage.system_time()))
}

fn duration(time: TimeVal) -> Duration {
    Duration::from_secs(time.tv_sec().unsigned_abs())
        + Duration::from_micros(time.tv_usec().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::process_time;

    #[test]
    fn grows_while_the_process_works() {
        let before = process_time().unwrap();
        while process_time().unwrap() == before {
            std::hint::spin_loop();
        }
    }
}
