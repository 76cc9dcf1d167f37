//! What all benchmark peers share, so that they differ in nothing but the RPC system under measurement.
//!
//! A peer is a package with two programs of a few lines each: `server` hands [`serve`] the way it answers a listener,
//! `client` hands [`drive`] the way it connects. Runtime, workload, clock and report are the same code for all of them,
//! and nothing here depends on a peer. Peers that need one thread, or block theirs, have frames of their own beside these.
//!
//! # What the programs say
//!
//! - `server` prints its address as its first line, and then, for every line it reads, its [`Usage`] so far as one line of
//!   JSON. It exits at the end of its input, so it never outlives the runner.
//! - `client ADDRESS WORKLOAD`, of which the second is a [`Workload`] in JSON, prints [`START`] and [`END`] around the measured
//!   interval, then a [`Report`] as one line of JSON.
//!
//! With the feature `count-allocations` both count what they allocate. Such programs are slower and measure nothing else.

mod caller;
mod client;
mod clock;
mod cpu;
mod limits;
mod logs;
mod placement;
mod report;
mod runtime;
mod server;
mod session;
mod tally;
mod usage;
mod workload;

pub use caller::{Caller, Messages};
pub use client::{Client, drive, drive_blocking, drive_local};
pub use cpu::{Cost, cost_of};
pub use limits::max_message_size;
pub use logs::{LogRecord, log_records};
pub use report::{END, Report, START};
pub use server::{serve, serve_at, serve_local, serve_unix, unix_path};
pub use tally::Tally;
pub use usage::Usage;
pub use workload::{Call, Pattern, Workload};
