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
/// It is left as it is where that is better: if it does not become smaller; if it is over the limit,
/// which the session says in better words; or if the receiver would take it for a bomb.
pub(crate) fn compress(plain: Bytes, algorithm: Compression, limit: u64) -> Encoded {
    let length = plain.len() as u64;
    if length > limit {
        return plain.into();
    }
    let Ok(packed) = algorithm.compress(&plain) else {
        return plain.into();
    };
    let packed_length = packed.len() as u64;
    if packed_length >= length || length > allowance(packed_length, DEFAULT_MAX_RATIO) {
        return plain.into();
    }
    Encoded {
        bytes: packed.into(),
        compressed: true,
    }
}
