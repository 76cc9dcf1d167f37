//! Messages as they travel.

use bytes::Bytes;

use crate::frame::Flags;

/// An encoded message as it travels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    /// What is sent, and what flow control counts.
    pub bytes: Bytes,
    /// The bytes are to be decompressed, by the algorithm that both sides agreed on.
    pub compressed: bool,
}

impl Encoded {
    /// The flags of the frame that begins the message.
    pub(super) fn flags(&self) -> Flags {
        compressed_flag(self.compressed)
    }
}

/// A message that is not compressed.
impl From<Bytes> for Encoded {
    fn from(bytes: Bytes) -> Self {
        Encoded {
            bytes,
            compressed: false,
        }
    }
}

/// The flag of the frame that begins a message.
pub(super) fn compressed_flag(compressed: bool) -> Flags {
    match compressed {
        true => Flags::COMPRESSED,
        false => Flags::NONE,
    }
}
