//! Messages as they travel.

use std::ops::Deref;

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

/// The bytes of a message: a part of a buffer when they are few, a share of it otherwise.
#[derive(Clone, Debug)]
pub enum MessageBody<'a> {
    /// To be copied if they are to stay.
    Borrowed(&'a [u8]),
    /// They may stay.
    Shared(Bytes),
}

/// An encoded message as it travels, whose bytes may belong to somebody else.
#[derive(Clone, Debug)]
pub struct EncodedRef<'a> {
    /// What is sent, and what flow control counts.
    pub body: MessageBody<'a>,
    /// The bytes are to be decompressed, by the algorithm that both sides agreed on.
    pub compressed: bool,
}

impl MessageBody<'_> {
    /// Bytes that stay: a copy of those that would not.
    pub fn into_bytes(self) -> Bytes {
        match self {
            MessageBody::Borrowed(body) => Bytes::copy_from_slice(body),
            MessageBody::Shared(body) => body,
        }
    }
}

impl Deref for MessageBody<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            MessageBody::Borrowed(body) => body,
            MessageBody::Shared(body) => body,
        }
    }
}

impl From<Bytes> for MessageBody<'_> {
    fn from(body: Bytes) -> Self {
        MessageBody::Shared(body)
    }
}

impl EncodedRef<'_> {
    /// The message with bytes that stay.
    pub fn into_owned(self) -> Encoded {
        Encoded {
            bytes: self.body.into_bytes(),
            compressed: self.compressed,
        }
    }

    /// The flags of the frame that begins the message.
    pub(super) fn flags(&self) -> Flags {
        compressed_flag(self.compressed)
    }
}

/// A message that is not compressed.
impl<'a> From<MessageBody<'a>> for EncodedRef<'a> {
    fn from(body: MessageBody<'a>) -> Self {
        EncodedRef {
            body,
            compressed: false,
        }
    }
}

/// A message that is not compressed.
impl From<Bytes> for EncodedRef<'_> {
    fn from(bytes: Bytes) -> Self {
        MessageBody::Shared(bytes).into()
    }
}

impl From<Encoded> for EncodedRef<'_> {
    fn from(message: Encoded) -> Self {
        EncodedRef {
            body: message.bytes.into(),
            compressed: message.compressed,
        }
    }
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
