//! How messages become bytes: [`Protobuf`], unless a service is generated for another [`Codec`].
//!
//! `rpc_build::configure().codec("::rpc_runtime::codec::Json")` in `build.rs` generates services
//! whose servers and proxies speak JSON; the path of a type of your own does the same for it. The
//! codec's name travels with each call, and a server that speaks another one answers
//! UNIMPLEMENTED.

#[cfg(feature = "json")]
mod json;
mod protobuf;

use std::error::Error;

use bytes::{Bytes, BytesMut};
use rpc_wire::{Metadata, Status};

#[cfg(feature = "json")]
pub use json::Json;
pub use protobuf::Protobuf;

/// The metadata key under which a call names its codec. A call without it is protobuf.
const KEY: &str = "rpc-codec";

/// What goes by itself, and without saying.
const DEFAULT: &str = "protobuf";

/// Why a message could not be encoded or decoded.
pub type CodecError = Box<dyn Error + Send + Sync>;

/// Turns messages of type `M` into bytes and back.
///
/// A codec has to do so for every request and reply of the services that are generated for it. All its
/// implementations have one name.
///
/// ```
/// use prost::Message;
/// use rpc_runtime::bytes::{BufMut, BytesMut};
/// use rpc_runtime::codec::{Codec, CodecError};
/// use rpc_runtime::prost;
///
/// /// Protobuf in hexadecimal digits, for whoever reads along.
/// #[derive(Debug)]
/// pub struct Hex;
///
/// impl<M: Message + Default> Codec<M> for Hex {
///     const NAME: &'static str = "hex";
///
///     fn encode(message: &M, buffer: &mut BytesMut) -> Result<(), CodecError> {
///         for byte in message.encode_to_vec() {
///             buffer.put_slice(format!("{byte:02x}").as_bytes());
///         }
///         Ok(())
///     }
///
///     fn decode(bytes: &[u8]) -> Result<M, CodecError> {
///         let digits = std::str::from_utf8(bytes)?.as_bytes().chunks(2);
///         let bytes = digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair)?, 16).map_err(CodecError::from));
///         let bytes: Vec<u8> = bytes.collect::<Result<_, _>>()?;
///         Ok(M::decode(&bytes[..])?)
///     }
/// }
///
/// let mut buffer = BytesMut::new();
/// Hex::encode(&"hi".to_owned(), &mut buffer)?;
/// assert_eq!(buffer, "0a026869");
/// let message: String = Hex::decode(&buffer)?;
/// assert_eq!(message, "hi");
/// # Ok::<(), CodecError>(())
/// ```
pub trait Codec<M>: 'static {
    /// What calls name it by: characters from `' '` to `'~'`.
    const NAME: &'static str;

    /// Writes `message` behind what `buffer` holds.
    ///
    /// # Errors
    ///
    /// Why the message has no encoding. What was written of it is dropped.
    fn encode(message: &M, buffer: &mut BytesMut) -> Result<(), CodecError>;

    /// Reads a message, which takes up all of `bytes`.
    ///
    /// # Errors
    ///
    /// Why the bytes are no message.
    fn decode(bytes: &[u8]) -> Result<M, CodecError>;

    /// Reads a message that may keep parts of `bytes`, to spare a copy of what is large.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    fn decode_shared(bytes: Bytes) -> Result<M, CodecError> {
        Self::decode(&bytes)
    }

    /// How many bytes to make room for ahead of [`encode`](Self::encode), if that is known.
    fn size_hint(_message: &M) -> usize {
        0
    }
}

/// Names the codec of a call whose requests are `M` in its metadata.
///
/// # Errors
///
/// INTERNAL if the name cannot be sent.
pub(crate) fn name<C: Codec<M>, M>(metadata: &mut Metadata) -> Result<(), Status> {
    name_as(C::NAME, metadata)
}

/// As [`name`], the codec of this name.
pub(crate) fn name_as(name: &str, metadata: &mut Metadata) -> Result<(), Status> {
    if name == DEFAULT {
        return Ok(());
    }
    metadata
        .insert(KEY, name)
        .map_err(|error| Status::internal(format!("a codec has an impossible name: {error}")))
}

/// The codec that a call names in its metadata; `None` is protobuf.
#[cfg(any(feature = "grpc", feature = "jsonrpc"))]
pub(crate) fn named(metadata: &Metadata) -> Option<&str> {
    metadata.get(KEY)
}

/// Keeps the codec's name when a call's metadata are replaced by others.
pub(crate) fn keep_name(metadata: &Metadata, others: &mut Metadata) {
    others.remove(KEY);
    if let Some(name) = metadata.get(KEY) {
        let kept = others.insert(KEY, name);
        debug_assert!(kept.is_ok(), "it was accepted before");
    }
}

/// Checks that a call with these metadata is encoded by `C`.
///
/// # Errors
///
/// UNIMPLEMENTED, with both names.
pub(crate) fn check<C: Codec<M>, M>(metadata: &Metadata) -> Result<(), Status> {
    let named = metadata.get(KEY).unwrap_or(DEFAULT);
    if named == C::NAME {
        return Ok(());
    }
    Err(Status::unimplemented(format!(
        "the call is encoded as {named:?}, and the service speaks {:?}: \
         generate both ends for the same codec",
        C::NAME
    )))
}
