//! The checksum behind the body of a frame with the flag CHECKSUM: CRC-32C over header, metadata
//! and body.

use super::Flags;

/// Where a header has its flags.
const FLAGS_AT: usize = 8;

/// Sets the flag CHECKSUM in a frame that consists of `head`, from its header on, and `body`; gives
/// the checksum that belongs behind it.
pub(crate) fn seal(head: &mut [u8], body: &[u8]) -> u32 {
    head[FLAGS_AT] |= Flags::CHECKSUM.bits();
    extend(of(head), body)
}

/// The checksum of bytes.
pub(crate) fn of(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
}

/// The checksum of bytes that go on with `more`.
pub(crate) fn extend(checksum: u32, more: &[u8]) -> u32 {
    crc32c::crc32c_append(checksum, more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::ping;

    #[test]
    fn the_checksum_is_the_one_of_the_protocol() {
        assert_eq!(of(b"123456789"), 0xe306_9283);
        assert_eq!(extend(of(b"1234"), b"56789"), 0xe306_9283);
    }

    #[test]
    fn a_sealed_frame_has_the_flag_and_a_checksum_that_covers_it() {
        let mut frame = Vec::new();
        ping::encode_ping(*b"draining", &mut frame);
        let checksum = seal(&mut frame, b"more");
        assert_eq!(frame[FLAGS_AT], Flags::CHECKSUM.bits());
        frame.extend_from_slice(b"more");
        assert_eq!(checksum, of(&frame));
    }
}
