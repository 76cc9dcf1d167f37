//! The messages of a method, from JSON to protobuf and back.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use rpc_wire::{Code, MethodDescriptor, Status};

use super::schema::{Message, Schema};
use super::{ErrorDetail, JsonOptions, decode, details, encode};

/// Turns the requests and replies of one method from JSON to protobuf and back.
///
/// Making one is cheap, once one was made for any method of the same package.
///
/// ```
/// use rpc_runtime::bytes::BytesMut;
/// use rpc_runtime::json::{JsonOptions, Transcoder};
/// use rpc_runtime::{MethodDescriptor, Status};
///
/// /// An encoded request, for a log.
/// fn shown(method: &MethodDescriptor, request: &[u8]) -> Result<String, Status> {
///     let transcoder = Transcoder::for_method(method, JsonOptions::new())?;
///     let mut json = BytesMut::new();
///     transcoder.encode_request(request, &mut json)?;
///     Ok(String::from_utf8_lossy(&json).into_owned())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Transcoder {
    schema: Arc<Schema>,
    /// Places in the schema.
    request: usize,
    reply: usize,
    options: JsonOptions,
}

impl Transcoder {
    /// A transcoder for the messages of `method`.
    ///
    /// # Errors
    ///
    /// INTERNAL if the method's descriptors are missing, or contradict themselves.
    pub fn for_method(method: &MethodDescriptor, options: JsonOptions) -> Result<Self, Status> {
        let schema = Schema::of(method)?;
        let found = schema.method(method.path());
        let (request, reply) = found.ok_or_else(|| {
            Status::internal(format!(
                "{} has no descriptors, which JSON needs: rpc-build embeds them in generated code",
                method.path()
            ))
        })?;
        Ok(Transcoder {
            schema,
            request,
            reply,
            options,
        })
    }

    /// Encodes a request that is JSON.
    ///
    /// # Errors
    ///
    /// INVALID_ARGUMENT if the JSON is no such message, with field, line and column;
    /// RESOURCE_EXHAUSTED if it is larger than the server's `max_message_size`, or nests deeper than 100
    /// levels.
    pub fn decode_request(&self, json: &[u8]) -> Result<Bytes, Status> {
        self.decode(self.request(), json)
    }

    /// Encodes a request whose fields have these JSON values, in the order of the fields' numbers.
    /// Those at the end may be left out.
    ///
    /// # Errors
    ///
    /// As [`decode_request`](Self::decode_request).
    pub fn decode_positional(&self, values: &[&str]) -> Result<Bytes, Status> {
        let decoded = decode::positional(&self.schema, self.request(), self.options, values);
        decoded.map(Bytes::from)
    }

    /// Appends an encoded reply to `json`.
    ///
    /// # Errors
    ///
    /// INTERNAL if the bytes are no such message or have no JSON form, and if they nest deeper than 100
    /// levels. What was appended is removed.
    pub fn encode_reply(&self, protobuf: &[u8], json: &mut BytesMut) -> Result<(), Status> {
        self.encode(self.reply(), protobuf, json)
    }

    /// Appends an encoded request to `json`, for a client.
    ///
    /// # Errors
    ///
    /// As [`encode_reply`](Self::encode_reply).
    pub fn encode_request(&self, protobuf: &[u8], json: &mut BytesMut) -> Result<(), Status> {
        self.encode(self.request(), protobuf, json)
    }

    /// Encodes a reply that is JSON, for a client.
    ///
    /// # Errors
    ///
    /// INTERNAL if the JSON is no such message, RESOURCE_EXHAUSTED if it is too large or too deep.
    pub fn decode_reply(&self, json: &[u8]) -> Result<Bytes, Status> {
        self.decode(self.reply(), json)
            .map_err(|status| match status.code() {
                Code::InvalidArgument => Status::internal(status.message()),
                _ => status,
            })
    }

    /// The details of an error, which are an encoded `google.rpc.Status` by custom; none if they are
    /// something else.
    pub fn error_details(&self, status: &Status) -> Vec<ErrorDetail> {
        details::of(&self.schema, self.options, status.details())
    }

    fn request(&self) -> &Message {
        &self.schema.messages[self.request]
    }

    fn reply(&self) -> &Message {
        &self.schema.messages[self.reply]
    }

    fn decode(&self, message: &Message, json: &[u8]) -> Result<Bytes, Status> {
        decode::message(&self.schema, message, self.options, json).map(Bytes::from)
    }

    fn encode(
        &self,
        message: &Message,
        protobuf: &[u8],
        json: &mut BytesMut,
    ) -> Result<(), Status> {
        encode::message(&self.schema, message, self.options, protobuf, json)
    }
}
