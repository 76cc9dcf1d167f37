//! The loads that show what this project makes of other protocols.

use bench_common::Pattern;

use super::Load;
use super::list::{BURST, KIB, POINT, SMALL, STREAM};
use crate::peer::NATIVE;

/// tonic with itself, and with this project on either side.
const GRPC: &[&str] = &["tonic", "tonic-gateway", "grpc-proxy"];

/// connectrpc's client with messages in JSON, with either server.
const JSON: &[&str] = &["connectrpc-json", "connectrpc-json-gateway"];

const JSON_RPC: &[&str] = &[
    "jsonrpc-gateway",
    "jsonrpc-proxy",
    "jsonrpsee",
    "jsonrpsee-http",
    "jsonrpsee-http-gateway",
];

/// Clients of this project's own protocol, of a server that has no other and of one that has all.
const NATIVES: &[&str] = &[NATIVE, "native-gateways"];

/// So many calls of 64 bytes in flight on one connection.
const fn small(
    name: &'static str,
    title: &'static str,
    in_flight: usize,
    only: &'static [&'static str],
) -> Load {
    Load {
        name,
        title,
        pattern: Pattern::Closed { in_flight },
        only,
        ..POINT
    }
}

/// 10 KiB instead.
const fn medium(name: &'static str, title: &'static str, only: &'static [&'static str]) -> Load {
    Load {
        size: 10 * KIB,
        ..small(name, title, 64, only)
    }
}

/// In the order of the tables.
pub(super) const LOADS: &[Load] = &[
    small("grpc-1", "gRPC, 64 B, 1 in flight", 1, GRPC),
    small("grpc-64", "gRPC, 64 B, 64 in flight", 64, GRPC),
    small("grpc-256", "gRPC, 64 B, 256 in flight", 256, GRPC),
    medium("grpc-medium", "gRPC, 10 KiB, 64 in flight", GRPC),
    Load {
        name: "grpc-stream",
        title: "gRPC, one server stream of 64 B messages",
        only: GRPC,
        ..STREAM
    },
    small("json-1", "JSON over HTTP, 64 B, 1 in flight", 1, JSON),
    small("json-64", "JSON over HTTP, 64 B, 64 in flight", 64, JSON),
    small("json-256", "JSON over HTTP, 64 B, 256 in flight", 256, JSON),
    small("jsonrpc-1", "JSON-RPC, 64 B, 1 in flight", 1, JSON_RPC),
    small("jsonrpc-64", "JSON-RPC, 64 B, 64 in flight", 64, JSON_RPC),
    medium("jsonrpc-medium", "JSON-RPC, 10 KiB, 64 in flight", JSON_RPC),
    Load {
        name: "jsonrpc-burst",
        title: "JSON-RPC, 20,000 calls of 64 B at once, 8 connections",
        only: &["jsonrpc-gateway", "jsonrpc-proxy", "jsonrpsee"],
        ..BURST
    },
    small(
        "gateways-1",
        "This project's own protocol, 64 B, 1 in flight",
        1,
        NATIVES,
    ),
    small(
        "gateways-64",
        "This project's own protocol, 64 B, 64 in flight",
        64,
        NATIVES,
    ),
    Load {
        name: "gateways-connect",
        title: "A connection for each call, 64 B, 64 in flight, with and without other protocols to tell it from",
        only: &["native-connect", "native-connect-gateways"],
        ..SMALL
    },
];
