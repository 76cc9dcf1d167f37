//! The frames of the bare echo.
//!
//! A frame is the length of the body and the number of the call, both big-endian `u32`, and then the body. There is no
//! protobuf, no deadline, no cancellation and no status: nothing but calls that find their caller again.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Bytes before the body.
const HEADER_LENGTH: usize = 8;

/// The number of the only call that is answered without end.
pub const REPEAT: u32 = u32::MAX;

/// Appends a frame to `out`.
///
/// # Panics
///
/// When the body is longer than `u32::MAX` bytes.
pub fn encode(out: &mut BytesMut, call: u32, body: &[u8]) {
    out.put_u32(u32::try_from(body.len()).expect("a body is shorter than 4 GiB"));
    out.put_u32(call);
    out.put_slice(body);
}

/// Takes the next frame, call and body, off the front of `input`; `None` until it is complete.
pub fn decode(input: &mut BytesMut) -> Option<(u32, Bytes)> {
    let mut header = input.get(..HEADER_LENGTH)?;
    let body_length = header.get_u32() as usize;
    let call = header.get_u32();
    if input.len() - HEADER_LENGTH < body_length {
        return None;
    }
    input.advance(HEADER_LENGTH);
    Some((call, input.split_to(body_length).freeze()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_whole_however_they_are_split() {
        let mut sent = BytesMut::new();
        encode(&mut sent, 1, b"one");
        encode(&mut sent, 2, b"");
        encode(&mut sent, 3, b"three");

        let mut input = BytesMut::new();
        let mut received = Vec::new();
        for byte in sent {
            input.put_u8(byte);
            received.extend(decode(&mut input));
        }
        let expected: [(u32, &[u8]); 3] = [(1, b"one"), (2, b""), (3, b"three")];
        assert_eq!(
            received,
            expected.map(|(call, body)| (call, Bytes::from_static(body)))
        );
        assert!(input.is_empty());
    }
}
