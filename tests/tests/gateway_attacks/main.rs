//! Attackers on the protocols of the gateways. Each costs its own connection at most, and a bounded amount of memory: clients
//! beside it notice nothing. Those on gRPC alone are in `grpc/attacks.rs`, on JSON-RPC over TCP alone in `jsonrpc_connections.rs`.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

mod harness;
mod http1;
mod http2;
mod jsonrpc;
mod nesting;
mod too_many;
