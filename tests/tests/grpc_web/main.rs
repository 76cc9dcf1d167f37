//! What gRPC-Web's clients get of a server.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

mod calls;
mod ends;
mod harness;
mod http2;
mod rules;
mod streams;
mod text;
