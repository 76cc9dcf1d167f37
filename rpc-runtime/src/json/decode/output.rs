//! The protobuf that was written so far.

use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

/// The protobuf that was written so far.
pub(super) struct Output {
    bytes: Vec<u8>,
}

/// Where a length is to be, once what follows is written.
pub(super) struct Length(usize);

impl Output {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Output {
            bytes: Vec::with_capacity(bytes),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// What was written since there were this many bytes.
    pub(super) fn since(&self, len: usize) -> &[u8] {
        &self.bytes[len..]
    }

    /// Takes back what was written since there were this many bytes.
    pub(super) fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len);
    }

    pub(super) fn key(&mut self, number: u32, wire_type: WireType) {
        encode_key(number, wire_type, &mut self.bytes);
    }

    pub(super) fn varint(&mut self, value: u64) {
        encode_varint(value, &mut self.bytes);
    }

    pub(super) fn fixed32(&mut self, bits: u32) {
        self.bytes.extend_from_slice(&bits.to_le_bytes());
    }

    pub(super) fn fixed64(&mut self, bits: u64) {
        self.bytes.extend_from_slice(&bits.to_le_bytes());
    }

    /// Bytes behind their length.
    pub(super) fn delimited(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    /// A field whose value has a length that is known [at its end](Self::close).
    pub(super) fn open(&mut self, number: u32) -> Length {
        self.key(number, WireType::LengthDelimited);
        // One byte is enough for most.
        self.bytes.push(0);
        Length(self.bytes.len() - 1)
    }

    /// Ends what [`open`](Self::open) began.
    pub(super) fn close(&mut self, Length(at): Length) {
        let length = (self.bytes.len() - at - 1) as u64;
        let more = encoded_len_varint(length) - 1;
        if more > 0 {
            self.bytes.splice(at..at, std::iter::repeat_n(0, more));
        }
        encode_varint(length, &mut &mut self.bytes[at..]);
    }

    /// Whether nothing was written since [`open`](Self::open).
    pub(super) fn is_empty_since(&self, Length(at): &Length) -> bool {
        self.bytes.len() == at + 1
    }
}
