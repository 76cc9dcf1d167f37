//! Messages that are sent compressed.

use bytes::Bytes;
use rpc_wire::session::Encoded;

use super::Compression;
use super::received::{DEFAULT_MAX_RATIO, allowance};

/// Size from which on messages are compressed, unless configured otherwise, in bytes: below it a
/// message and its headers fit into one packet anyway.
pub(crate) const DEFAULT_COMPRESS_FROM: usize = 1024;

/// Compresses a message for a receiver that takes at most `limit` bytes.
///
/// It is left as it is if it does not become smaller, or is over the limit, which the session says in
/// better words. What becomes so small that a receiver with the default limits would take it for a bomb
/// is padded.
pub(crate) fn compress(plain: Bytes, algorithm: Compression, limit: u64) -> Encoded {
    let length = plain.len() as u64;
    if length > limit {
        return plain.into();
    }
    let Ok(mut packed) = algorithm.compress(&plain) else {
        return plain.into();
    };
    if length > allowance(packed.len() as u64, DEFAULT_MAX_RATIO) {
        algorithm.pad(
            &mut packed,
            plain.len().div_ceil(DEFAULT_MAX_RATIO as usize),
        );
    }
    if packed.len() >= plain.len() {
        return plain.into();
    }
    Encoded {
        bytes: packed.into(),
        compressed: true,
    }
}
