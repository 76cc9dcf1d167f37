//! The peers themselves.

use super::{Ability, GATEWAYS, NATIVE, Peer, Program};

/// All peers, in the order of the tables.
pub(crate) const PEERS: &[Peer] = &[
    Peer {
        title: "this project",
        ..Peer::new(NATIVE, Ability::CallsAndStreams)
    },
    Peer {
        title: "bare tokio echo",
        ..Peer::new("echo", Ability::CallsAndStreams)
    },
    Peer::library("tonic", Ability::CallsAndStreams),
    Peer::library("tarpc", Ability::Calls),
    Peer {
        title: "ttrpc, Unix socket",
        unix: true,
        ..Peer::library("ttrpc", Ability::CallsAndStreams)
    },
    Peer {
        title: "capnp-rpc",
        library: Some("capnp-rpc"),
        ..Peer::new("capnp", Ability::Calls)
    },
    Peer::library("connectrpc", Ability::CallsAndStreams),
    Peer {
        title: "jsonrpsee, WebSocket",
        ..Peer::library("jsonrpsee", Ability::CallsAndStreams)
    },
    Peer {
        name: "native-sync",
        title: "this project, sync proxy",
        client: Program::new(NATIVE, "sync-client"),
        ..Peer::new(NATIVE, Ability::OneCall)
    },
    Peer {
        title: "blocking std::net echo",
        ..Peer::new("echo-sync", Ability::OneCall)
    },
    Peer {
        name: "native-exclusive",
        title: "this project, exclusive pool of 64 connections",
        client: Program::new(NATIVE, "exclusive-client"),
        ..Peer::new(NATIVE, Ability::Variant)
    },
    Peer {
        name: "native-connect",
        title: "this project, a connection per call",
        client: Program::new(NATIVE, "connect-client"),
        ..Peer::new(NATIVE, Ability::Variant)
    },
    Peer {
        name: "native-unix",
        title: "this project, Unix socket",
        ..Peer::new(NATIVE, Ability::Variant).over_unix()
    },
    Peer {
        name: "native-sync-unix",
        title: "this project, sync proxy, Unix socket",
        client: Program::new(NATIVE, "sync-client"),
        ..Peer::new(NATIVE, Ability::Variant).over_unix()
    },
    Peer {
        name: "echo-sync-unix",
        title: "blocking std echo, Unix socket",
        ..Peer::new("echo-sync", Ability::Variant).over_unix()
    },
    Peer {
        name: "tonic-unix",
        title: "tonic, Unix socket",
        ..Peer::library("tonic", Ability::Variant).over_unix()
    },
    Peer {
        name: "tarpc-unix",
        title: "tarpc, Unix socket",
        ..Peer::library("tarpc", Ability::Variant).over_unix()
    },
    Peer {
        name: "native-gateways",
        title: "this project, all protocols",
        server: Program::new(GATEWAYS, "server"),
        ..Peer::new(NATIVE, Ability::Variant)
    },
    Peer {
        name: "native-connect-gateways",
        title: "this project, a connection per call, all protocols",
        client: Program::new(NATIVE, "connect-client"),
        ..Peer::new(GATEWAYS, Ability::Variant)
    },
    Peer {
        name: "tonic-gateway",
        title: "tonic's client, this project's server",
        client: Program::new("tonic", "client"),
        ..Peer::new(GATEWAYS, Ability::Variant)
    },
    Peer {
        name: "grpc-proxy",
        title: "this project's client, tonic's server",
        client: Program::new(GATEWAYS, "grpc-client"),
        ..Peer::new("tonic", Ability::Variant)
    },
    Peer {
        name: "connectrpc-json",
        title: "connectrpc with JSON",
        library: Some("connectrpc"),
        client: Program::new("connectrpc", "json-client"),
        ..Peer::new("connectrpc", Ability::Variant)
    },
    Peer {
        name: "connectrpc-json-gateway",
        title: "connectrpc's client with JSON, this project's server",
        client: Program::new("connectrpc", "json-client"),
        ..Peer::new(GATEWAYS, Ability::Variant)
    },
    Peer {
        name: "jsonrpc-gateway",
        title: "bare JSON-RPC client over TCP, this project's server",
        client: Program::new("echo", "jsonrpc-client"),
        ..Peer::new(GATEWAYS, Ability::Variant)
    },
    Peer {
        name: "jsonrpc-proxy",
        title: "this project, JSON-RPC over TCP",
        client: Program::new(GATEWAYS, "jsonrpc-client"),
        ..Peer::new(GATEWAYS, Ability::Variant)
    },
    Peer {
        name: "jsonrpsee-http",
        title: "jsonrpsee, HTTP",
        library: Some("jsonrpsee"),
        client: Program::new("jsonrpsee", "http-client"),
        ..Peer::new("jsonrpsee", Ability::Variant)
    },
    Peer {
        name: "jsonrpsee-http-gateway",
        title: "jsonrpsee's client, HTTP, this project's server",
        client: Program::new("jsonrpsee", "http-client"),
        ..Peer::new(GATEWAYS, Ability::Variant)
    },
];
