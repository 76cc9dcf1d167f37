//! A reply: its message and its metadata.

use rpc_wire::session::{MessageBody, SHARE_BODY_FROM};
use rpc_wire::{Metadata, Stage, Status};

use crate::codec::Codec;

/// A message and the metadata that came with it; see [`Call::with_metadata`](super::Call::with_metadata).
#[derive(Clone, Debug, PartialEq)]
pub struct Response<T> {
    message: T,
    metadata: Metadata,
    compressed: bool,
}

impl<T> Response<T> {
    pub(super) fn new(message: T, metadata: Metadata, compressed: bool) -> Self {
        Response {
            message,
            metadata,
            compressed,
        }
    }

    /// The message.
    pub fn get_ref(&self) -> &T {
        &self.message
    }

    /// What the server sent along.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Whether the message had arrived compressed, natively or over `grpc://`. It is false where the target's protocol
    /// does not compress replies, and where an interceptor of the channel made the message.
    pub fn was_compressed(&self) -> bool {
        self.compressed
    }

    /// The message alone.
    pub fn into_inner(self) -> T {
        self.message
    }

    /// The message and what the server sent along.
    pub fn into_parts(self) -> (T, Metadata) {
        (self.message, self.metadata)
    }
}

/// Decodes a reply: a small one by copy, so that it does not keep the large buffer alive that it
/// was read into.
pub(super) fn decode<C: Codec<M>, M>(body: MessageBody<'_>) -> Result<M, Status> {
    let decoded = match body {
        MessageBody::Shared(body) if body.len() >= SHARE_BODY_FROM => C::decode_shared(body),
        body => C::decode(&body),
    };
    decoded.map_err(|error| {
        Status::internal(format!("the reply is not the expected message: {error}"))
            .with_source(error)
            .with_stage(Stage::Decode)
    })
}
