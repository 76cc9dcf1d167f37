//! Header and metadata, written together.

use bytes::BytesMut;
use prost::Message;

use super::{FrameHeader, HEADER_LEN};

/// Header and metadata up to this length, in bytes, are put together on the stack.
const SMALL_HEAD: usize = 64;

impl FrameHeader {
    /// Appends the header and behind it `metadata`, whose encoded length is `metadata_len`.
    pub(crate) fn encode_with(&self, metadata: &impl Message, out: &mut BytesMut) {
        let length = HEADER_LEN + self.metadata_len as usize;
        if length > SMALL_HEAD {
            self.encode(out);
            metadata.encode_raw(out);
            return;
        }
        // Protobuf is written byte by byte, each of which a buffer that grows would have to find room for.
        let mut head = [0; SMALL_HEAD];
        let mut rest = &mut head[..];
        self.encode(&mut rest);
        metadata.encode_raw(&mut rest);
        out.extend_from_slice(&head[..length]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Flags, FrameType, RequestMetadata};

    #[test]
    fn small_and_large_heads_are_header_and_metadata() {
        for path_len in 0..100 {
            let metadata = RequestMetadata {
                path: "p".repeat(path_len),
                timeout_us: u64::MAX,
                ..RequestMetadata::default()
            };
            let header = FrameHeader {
                frame_type: FrameType::Request,
                flags: Flags::END_MESSAGE,
                stream_id: 7,
                metadata_len: metadata.encoded_len() as u32,
                body_len: 3,
            };
            let (mut head, mut expected) = (BytesMut::new(), BytesMut::new());
            header.encode_with(&metadata, &mut head);
            header.encode(&mut expected);
            metadata.encode_raw(&mut expected);
            assert_eq!(head, expected);
        }
    }
}
