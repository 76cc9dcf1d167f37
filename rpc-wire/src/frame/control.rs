//! What the frames with a body of their own share: they are written whole.

use bytes::BufMut;

use super::{Flags, FrameError, FrameHeader, FrameType};

/// Appends a whole frame without metadata, flags or checksum.
pub(super) fn encode_control(
    frame_type: FrameType,
    stream_id: u32,
    body: &[u8],
    out: &mut impl BufMut,
) {
    // Bodies of control frames are bounded far below 4 GiB by what they consist of.
    let body_len = body.len() as u32;
    FrameHeader {
        frame_type,
        flags: Flags::NONE,
        stream_id,
        metadata_len: 0,
        body_len,
    }
    .encode(out);
    out.put_slice(body);
}

/// A body of fixed length.
pub(super) fn fixed_body<const N: usize>(
    frame_type: FrameType,
    body: &[u8],
) -> Result<[u8; N], FrameError> {
    body.try_into().map_err(|_| FrameError::FixedBodyLength {
        frame_type,
        length: u32::try_from(body.len()).unwrap_or(u32::MAX),
        expected: N as u32,
    })
}
