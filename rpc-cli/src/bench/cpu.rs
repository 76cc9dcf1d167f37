//! The CPU time of this process.

use std::fs;
use std::time::Duration;

/// What the threads of this process have had of the machine's cores since it started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cpu {
    /// User and system time; `None` where the system does not tell.
    pub(crate) used: Option<Duration>,
    /// Time in which they were ready to run and no core was free; only Linux tells.
    pub(crate) waited: Option<Duration>,
}

impl Cpu {
    /// So far.
    pub(crate) fn now() -> Self {
        Self {
            used: used(),
            waited: waited(),
        }
    }

    /// What has been added since an earlier moment.
    pub(crate) fn since(self, earlier: Self) -> Self {
        let added = |now: Option<Duration>, then| Some(now?.saturating_sub(then?));
        Self {
            used: added(self.used, earlier.used),
            waited: added(self.waited, earlier.waited),
        }
    }
}

#[cfg(unix)]
fn used() -> Option<Duration> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeVal;

    fn duration(time: TimeVal) -> Duration {
        Duration::from_secs(time.tv_sec().unsigned_abs())
            + Duration::from_micros(time.tv_usec().unsigned_abs())
    }

    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    Some(duration(usage.user_time()) + duration(usage.system_time()))
}

#[cfg(not(unix))]
fn used() -> Option<Duration> {
    None
}

/// The sum over all threads, as `/proc` has it.
fn waited() -> Option<Duration> {
    let threads = fs::read_dir("/proc/self/task").ok()?.flatten();
    let waited = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        waited_nanoseconds(&text)
    });
    // Where there are no such files no thread says anything.
    waited.reduce(|a, b| a + b).map(Duration::from_nanos)
}

/// The second number of a thread's `schedstat`.
fn waited_nanoseconds(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn grows_while_the_process_works() {
        let before = Cpu::now();
        while Cpu::now().since(before).used.unwrap().is_zero() {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn the_wait_is_the_second_number() {
        assert_eq!(waited_nanoseconds("123 456 7\n"), Some(456));
        assert_eq!(waited_nanoseconds(""), None);
    }
}
