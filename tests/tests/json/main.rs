//! Protobuf's mapping of messages to JSON: the cases of protobuf's conformance tests for JSON, and
//! what they leave out.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

mod accepted;
mod any;
mod errors;
mod harness;
mod legacy;
mod limits;
mod names;
mod refused;
mod round_trip;
mod written;
