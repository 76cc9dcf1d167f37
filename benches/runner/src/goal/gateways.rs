//! The goals of other protocols.

use super::{Against, Goal, goal};
use crate::figure::Figure;

/// What the project aims to be five times as fast as, in calls a second at 64 in flight: a JSON-RPC library with its own client, as
/// it was measured on another machine of two cores.
const OTHER_JSON_RPC: f64 = 46_800.0;

/// The median latency of the same, with one call in flight, in microseconds.
const OTHER_JSON_RPC_P50_US: f64 = 81.0;

/// tonic's client calls this project's server, and tonic's.
const fn grpc(text: &'static str, load: &'static str, figure: Figure) -> Goal {
    Goal {
        ours: "tonic-gateway",
        ..goal(text, load, figure, Against::Peer("tonic"), 1.0)
    }
}

/// connectrpc's client calls this project's server, and connectrpc's.
const fn json(text: &'static str, load: &'static str, figure: Figure) -> Goal {
    Goal {
        ours: "connectrpc-json-gateway",
        ..goal(text, load, figure, Against::Peer("connectrpc-json"), 1.0)
    }
}

/// A bare client calls this project's server.
const fn json_rpc(
    text: &'static str,
    load: &'static str,
    figure: Figure,
    against: Against,
    factor: f64,
) -> Goal {
    Goal {
        ours: "jsonrpc-gateway",
        ..goal(text, load, figure, against, factor)
    }
}

/// In the order of the table.
pub(super) const GOALS: &[Goal] = &[
    grpc(
        "gRPC, 64 B, 1 in flight, p50: tonic's server",
        "grpc-1",
        Figure::P50,
    ),
    grpc(
        "gRPC, 64 B, 64 in flight: tonic's server",
        "grpc-64",
        Figure::CallsPerSecond,
    ),
    grpc(
        "gRPC, 64 B, 256 in flight: tonic's server",
        "grpc-256",
        Figure::CallsPerSecond,
    ),
    grpc(
        "gRPC, 10 KiB, 64 in flight: tonic's server",
        "grpc-medium",
        Figure::CallsPerSecond,
    ),
    grpc(
        "gRPC, server stream of 64 B messages: tonic's server",
        "grpc-stream",
        Figure::MessagesPerSecond,
    ),
    json(
        "JSON over HTTP, 64 B, 1 in flight, p50: connectrpc's server",
        "json-1",
        Figure::P50,
    ),
    json(
        "JSON over HTTP, 64 B, 64 in flight: connectrpc's server",
        "json-64",
        Figure::CallsPerSecond,
    ),
    json(
        "JSON over HTTP, 64 B, 256 in flight: connectrpc's server",
        "json-256",
        Figure::CallsPerSecond,
    ),
    json_rpc(
        "JSON-RPC over TCP, 64 B, 1 in flight: p50 of 81 us",
        "jsonrpc-1",
        Figure::P50,
        Against::Value(OTHER_JSON_RPC_P50_US),
        1.0,
    ),
    json_rpc(
        "JSON-RPC over TCP, 64 B, 64 in flight: 5 x 46,800 calls/s",
        "jsonrpc-64",
        Figure::CallsPerSecond,
        Against::Value(OTHER_JSON_RPC),
        5.0,
    ),
    json_rpc(
        "JSON-RPC over TCP, 10 KiB, 64 in flight: jsonrpsee",
        "jsonrpc-medium",
        Figure::CallsPerSecond,
        Against::Best,
        1.0,
    ),
    json_rpc(
        "JSON-RPC over TCP, 20,000 calls at once: jsonrpsee's time",
        "jsonrpc-burst",
        Figure::Milliseconds,
        Against::Best,
        1.0,
    ),
    Goal {
        ours: "native-gateways",
        ..goal(
            "64 B, 64 in flight, CPU time per call: as without other protocols",
            "gateways-64",
            Figure::Cpu,
            Against::Peer("native"),
            1.0,
        )
    },
    Goal {
        ours: "native-connect-gateways",
        ..goal(
            "A connection per call: as without other protocols",
            "gateways-connect",
            Figure::CallsPerSecond,
            Against::Peer("native-connect"),
            1.0,
        )
    },
];
