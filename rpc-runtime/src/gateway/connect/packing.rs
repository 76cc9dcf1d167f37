//! Replies, compressed if the client takes that.

use bytes::Bytes;
use rpc_wire::session::Encoded;

use crate::call::Context;
use crate::compression::{self, Compression};

/// How the replies of a call are compressed.
#[derive(Clone, Copy)]
pub(super) struct Packing {
    pub(super) algorithm: Option<Compression>,
    /// Size from which on they are, in bytes.
    pub(super) from: usize,
}

impl Packing {
    /// The algorithm for a reply of this size, if it is to be compressed.
    pub(super) fn algorithm(self, length: usize, context: &Context) -> Option<Compression> {
        let is_wanted = length >= self.from && context.may_compress();
        self.algorithm.filter(|_| is_wanted)
    }

    /// A reply as it is sent. It may take a while.
    pub(super) fn pack(self, plain: Bytes, context: &Context) -> Encoded {
        match self.algorithm(plain.len(), context) {
            Some(algorithm) => compression::compress(plain, algorithm, u64::MAX),
            None => plain.into(),
        }
    }
}
