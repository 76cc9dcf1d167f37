//! What a client's connection knows of compression.

use bytes::Bytes;
use rpc_wire::session::{ClientSession, Encoded};
use rpc_wire::{Code, Stage, Status};

use super::client::{ClientConnection, Slot};
use crate::compression::{Compression, Decompression, Received};

impl ClientConnection {
    /// Whether the server's SETTINGS are here.
    pub(crate) fn is_established(&self) -> bool {
        self.compression.get().is_some()
    }

    /// What messages may be compressed with, as far as the server has said.
    pub(crate) fn compression(&self) -> Option<Compression> {
        *self.compression.get()?
    }

    /// Notes what both sides agreed on, before anything compressed is given to a caller.
    pub(super) fn note_compression(&self, session: &ClientSession<Slot>) {
        self.compression
            .get_or_init(|| session.compression().and_then(Compression::from_name));
    }

    /// The names of the algorithms that the server supports.
    pub(crate) fn server_compression(&self) -> Vec<String> {
        self.lock().session.peer_settings().compression.clone()
    }

    /// A message from the server as its codec wants it.
    ///
    /// # Errors
    ///
    /// As [`Decompression::undo`].
    pub(crate) fn decompress(&self, message: Encoded) -> Result<Bytes, Status> {
        if !message.compressed {
            return Ok(message.bytes);
        }
        let decompression = Decompression {
            algorithm: self.compression(),
            received: Received::Replies,
            max_message_size: self.max_reply_size,
            max_ratio: self.max_compression_ratio,
            corrupt: Code::Internal,
        };
        let plain = decompression.undo(message);
        plain.map_err(|status| status.with_stage(Stage::Decode))
    }
}
