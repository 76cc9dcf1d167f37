//! The figures: what a run shows, and whether more of it is better.

use bench_common::Usage;

use crate::process::Run;

/// One number of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Figure {
    CallsPerSecond,
    MessagesPerSecond,
    /// Bytes of texts in one direction.
    MegabytesPerSecond,
    /// From the start to the end of the measured interval.
    Milliseconds,
    P50,
    P99,
    P999,
    ClientCpu,
    ServerCpu,
    /// Of both sides.
    Cpu,
    ClientPeakMemory,
    /// For each connection made within the interval.
    ServerIdleMemory,
    ServerSyscalls,
    ClientAllocations,
    ServerAllocations,
    /// Of both sides.
    Allocations,
}

impl Figure {
    /// The heading of its column, with the unit.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::CallsPerSecond => "calls/s",
            Self::MessagesPerSecond => "messages/s",
            Self::MegabytesPerSecond => "MB/s each way",
            Self::Milliseconds => "ms",
            Self::P50 => "p50 us",
            Self::P99 => "p99 us",
            Self::P999 => "p99.9 us",
            Self::ClientCpu => "CPU us/call, client",
            Self::ServerCpu => "CPU us/call, server",
            Self::Cpu => "CPU us/call",
            Self::ClientPeakMemory => "peak client memory MiB",
            Self::ServerIdleMemory => "server KiB/connection",
            Self::ServerSyscalls => "server syscalls/call",
            Self::ClientAllocations => "allocations/call, client",
            Self::ServerAllocations => "allocations/call, server",
            Self::Allocations => "allocations/call",
        }
    }

    /// Its name in the JSON.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::CallsPerSecond => "calls_per_second",
            Self::MessagesPerSecond => "messages_per_second",
            Self::MegabytesPerSecond => "megabytes_per_second",
            Self::Milliseconds => "milliseconds",
            Self::P50 => "p50_us",
            Self::P99 => "p99_us",
            Self::P999 => "p999_us",
            Self::ClientCpu => "client_cpu_us",
            Self::ServerCpu => "server_cpu_us",
            Self::Cpu => "cpu_us",
            Self::ClientPeakMemory => "client_peak_memory_mib",
            Self::ServerIdleMemory => "server_idle_memory_kib",
            Self::ServerSyscalls => "server_syscalls",
            Self::ClientAllocations => "client_allocations",
            Self::ServerAllocations => "server_allocations",
            Self::Allocations => "allocations",
        }
    }

    /// Its value in one run, unless something that it needs is absent.
    pub(crate) fn of(self, run: &Run) -> Option<f64> {
        let report = &run.report;
        let calls = report.calls as f64;
        let client = (&report.before, &report.after);
        let server = (&run.server_before, &run.server_after);
        match self {
            Self::CallsPerSecond | Self::MessagesPerSecond => Some(calls / report.seconds),
            Self::MegabytesPerSecond => Some(calls * run.size as f64 / report.seconds / 1e6),
            Self::Milliseconds => Some(report.seconds * 1e3),
            Self::P50 => report.p50_us,
            Self::P99 => report.p99_us,
            Self::P999 => report.p999_us,
            Self::ClientCpu => Some(cpu_us(client) / calls),
            Self::ServerCpu => Some(cpu_us(server) / calls),
            Self::Cpu => Some((cpu_us(client) + cpu_us(server)) / calls),
            Self::ClientPeakMemory => Some(report.after.peak_kib? as f64 / 1024.0),
            Self::ServerIdleMemory => {
                Some((server.1.resident_kib? as f64 - server.0.resident_kib? as f64) / calls)
            }
            Self::ServerSyscalls => Some(run.server_syscalls? as f64 / calls),
            Self::ClientAllocations => Some(allocations(client)? / calls),
            Self::ServerAllocations => Some(allocations(server)? / calls),
            Self::Allocations => Some((allocations(client)? + allocations(server)?) / calls),
        }
    }

    /// Whether a larger value is the better one.
    pub(crate) fn more_is_better(self) -> bool {
        matches!(
            self,
            Self::CallsPerSecond | Self::MessagesPerSecond | Self::MegabytesPerSecond
        )
    }

    /// How many times better `ours` is than `theirs`.
    pub(crate) fn advantage(self, ours: f64, theirs: f64) -> f64 {
        if self.more_is_better() {
            ours / theirs
        } else {
            theirs / ours
        }
    }
}

fn cpu_us((before, after): (&Usage, &Usage)) -> f64 {
    after.cpu_us as f64 - before.cpu_us as f64
}

fn allocations((before, after): (&Usage, &Usage)) -> Option<f64> {
    Some(after.allocations? as f64 - before.allocations? as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::tests::run;

    #[test]
    fn figures_are_those_of_the_interval() {
        let mut run = run(100);
        run.report.before.cpu_us = 1_000;
        run.report.after.cpu_us = 1_500;
        run.server_after.cpu_us = 700;
        run.server_before.resident_kib = Some(5_000);
        run.server_after.resident_kib = Some(6_000);
        assert_eq!(Figure::CallsPerSecond.of(&run), Some(50.0));
        assert_eq!(Figure::MegabytesPerSecond.of(&run), Some(50.0));
        assert_eq!(Figure::Milliseconds.of(&run), Some(2_000.0));
        assert_eq!(Figure::Cpu.of(&run), Some(12.0));
        assert_eq!(Figure::ServerIdleMemory.of(&run), Some(10.0));
    }

    #[test]
    fn what_nobody_counted_is_absent() {
        assert_eq!(Figure::Allocations.of(&run(1)), None);
        assert_eq!(Figure::ServerSyscalls.of(&run(1)), None);
    }

    #[test]
    fn ahead_is_above_one_whether_more_is_better_or_less() {
        assert_eq!(Figure::CallsPerSecond.advantage(10.0, 5.0), 2.0);
        assert_eq!(Figure::P99.advantage(5.0, 10.0), 2.0);
    }
}
