//! Interceptors and tower layers: what they see, what they may do, and what they cannot break.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod authentication;
mod client;
mod client_faults;
mod ends;
mod faults;
mod harness;
mod layers;
mod logging;
mod order;
mod server;
mod streams;
