//! Protobuf's mapping of messages to JSON: the inputs of protobuf's conformance tests for it by their names, and by
//! topic what they leave out, down to the fields of messages.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

mod accepted;
mod any;
mod conformance;
mod errors;
mod harness;
mod legacy;
mod limits;
mod names;
mod refused;
mod round_trip;
mod written;
