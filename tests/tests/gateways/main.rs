//! Protocols of users' own, on the same port.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

mod calls;
mod connections;
mod harness;
mod recognition;
mod streams;
mod tls;
