//! Fuzz targets. Each takes any bytes and panics if a promise of `rpc-wire`, or of `rpc_runtime::json`, is
//! broken.
//!
//! `cargo test -p rpc-fuzz` tries the corpus and some random inputs; `BOLERO_RANDOM_TEST_TIME_MS=60000`
//! in the environment lets it look for longer. Guided by coverage, with a nightly toolchain:
//!
//! ```sh
//! cargo install cargo-bolero --no-default-features
//! cargo bolero test -p rpc-fuzz peers --engine libfuzzer -T 10m
//! ```
//!
//! The corpus in `tests/__fuzz__` holds the frames of docs/protocol.md, and what once failed.

use rpc_testkit::CountingAllocator;

mod calls;
mod frames;
mod input;
mod json;
mod made;
mod metadata;
mod peers;

pub use calls::calls;
pub use frames::frames;
pub use json::{json, prepare_json};
pub use metadata::metadata;
pub use peers::peers;

/// Runs a target, which may allocate at most `most` bytes at a time.
///
/// # Panics
///
/// If it allocates more.
pub fn costs_at_most(memory: &CountingAllocator, most: usize, target: impl FnOnce()) {
    let before = memory.live_bytes();
    memory.reset_peak();
    target();
    let cost = memory.peak_bytes().saturating_sub(before);
    assert!(cost <= most, "it took {cost} bytes, over {most}");
}
