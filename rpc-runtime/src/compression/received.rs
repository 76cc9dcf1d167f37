//! Messages that arrived compressed.

use std::io;

use bytes::Bytes;
use rpc_wire::session::Encoded;
use rpc_wire::{Code, DEFAULT_MAX_CONCURRENT_STREAMS, DEFAULT_MAX_UNREAD_INPUT, Status};

use super::Compression;

/// How many times as long as it arrived a message may become, unless configured otherwise: a little
/// more than the most that gzip can do, 1,032. What is above says next to nothing.
pub(crate) const DEFAULT_MAX_RATIO: u32 = 1_100;

/// What a message may become whatever its ratio, in bytes: 256 KiB, so that all calls of a connection
/// together get no more from a few bytes each than a connection may hold of unread requests.
const FREE: u64 = DEFAULT_MAX_UNREAD_INPUT / DEFAULT_MAX_CONCURRENT_STREAMS as u64;

/// What arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// A server receives.
    Requests,
    /// A client receives.
    Replies,
}

/// How one end of a connection undoes compression.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decompression {
    /// What both sides agreed on.
    pub(crate) algorithm: Option<Compression>,
    pub(crate) received: Received,
    /// Largest message, in bytes.
    pub(crate) max_message_size: u64,
    pub(crate) max_ratio: u32,
    /// The code of bytes that cannot be decompressed, for which protocols have different ones.
    pub(crate) corrupt: Code,
}

impl Decompression {
    /// The message as its codec wants it.
    ///
    /// # Errors
    ///
    /// RESOURCE_EXHAUSTED over a limit; the code `corrupt` if the bytes cannot be decompressed.
    pub(crate) fn undo(&self, message: Encoded) -> Result<Bytes, Status> {
        match (message.compressed, self.algorithm) {
            (false, _) => Ok(message.bytes),
            (true, Some(algorithm)) => self.decompress(algorithm, &message.bytes),
            (true, None) => Err(Status::internal("a compressed message was not refused")),
        }
    }

    fn decompress(&self, algorithm: Compression, bytes: &[u8]) -> Result<Bytes, Status> {
        let by_ratio = allowance(bytes.len() as u64, self.max_ratio);
        let allowed = self.max_message_size.min(by_ratio);
        let plain = match bytes {
            [] => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => algorithm.decompress(bytes, allowed),
        };
        match plain {
            Ok(Some(plain)) => Ok(plain.into()),
            Ok(None) if allowed == self.max_message_size => Err(self.too_large()),
            Ok(None) => Err(self.too_dense(bytes.len(), allowed)),
            Err(error) => {
                let (what, name) = (self.what(), algorithm.name());
                let message = format!("the {what} cannot be decompressed with {name}: {error}");
                Err(Status::new(self.corrupt, message).with_source(error))
            }
        }
    }

    fn too_large(&self) -> Status {
        Status::resource_exhausted(format!(
            "the {} is over the {} limit max_message_size of {} bytes after decompression",
            self.what(),
            self.whose(),
            self.max_message_size
        ))
    }

    fn too_dense(&self, length: usize, allowed: u64) -> Status {
        Status::resource_exhausted(format!(
            "the {} of {length} bytes is decompressed to more than {allowed} bytes, over the {} \
             limit max_compression_ratio of {}",
            self.what(),
            self.whose(),
            self.max_ratio
        ))
    }

    fn what(&self) -> &'static str {
        match self.received {
            Received::Requests => "request",
            Received::Replies => "reply",
        }
    }

    fn whose(&self) -> &'static str {
        match self.received {
            Received::Requests => "server's",
            Received::Replies => "client's",
        }
    }
}

/// What a message of `length` compressed bytes may become, as far as the ratio goes.
pub(super) fn allowance(length: u64, max_ratio: u32) -> u64 {
    let by_ratio = length.saturating_mul(max_ratio.into());
    by_ratio.max(FREE)
}
