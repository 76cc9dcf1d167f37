//! Each attack costs the attacker's own connection and a bounded amount of memory, which is printed and
//! which the server has back afterwards. Those beside it notice nothing.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a helper of a test fails the test, and what an attack costs is printed"
)]

mod connections;
mod floods;
mod flow_control;
mod harness;
mod metadata;
mod on_clients;

use rpc_testkit::CountingAllocator;

#[global_allocator]
static MEMORY: CountingAllocator = CountingAllocator::new();
