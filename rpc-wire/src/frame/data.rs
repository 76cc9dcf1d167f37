//! DATA: a message, or a further piece of one. It has no metadata.

use super::{Flags, FrameHeader, FrameType, HEADER_LEN};

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

/// The message of the frame that `bytes` begin with, if it is a whole one on this stream, not compressed and
/// without a checksum, of at most `max_len` bytes. What else they may be is for [`FrameHeader::parse`].
#[inline]
pub fn plain_message(bytes: &[u8], stream_id: u32, max_len: usize) -> Option<&[u8]> {
    let word = u128::from_be_bytes(*bytes.first_chunk::<HEADER_LEN>()?);
    let expected = data_header(stream_id, Flags::END_MESSAGE, word as u32);
    let length = expected.body_len as usize;
    if word != expected.word() || length > max_len {
        return None;
    }
    bytes[HEADER_LEN..].get(..length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(header: FrameHeader, body: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        header.encode(&mut frame);
        frame.extend_from_slice(body);
        frame
    }

    #[test]
    fn a_plain_message_is_found_when_it_is_whole() {
        let frame = frame(data_header(5, Flags::END_MESSAGE, 4), b"body and more");
        assert_eq!(plain_message(&frame, 5, 4), Some(&b"body"[..]));
        for cut in 0..HEADER_LEN + 4 {
            assert_eq!(plain_message(&frame[..cut], 5, 4), None, "{cut} bytes");
        }
        assert_eq!(plain_message(&frame, 6, 4), None, "another stream");
        assert_eq!(plain_message(&frame, 5, 3), None, "longer than allowed");
    }

    #[test]
    fn whatever_else_a_frame_says_is_not_a_plain_message() {
        let plain = frame(data_header(5, Flags::END_MESSAGE, 4), b"body");
        assert!(plain_message(&plain, 5, 100).is_some());
        for bit in 0..12 * 8 {
            let mut other = plain.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                plain_message(&other, 5, 100),
                None,
                "bit {bit} of the header"
            );
        }
    }
}
