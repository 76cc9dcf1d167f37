//! JSON.

use bytes::{BufMut, BytesMut};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Codec, CodecError};

/// JSON as serde writes it. Messages need serde's traits: `rpc_build::configure().serde()` derives
/// them.
///
/// Keys are the names of fields in Rust, enums are numbers, bytes are arrays of numbers, a oneof is
/// an object with the name of its variant. That is not protobuf's own mapping to JSON. Numbers that
/// JSON does not have, such as NaN, do not arrive.
#[derive(Clone, Copy, Debug)]
pub struct Json;

impl<M: Serialize + DeserializeOwned> Codec<M> for Json {
    const NAME: &'static str = "json";

    fn encode(message: &M, buffer: &mut BytesMut) -> Result<(), CodecError> {
        Ok(serde_json::to_writer(buffer.writer(), message)?)
    }

    fn decode(bytes: &[u8]) -> Result<M, CodecError> {
        Ok(serde_json::from_slice(bytes)?)
    }
}
