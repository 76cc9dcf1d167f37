//! DATA: a message, or a further piece of one. It has no metadata.

use super::{Flags, FrameHeader, FrameType};

/// The header of a DATA frame with a body of `body_len` bytes.
#[inline]
pub const fn data_header(stream_id: u32, flags: Flags, body_len: u32) -> FrameHeader {
    FrameHeader {
        frame_type: FrameType::Data,
        flags,
        stream_id,
        metadata_len: 0,
        body_len,
    }
}
