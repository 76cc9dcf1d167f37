//! JSON over HTTP, and each rule of the Connect protocol.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

mod compression;
mod document;
mod errors;
mod events;
mod get;
mod harness;
mod http2;
mod limits;
mod streams;
mod unary;
