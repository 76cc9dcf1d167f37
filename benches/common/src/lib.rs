//! What all benchmark peers share, so that they differ in nothing but the RPC system under measurement.
//!
//! A peer is a package with two programs of a few lines each: `server` hands [`serve`] the way it answers a listener,
//! `client` hands [`drive`] the way it connects. Runtime, workload, clock and report are the same code for all of them,
//! and nothing here depends on a peer.
//!
//! # What the programs say
//!
//! - `server` prints its address as its first line, and then, for every line it reads, its CPU time so far in
//!   microseconds. It exits at the end of its input, so it never outlives the runner.
//! - `client ADDRESS IN_FLIGHT WARM_UP_MS MEASURE_MS` prints [`START`] and [`END`] around the measured interval, then a
//!   [`Report`] as one line of JSON.

mod client;
mod cpu;
mod latency;
mod report;
mod server;
mod workload;

pub use client::{Client, drive};
pub use cpu::{Cost, cost_of};
pub use report::{END, Report, START};
pub use server::serve;
pub use workload::Workload;
