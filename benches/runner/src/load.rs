//! The loads: what every peer is put under, and what the tables show of it.

use bench_common::Pattern;

use crate::figure::Figure;
use crate::peer::{Ability, NATIVE, Peer};

/// One kind of work, and one table.
#[derive(Debug)]
pub(crate) struct Load {
    /// The name on the command line and in the JSON.
    pub(crate) name: &'static str,
    /// The heading of the table.
    pub(crate) title: &'static str,
    /// The order of the calls.
    pub(crate) pattern: Pattern,
    /// Bytes of a text.
    pub(crate) size: usize,
    /// Connections that the client makes.
    pub(crate) connections: usize,
    /// What watches the programs meanwhile.
    pub(crate) instrument: Instrument,
    /// The columns. Of the first one the range is shown and the plot is drawn.
    pub(crate) figures: &'static [Figure],
    /// What is shown as a ratio to native's.
    pub(crate) compared: &'static [Figure],
    /// The peers that take it, if not all.
    pub(crate) only: &'static [&'static str],
    /// Whether it is part of a quick run.
    pub(crate) quick: bool,
    /// Stands under the table, which may be copied without the README that explains it.
    pub(crate) note: &'static str,
}

/// What watches the programs under a load. Figures of programs that are watched are never used to time them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instrument {
    /// Nothing.
    None,
    /// A tracer that counts the server's system calls.
    Syscalls,
    /// An allocator that counts, in both programs.
    Allocations,
}

const KIB: usize = 1024;

/// A closed loop with small texts on one connection; the others differ from it.
const SMALL: Load = Load {
    name: "small-64",
    title: "64 B, 64 in flight, 1 connection",
    pattern: Pattern::Closed { in_flight: 64 },
    size: 64,
    connections: 1,
    instrument: Instrument::None,
    figures: &[
        Figure::CallsPerSecond,
        Figure::P50,
        Figure::P99,
        Figure::ClientCpu,
        Figure::ServerCpu,
    ],
    compared: &[Figure::CallsPerSecond, Figure::Cpu],
    only: &[],
    quick: false,
    note: "",
};

/// All loads, in the order of the tables.
pub(crate) const LOADS: &[Load] = &[
    Load {
        name: "small-1",
        title: "64 B, 1 in flight, 1 connection",
        pattern: Pattern::Closed { in_flight: 1 },
        figures: &[
            Figure::P50,
            Figure::P99,
            Figure::CallsPerSecond,
            Figure::ClientCpu,
            Figure::ServerCpu,
        ],
        compared: &[Figure::P50, Figure::Cpu],
        quick: true,
        note: "With one call in flight a peer is several times faster when the kernel happens to keep client and server on one \
               core, whatever its code does: a ratio means nothing unless both peers met the same placement.",
        ..SMALL
    },
    Load {
        quick: true,
        ..SMALL
    },
    Load {
        name: "small-256",
        title: "64 B, 256 in flight, 1 connection",
        pattern: Pattern::Closed { in_flight: 256 },
        quick: true,
        ..SMALL
    },
    Load {
        name: "connections-8",
        title: "64 B, 256 in flight, 8 connections",
        pattern: Pattern::Closed { in_flight: 256 },
        connections: 8,
        ..SMALL
    },
    Load {
        name: "medium",
        title: "10 KiB, 64 in flight, 1 connection",
        size: 10 * KIB,
        ..SMALL
    },
    Load {
        name: "large",
        title: "1 MiB, 4 in flight, 1 connection",
        pattern: Pattern::Closed { in_flight: 4 },
        size: KIB * KIB,
        figures: &[
            Figure::MegabytesPerSecond,
            Figure::P50,
            Figure::P99,
            Figure::ClientCpu,
            Figure::ServerCpu,
        ],
        compared: &[Figure::MegabytesPerSecond, Figure::Cpu],
        ..SMALL
    },
    Load {
        name: "open",
        title: "64 B, open loop at 20,000 calls/s, 1 connection",
        pattern: Pattern::Open {
            calls_per_second: 20_000,
        },
        figures: &[
            Figure::P50,
            Figure::P99,
            Figure::P999,
            Figure::ClientCpu,
            Figure::ServerCpu,
        ],
        compared: &[Figure::P50, Figure::P99, Figure::P999, Figure::Cpu],
        only: &[NATIVE, "echo", "tonic", "tarpc"],
        note: "Latency counts from the moment when a call was due, so it contains how late the client's own thread was to send it, \
               some tens of microseconds.",
        ..SMALL
    },
    Load {
        name: "stream",
        title: "One server stream of 64 B messages",
        pattern: Pattern::Stream,
        figures: &[
            Figure::MessagesPerSecond,
            Figure::ClientCpu,
            Figure::ServerCpu,
        ],
        compared: &[Figure::MessagesPerSecond, Figure::Cpu],
        note: "CPU time is for one message.",
        ..SMALL
    },
    Load {
        name: "ourselves",
        title: "This project in other ways, 64 B, 64 in flight, 1 connection",
        only: &[
            NATIVE,
            "native-current-thread",
            "native-1-worker",
            "native-2-workers",
            "native-connect",
        ],
        ..SMALL
    },
    Load {
        name: "exclusive",
        title: "64 B, 64 in flight, a connection for each caller",
        connections: 64,
        only: &[NATIVE, "echo", "tonic", "tarpc"],
        ..SMALL
    },
    Load {
        name: "burst",
        title: "20,000 calls of 64 B at once, 8 connections",
        pattern: Pattern::Burst { calls: 20_000 },
        connections: 8,
        figures: &[Figure::Milliseconds, Figure::ClientPeakMemory],
        compared: &[Figure::Milliseconds, Figure::ClientPeakMemory],
        ..SMALL
    },
    Load {
        name: "idle",
        title: "800 idle connections",
        pattern: Pattern::Idle { connections: 800 },
        connections: 64,
        figures: &[Figure::ServerIdleMemory],
        compared: &[Figure::ServerIdleMemory],
        note: "Resident memory of the server's process, without what the system keeps for its sockets.",
        ..SMALL
    },
    Load {
        name: "syscalls",
        title: "System calls, 64 B, 64 in flight, 1 connection",
        instrument: Instrument::Syscalls,
        figures: &[Figure::ServerSyscalls],
        compared: &[Figure::ServerSyscalls],
        ..SMALL
    },
    Load {
        name: "allocations",
        title: "Allocations, 64 B, 64 in flight, 1 connection",
        instrument: Instrument::Allocations,
        figures: &[
            Figure::Allocations,
            Figure::ClientAllocations,
            Figure::ServerAllocations,
        ],
        compared: &[Figure::Allocations],
        note: "Two at the client and one at the server are the texts themselves: the one that is sent, the one that arrives there, \
               and the answer.",
        ..SMALL
    },
];

impl Load {
    /// Whether a peer can take it.
    pub(crate) fn suits(&self, peer: &Peer) -> bool {
        let able = match peer.ability {
            Ability::OneCall => self.pattern == Pattern::Closed { in_flight: 1 },
            Ability::Variant => !self.only.is_empty(),
            Ability::Calls => self.pattern != Pattern::Stream,
            Ability::CallsAndStreams => true,
        };
        able && (self.only.is_empty() || self.only.contains(&peer.name))
    }

    /// Every figure that is shown or compared.
    pub(crate) fn all_figures(&self) -> impl Iterator<Item = Figure> {
        let compared = self.compared.iter();
        let further = compared.filter(|figure| !self.figures.contains(figure));
        self.figures.iter().chain(further).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_load_has_a_name_of_its_own() {
        for (index, load) in LOADS.iter().enumerate() {
            assert!(LOADS[..index].iter().all(|other| other.name != load.name));
        }
    }

    #[test]
    fn compared_figures_follow_the_columns() {
        let figures: Vec<_> = SMALL.all_figures().collect();
        assert_eq!(figures.first(), Some(&Figure::CallsPerSecond));
        assert_eq!(figures.last(), Some(&Figure::Cpu));
        assert_eq!(figures.len(), SMALL.figures.len() + 1);
    }
}
