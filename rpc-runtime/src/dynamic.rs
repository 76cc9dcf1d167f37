//! Calls of methods that are known only when the program runs, as tools and proxies make them: messages go and come as
//! the bytes that they are encoded to.
//!
//! ```no_run
//! use rpc_runtime::bytes::Bytes;
//! use rpc_runtime::dynamic::{self, Encoded};
//! use rpc_runtime::{Channel, MethodKind, Status};
//!
//! # async fn example() -> Result<(), Status> {
//! let hello = dynamic::method("helloworld.Hello/Hello", MethodKind::Unary, &[])?;
//! let channel = Channel::connect("127.0.0.1:8000").await?.with_codec::<Encoded>();
//! let reply: Bytes = channel.unary(hello, &Bytes::from_static(b"\x0a\x05world")).await?;
//! # Ok(()) }
//! ```
//!
//! With a method's descriptors, `json::Transcoder::for_method` turns its messages into JSON and back, and calls go to
//! JSON-RPC servers too.

use bytes::{BufMut, Bytes, BytesMut};
use rpc_wire::{MethodDescriptor, MethodKind, Status};

use crate::codec::{Codec, CodecError, Protobuf};

/// The codec of messages that are encoded as protobuf already.
#[derive(Clone, Copy, Debug)]
pub struct Encoded;

impl Codec<Bytes> for Encoded {
    const NAME: &'static str = <Protobuf as Codec<()>>::NAME;

    fn encode(message: &Bytes, buffer: &mut BytesMut) -> Result<(), CodecError> {
        buffer.put_slice(message);
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Bytes, CodecError> {
        Ok(Bytes::copy_from_slice(bytes))
    }

    fn decode_shared(bytes: Bytes) -> Result<Bytes, CodecError> {
        Ok(bytes)
    }

    fn size_hint(message: &Bytes) -> usize {
        message.len()
    }
}

/// The method that `path` names, such as `helloworld.Hello/Hello`.
///
/// `file_descriptor_set` is the encoded `google.protobuf.FileDescriptorSet` that defines its messages, or empty;
/// `Vec::leak` makes a static one, which the methods of a package should share.
///
/// What is returned is kept until the process ends, as the methods of generated code are: ask once for each method.
///
/// # Errors
///
/// INVALID_ARGUMENT if the path is not a service, a slash and a method.
pub fn method(
    path: &str,
    kind: MethodKind,
    file_descriptor_set: &'static [u8],
) -> Result<&'static MethodDescriptor, Status> {
    let is_path = |(service, name): (&str, &str)| {
        !service.is_empty() && !name.is_empty() && !name.contains('/')
    };
    if !path.split_once('/').is_some_and(is_path) {
        return Err(Status::invalid_argument(format!(
            "{path:?} names no method; write package.Service/Method, such as helloworld.Hello/Hello"
        )));
    }
    let path: &'static str = path.to_owned().leak();
    let (service, name) = path.split_once('/').unwrap_or((path, ""));
    let method = MethodDescriptor::new(service, name, path, kind);
    Ok(Box::leak(Box::new(
        method.with_file_descriptor_set(file_descriptor_set),
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_service_and_a_method() {
        let method = method("shop.Orders/Place", MethodKind::Unary, &[]).unwrap();
        assert_eq!((method.service(), method.name()), ("shop.Orders", "Place"));
    }

    #[test]
    fn what_names_no_method_is_refused() {
        for path in ["", "Place", "/Place", "shop.Orders/", "shop/Orders/Place"] {
            let refused = method(path, MethodKind::Unary, &[]).unwrap_err();
            assert_eq!(refused.code(), rpc_wire::Code::InvalidArgument, "{path}");
        }
    }
}
