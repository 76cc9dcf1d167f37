//! The goals of this project's own protocol.

use super::{Against, Goal, goal};
use crate::figure::Figure;

/// Within 1.1 times of something else.
const WITHIN_A_TENTH: f64 = 1.0 / 1.1;

/// Texts of a call that are allocated whatever the RPC system does: see the load `allocations`.
const TEXTS: f64 = 3.0;

/// In the order of the table.
pub(super) const GOALS: &[Goal] = &[
    goal(
        "64 B, 1 in flight, async, p50: within 1.1 x of the bare tokio echo",
        "small-1",
        Figure::P50,
        Against::Peer("echo"),
        WITHIN_A_TENTH,
    ),
    goal(
        "64 B, 1 in flight, async, p50, on one core: within 1.1 x of the bare tokio echo",
        "one-core",
        Figure::P50,
        Against::Peer("echo"),
        WITHIN_A_TENTH,
    ),
    goal(
        "64 B, 1 in flight, async, p50, on a core each: within 1.1 x of the bare tokio echo",
        "two-cores",
        Figure::P50,
        Against::Peer("echo"),
        WITHIN_A_TENTH,
    ),
    Goal {
        ours: "native-sync",
        ..goal(
            "64 B, 1 in flight, sync proxy, p50: within 1.1 x of the blocking std::net echo",
            "small-1",
            Figure::P50,
            Against::Peer("echo-sync"),
            WITHIN_A_TENTH,
        )
    },
    Goal {
        ours: "native-sync",
        ..goal(
            "64 B, 1 in flight, sync proxy, p50, on one core: within 1.1 x of the blocking std::net echo",
            "one-core",
            Figure::P50,
            Against::Peer("echo-sync"),
            WITHIN_A_TENTH,
        )
    },
    Goal {
        ours: "native-sync",
        ..goal(
            "64 B, 1 in flight, sync proxy, p50, on a core each: within 1.1 x of the blocking std::net echo",
            "two-cores",
            Figure::P50,
            Against::Peer("echo-sync"),
            WITHIN_A_TENTH,
        )
    },
    Goal {
        ours: "native-sync",
        ..goal(
            "64 B, 1 in flight, sync proxy, p50: below every peer over TCP",
            "small-1",
            Figure::P50,
            Against::BestOnTransport,
            1.0,
        )
    },
    Goal {
        ours: "native-sync-unix",
        ..goal(
            "64 B, 1 in flight, sync proxy, p50: below every peer over a Unix socket",
            "small-1-unix",
            Figure::P50,
            Against::BestOnTransport,
            1.0,
        )
    },
    goal(
        "64 B, 64 in flight: 4 x the best peer",
        "small-64",
        Figure::CallsPerSecond,
        Against::Best,
        4.0,
    ),
    goal(
        "64 B, 64 in flight: 7 x tonic",
        "small-64",
        Figure::CallsPerSecond,
        Against::Peer("tonic"),
        7.0,
    ),
    goal(
        "64 B, 256 in flight: 6.5 x the best peer",
        "small-256",
        Figure::CallsPerSecond,
        Against::Best,
        6.5,
    ),
    goal(
        "64 B, 256 in flight: 13 x tonic",
        "small-256",
        Figure::CallsPerSecond,
        Against::Peer("tonic"),
        13.0,
    ),
    goal(
        "64 B, 256 in flight: a million calls a second",
        "small-256",
        Figure::CallsPerSecond,
        Against::Value(1e6),
        1.0,
    ),
    goal(
        "64 B, 256 in flight, 8 connections: 5 x the best peer",
        "connections-8",
        Figure::CallsPerSecond,
        Against::Best,
        5.0,
    ),
    goal(
        "CPU time per call, both sides, 256 in flight: 1/6 of the best peer's",
        "small-256",
        Figure::Cpu,
        Against::Best,
        6.0,
    ),
    goal(
        "p99 at 256 in flight: 1/5 of the best peer's",
        "small-256",
        Figure::P99,
        Against::Best,
        5.0,
    ),
    goal(
        "10 KiB, 64 in flight: 2.5 x the best peer",
        "medium",
        Figure::CallsPerSecond,
        Against::Best,
        2.5,
    ),
    goal(
        "1 MiB, 4 in flight: 0.9 x the bare tokio echo",
        "large",
        Figure::MegabytesPerSecond,
        Against::Peer("echo"),
        0.9,
    ),
    goal(
        "1 MiB, 4 in flight: level with the best peer",
        "large",
        Figure::MegabytesPerSecond,
        Against::Best,
        1.0,
    ),
    goal(
        "server stream of 64 B messages: above tonic",
        "stream",
        Figure::MessagesPerSecond,
        Against::Peer("tonic"),
        1.0,
    ),
    goal(
        "server stream of 64 B messages: 0.8 x the bare tokio echo",
        "stream",
        Figure::MessagesPerSecond,
        Against::Peer("echo"),
        0.8,
    ),
    goal(
        "20,000 calls at once: a quarter of tarpc's time",
        "burst",
        Figure::Milliseconds,
        Against::Peer("tarpc"),
        4.0,
    ),
    goal(
        "20,000 calls at once: half of tarpc's client memory",
        "burst",
        Figure::ClientPeakMemory,
        Against::Peer("tarpc"),
        2.0,
    ),
    goal(
        "server system calls at 64 in flight: 0.2 per call",
        "syscalls",
        Figure::ServerSyscalls,
        Against::Value(0.2),
        1.0,
    ),
    goal(
        "idle connection, server memory: 8 KiB",
        "idle",
        Figure::ServerIdleMemory,
        Against::Value(8.0),
        1.0,
    ),
    goal(
        "allocations per call, both sides: 2 beside the 3 of the texts",
        "allocations",
        Figure::Allocations,
        Against::Value(2.0 + TEXTS),
        1.0,
    ),
];
