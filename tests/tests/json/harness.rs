//! Transcoders for the methods of `kinds.proto`, and what tests ask of them.

use bytes::BytesMut;
use prost::Message;
use rpc_runtime::codegen::Service;
use rpc_runtime::json::{JsonOptions, Transcoder};
use rpc_runtime::{Status, rpc_service};
use rpc_tests::kinds::{All, Kinds, KindsServer};

/// Nobody calls it.
struct NoKinds;

#[rpc_service(unimplemented)]
impl Kinds for NoKinds {}

/// A transcoder for one method of the service.
pub(crate) fn transcoder_with(method: &str, options: JsonOptions) -> Transcoder {
    let server = KindsServer::new(NoKinds);
    let (_, method) = server.descriptor().method(method).unwrap();
    Transcoder::for_method(method, options).unwrap()
}

pub(crate) fn transcoder(method: &str) -> Transcoder {
    transcoder_with(method, JsonOptions::new())
}

/// Reads JSON as the message with all kinds of fields.
pub(crate) fn read(json: &str) -> Result<All, Status> {
    let protobuf = transcoder("All").decode_request(json.as_bytes())?;
    Ok(All::decode(protobuf).unwrap())
}

/// Writes a message as JSON.
pub(crate) fn write(message: &impl Message) -> Result<String, Status> {
    write_encoded("All", &message.encode_to_vec())
}

/// Writes the reply of a method as JSON.
pub(crate) fn write_encoded(method: &str, reply: &[u8]) -> Result<String, Status> {
    let mut json = BytesMut::new();
    transcoder(method).encode_reply(reply, &mut json)?;
    Ok(String::from_utf8(json.to_vec()).unwrap())
}
