//! The CPU time of this process.

use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// User and system time that all threads of this process have used since it started.
///
/// # Errors
///
/// When the system refuses `getrusage`.
pub(crate) fn process_time() -> anyhow::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
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
