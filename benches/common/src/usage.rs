//! What this process has used so far.

use std::fs;

use serde::{Deserialize, Serialize};

use crate::cpu;

/// What a process has used since it started, as far as it can tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// User and system time of all threads, in microseconds.
    pub cpu_us: u64,
    /// Memory in use now, in KiB; only Linux tells.
    pub resident_kib: Option<u64>,
    /// The most memory in use at any moment, in KiB; only Linux tells.
    pub peak_kib: Option<u64>,
    /// How often memory was allocated or resized, if the program was built to count it.
    pub allocations: Option<u64>,
}

impl Usage {
    /// The usage of this process.
    ///
    /// # Errors
    ///
    /// When the system refuses to tell the CPU time.
    pub(crate) fn now() -> anyhow::Result<Self> {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        Ok(Self {
            cpu_us: u64::try_from(cpu::process_time()?.as_micros())?,
            resident_kib: field(&status, "VmRSS:"),
            peak_kib: field(&status, "VmHWM:"),
            allocations: allocations(),
        })
    }
}

/// The number behind `name` in `/proc/self/status`.
fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(feature = "count-allocations")]
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

#[cfg(feature = "count-allocations")]
fn allocations() -> Option<u64> {
    let stats = ALLOCATOR.stats();
    u64::try_from(stats.allocations + stats.reallocations).ok()
}

#[cfg(not(feature = "count-allocations"))]
fn allocations() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_field_of_the_status() {
        let status = "Name:\tclient\nVmHWM:\t    5120 kB\nVmRSS:\t    4096 kB\n";
        assert_eq!(field(status, "VmRSS:"), Some(4_096));
        assert_eq!(field(status, "VmHWM:"), Some(5_120));
        assert_eq!(field("", "VmRSS:"), None);
    }

    #[cfg(feature = "count-allocations")]
    #[test]
    fn counts_allocations() {
        let before = allocations().unwrap();
        drop(std::hint::black_box(vec![0u8; 10]));
        assert!(allocations().unwrap() > before);
    }
}
