//! Connect's envelopes: each message of a stream behind five bytes.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use rpc_runtime::Status;

/// A byte of flags and four of length.
const PREFIX: usize = 5;

const COMPRESSED: u8 = 1;
const END: u8 = 2;

/// What an envelope has in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Envelope {
    Message(Bytes),
    /// The end of the stream, as JSON.
    End(Bytes),
}

/// `message` in an envelope.
pub(super) fn wrap(message: &[u8]) -> Bytes {
    let mut wrapped = BytesMut::with_capacity(PREFIX + message.len());
    wrapped.put_u8(0);
    wrapped.put_u32(message.len() as u32);
    wrapped.put_slice(message);
    wrapped.freeze()
}

/// Takes the first envelope off `input`, once all of it is there.
///
/// # Errors
///
/// It is larger than `limit` bytes, or compressed, which nobody asked for.
pub(super) fn unwrap_first(input: &mut BytesMut, limit: usize) -> Result<Option<Envelope>, Status> {
    let Some((flags, mut length)) = input.split_first().filter(|_| input.len() >= PREFIX) else {
        return Ok(None);
    };
    let flags = *flags;
    let length = length.get_u32() as usize;
    if length > limit {
        let message =
            format!("the server sends a message of {length} bytes, over the limit of {limit}");
        return Err(Status::resource_exhausted(message));
    }
    if flags & COMPRESSED != 0 {
        return Err(Status::internal(
            "the server sends compressed messages unasked",
        ));
    }
    if input.len() < PREFIX + length {
        return Ok(None);
    }
    input.advance(PREFIX);
    let body = input.split_to(length).freeze();
    Ok(Some(match flags & END {
        0 => Envelope::Message(body),
        _ => Envelope::End(body),
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

    use super::*;

    #[test]
    fn envelopes_are_read_once_they_are_whole() {
        let mut input = BytesMut::new();
        let sent = [&wrap(b"one")[..], &[2, 0, 0, 0, 2], b"{}"].concat();
        let mut read = Vec::new();
        for byte in sent {
            input.put_u8(byte);
            read.extend(unwrap_first(&mut input, 10).unwrap());
        }
        let end = Envelope::End(Bytes::from_static(b"{}"));
        assert_eq!(read, [Envelope::Message(Bytes::from_static(b"one")), end]);
        assert!(input.is_empty());
    }

    #[test]
    fn a_large_or_compressed_message_is_refused_by_its_prefix() {
        for prefix in [[0, 0, 0, 0, 11], [1, 0, 0, 0, 1]] {
            assert!(unwrap_first(&mut prefix[..].into(), 10).is_err());
        }
    }
}
