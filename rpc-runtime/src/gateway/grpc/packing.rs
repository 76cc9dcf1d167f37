//! Replies behind their prefixes, compressed if the client takes that.

use bytes::{BufMut, Bytes, BytesMut};
use rpc_wire::session::Encoded;
use rpc_wire::{Status, memory};

use crate::call::Context;
use crate::compression::{self, Compression};
use crate::grpc::frame::{self, PREFIX_SIZE};

/// How the replies of a call are compressed.
#[derive(Clone, Copy)]
pub(super) struct Packing {
    pub(super) algorithm: Option<Compression>,
    /// Size from which on they are, in bytes.
    pub(super) from: usize,
}

impl Packing {
    /// Whether a reply of this size is to be compressed.
    pub(super) fn wants(self, length: usize, context: &Context) -> bool {
        self.algorithm.is_some() && length >= self.from && context.may_compress()
    }

    /// Size from which on a reply may be compressed.
    pub(super) fn least(self) -> usize {
        self.algorithm.map_or(usize::MAX, |_| self.from)
    }

    /// A reply as it is sent. It may take a while.
    pub(super) fn pack(self, plain: Bytes, context: &Context) -> Encoded {
        match self.algorithm {
            Some(algorithm) if self.wants(plain.len(), context) => {
                compression::compress(plain, algorithm, u64::MAX)
            }
            _ => plain.into(),
        }
    }
}

/// A reply behind its prefix.
///
/// # Errors
///
/// RESOURCE_EXHAUSTED if it is too long for gRPC.
pub(super) fn framed(reply: &Encoded) -> Result<Bytes, Status> {
    let mut framed = BytesMut::with_capacity(PREFIX_SIZE + reply.bytes.len());
    framed.put_slice(&frame::prefix(reply)?);
    framed.put_slice(&reply.bytes);
    Ok(framed.freeze())
}

/// As [`framed`], a reply that is not compressed, ahead of which room for the prefix was left.
pub(super) fn framed_in_place(mut reply: BytesMut) -> Result<Bytes, Status> {
    let prefix = frame::prefix_of(reply.len() - PREFIX_SIZE, false)?;
    reply[..PREFIX_SIZE].copy_from_slice(&prefix);
    Ok(memory::share(reply))
}
