//! A reply with its metadata.

use rpc_wire::Metadata;

/// A message and the metadata that came with it; see [`Call::with_metadata`](super::Call::with_metadata).
#[derive(Clone, Debug, PartialEq)]
pub struct Response<T> {
    message: T,
    metadata: Metadata,
}

impl<T> Response<T> {
    pub(super) fn new(message: T, metadata: Metadata) -> Self {
        Response { message, metadata }
    }

    /// The message.
    pub fn get_ref(&self) -> &T {
        &self.message
    }

    /// What the server sent along.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The message alone.
    pub fn into_inner(self) -> T {
        self.message
    }

    /// Both.
    pub fn into_parts(self) -> (T, Metadata) {
        (self.message, self.metadata)
    }
}
