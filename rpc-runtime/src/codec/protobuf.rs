//! Protobuf's binary format.

use bytes::{Bytes, BytesMut};
use prost::Message;

use super::{Codec, CodecError, DEFAULT};

/// Protobuf's binary format, the codec of services that are generated for no other.
#[derive(Clone, Copy, Debug)]
pub struct Protobuf;

impl<M: Message + Default> Codec<M> for Protobuf {
    const NAME: &'static str = DEFAULT;

    fn encode(message: &M, buffer: &mut BytesMut) -> Result<(), CodecError> {
        // A `BytesMut` grows, so it is never too short.
        message.encode_raw(buffer);
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<M, CodecError> {
        Ok(M::decode(bytes)?)
    }

    fn decode_shared(bytes: Bytes) -> Result<M, CodecError> {
        Ok(M::decode(bytes)?)
    }

    fn size_hint(message: &M) -> usize {
        message.encoded_len()
    }
}
