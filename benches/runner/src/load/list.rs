//! The loads that show this project's own protocol beside others.

use bench_common::{Call, Pattern};

use super::{Instrument, Load};
use crate::figure::Figure;
use crate::peer::NATIVE;

pub(super) const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// A closed loop with small texts on one connection; the others differ from it.
pub(super) const SMALL: Load = Load {
    name: "small-64",
    title: "64 B, 64 in flight, 1 connection",
    pattern: Pattern::Closed { in_flight: 64 },
    call: Call::Echo,
    environment: &[],
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
    slow: false,
    alone: true,
    plotted: false,
    note: "",
};

/// One endless stream.
pub(super) const STREAM: Load = Load {
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
};

/// Everything at once.
pub(super) const BURST: Load = Load {
    name: "burst",
    title: "20,000 calls of 64 B at once, 8 connections",
    pattern: Pattern::Burst { calls: 20_000 },
    connections: 8,
    figures: &[Figure::Milliseconds, Figure::ClientPeakMemory],
    compared: &[Figure::Milliseconds, Figure::ClientPeakMemory],
    ..SMALL
};

/// The columns where one call is in flight.
const LATENCY: &[Figure] = &[
    Figure::P50,
    Figure::P99,
    Figure::CallsPerSecond,
    Figure::ClientCpu,
    Figure::ServerCpu,
];

/// The peers whose growth is shown.
const GROWING: &[&str] = &[NATIVE, "echo", "tonic", "tarpc"];

/// A point in the growth with the payload. Both sides accept messages of 32 MiB.
const fn payload(name: &'static str, title: &'static str, size: usize) -> Load {
    Load {
        name,
        title,
        pattern: Pattern::Closed { in_flight: 4 },
        environment: &[("BENCH_MAX_MESSAGE_SIZE", "33554432")],
        size,
        ..POINT
    }
}

/// A point in the growth with the connections.
const fn connections(name: &'static str, title: &'static str, connections: usize) -> Load {
    Load {
        name,
        title,
        pattern: Pattern::Closed { in_flight: 256 },
        connections,
        ..POINT
    }
}

/// A point in the growth with the cores.
const fn cores(
    name: &'static str,
    title: &'static str,
    environment: &'static [(&'static str, &'static str)],
) -> Load {
    Load {
        name,
        title,
        environment,
        ..POINT
    }
}

/// One call in flight, with each program on a core that does not change.
const fn pinned(
    name: &'static str,
    title: &'static str,
    environment: &'static [(&'static str, &'static str)],
) -> Load {
    Load {
        name,
        title,
        pattern: Pattern::Closed { in_flight: 1 },
        environment,
        figures: LATENCY,
        compared: &[Figure::P50, Figure::Cpu],
        only: &[NATIVE, "echo", "tonic", "tarpc", "native-sync", "echo-sync"],
        ..POINT
    }
}

/// A load that has no table of its own.
pub(super) const POINT: Load = Load {
    only: GROWING,
    alone: false,
    ..SMALL
};

/// In the order of the tables.
pub(super) const LOADS: &[Load] = &[
    Load {
        name: "small-1",
        title: "64 B, 1 in flight, 1 connection",
        pattern: Pattern::Closed { in_flight: 1 },
        figures: LATENCY,
        compared: &[Figure::P50, Figure::Cpu],
        quick: true,
        note: "With one call in flight a peer is several times faster when the kernel happens to keep client and server on one \
               core, whatever its code does: a ratio means nothing unless both peers met the same placement.",
        ..SMALL
    },
    Load {
        name: "small-1-unix",
        title: "64 B, 1 in flight, 1 connection, Unix socket",
        pattern: Pattern::Closed { in_flight: 1 },
        figures: LATENCY,
        compared: &[Figure::P50, Figure::Cpu],
        only: &[
            "native-unix",
            "native-sync-unix",
            "echo-sync-unix",
            "tonic-unix",
            "tarpc-unix",
            "ttrpc",
        ],
        ..SMALL
    },
    Load {
        quick: true,
        plotted: true,
        ..SMALL
    },
    Load {
        name: "small-256",
        title: "64 B, 256 in flight, 1 connection",
        pattern: Pattern::Closed { in_flight: 256 },
        quick: true,
        plotted: true,
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
        size: MIB,
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
        name: "logs",
        title: "Replies of 50 log records of 400 B with maps, 16 in flight, 1 connection",
        pattern: Pattern::Closed { in_flight: 16 },
        call: Call::Logs,
        only: &[NATIVE, "tonic", "tarpc", "ttrpc", "connectrpc"],
        note: "Every server copies the records for each call as it would copy them from a store, and every client decodes all of them.",
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
        only: GROWING,
        note: "Latency counts from the moment when a call was due, so it contains how late the client's own thread was to send it, \
               some tens of microseconds.",
        ..SMALL
    },
    STREAM,
    Load {
        name: "ourselves",
        title: "This project against itself, 64 B, 64 in flight",
        only: &[NATIVE, "native-exclusive", "native-connect"],
        ..SMALL
    },
    Load {
        name: "exclusive",
        title: "64 B, 64 in flight, a connection for each caller",
        connections: 64,
        only: GROWING,
        ..SMALL
    },
    BURST,
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
    pinned(
        "one-core",
        "64 B, 1 in flight, client and server on one core",
        &[("BENCH_SERVER_CORE", "0"), ("BENCH_CLIENT_CORE", "0")],
    ),
    pinned(
        "two-cores",
        "64 B, 1 in flight, client and server on a core each",
        &[("BENCH_SERVER_CORE", "0"), ("BENCH_CLIENT_CORE", "1")],
    ),
    connections("connections-2", "64 B, 256 in flight, 2 connections", 2),
    connections("connections-4", "64 B, 256 in flight, 4 connections", 4),
    connections("connections-16", "64 B, 256 in flight, 16 connections", 16),
    cores(
        "cores-current-thread",
        "64 B, 64 in flight, current-thread runtimes",
        &[("BENCH_CURRENT_THREAD", "1")],
    ),
    cores(
        "cores-1",
        "64 B, 64 in flight, 1 worker thread on either side",
        &[("TOKIO_WORKER_THREADS", "1")],
    ),
    cores(
        "cores-2",
        "64 B, 64 in flight, 2 worker threads on either side",
        &[("TOKIO_WORKER_THREADS", "2")],
    ),
    payload("payload-0", "0 B, 4 in flight, 1 connection", 0),
    payload("payload-256", "256 B, 4 in flight, 1 connection", 256),
    payload("payload-4k", "4 KiB, 4 in flight, 1 connection", 4 * KIB),
    payload("payload-64k", "64 KiB, 4 in flight, 1 connection", 64 * KIB),
    payload(
        "payload-1m",
        "1 MiB, 4 in flight, 1 connection, limits raised",
        MIB,
    ),
    Load {
        slow: true,
        ..payload("payload-16m", "16 MiB, 4 in flight, 1 connection", 16 * MIB)
    },
];
