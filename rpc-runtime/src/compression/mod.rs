//! Compression of messages: the algorithms, and what one end of a connection does with them.
//!
//! It takes time, so it happens in the tasks of callers and handlers: never under a lock, and never
//! in the task of a connection. Without the feature `compression` there is no algorithm to agree on.

#[cfg(feature = "compression")]
mod algorithms;
#[cfg(not(feature = "compression"))]
mod none;
mod received;
mod sent;

#[cfg(feature = "compression")]
pub use algorithms::Compression;
#[cfg(not(feature = "compression"))]
pub(crate) use none::Compression;
pub(crate) use received::{DEFAULT_MAX_RATIO, Decompression, Received};
pub(crate) use sent::{DEFAULT_COMPRESS_FROM, compress};

/// The names of algorithms, as SETTINGS list them.
pub(crate) fn names(algorithms: &[Compression]) -> Vec<String> {
    let names = algorithms.iter().map(|algorithm| algorithm.name());
    names.map(str::to_owned).collect()
}
