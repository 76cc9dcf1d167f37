//! A method whose messages are JSON on one side and encoded on the other.

use bytes::{Bytes, BytesMut};
use rpc_runtime::dynamic;
use rpc_runtime::json::{ErrorDetail, JsonOptions, Transcoder};
use rpc_runtime::{MethodDescriptor, MethodKind, Status};
use serde::de::IgnoredAny;

use crate::client::{Format, MAX_MESSAGE_SIZE};

/// A method that can be called.
#[derive(Clone, Debug)]
pub(crate) struct Method {
    descriptor: &'static MethodDescriptor,
    requests: Transcoder,
    replies: Transcoder,
    emits_defaults: bool,
}

impl Method {
    /// The method `path`, such as `helloworld.Hello/Hello`, which an encoded `FileDescriptorSet` defines. Ask once
    /// for each: a method is kept for ever. With `emit_defaults` replies have fields also where they have their default
    /// value.
    ///
    /// # Errors
    ///
    /// INTERNAL if the descriptors do not define it.
    pub(crate) fn new(
        path: &str,
        kind: MethodKind,
        file_descriptor_set: &'static [u8],
        emit_defaults: bool,
    ) -> Result<Self, Status> {
        let descriptor = dynamic::method(path, kind, file_descriptor_set)?;
        let options = JsonOptions::new().limits(MAX_MESSAGE_SIZE, MAX_MESSAGE_SIZE);
        // A server may have fields that its schema does not.
        let lenient = options.ignore_unknown_fields(true);
        Ok(Method {
            descriptor,
            requests: Transcoder::for_method(descriptor, options)?,
            replies: Transcoder::for_method(descriptor, lenient.emit_defaults(emit_defaults))?,
            emits_defaults: emit_defaults,
        })
    }

    /// What the method is called by.
    pub(crate) fn descriptor(&self) -> &'static MethodDescriptor {
        self.descriptor
    }

    /// Encodes a request.
    ///
    /// # Errors
    ///
    /// INVALID_ARGUMENT if the JSON is no such message, with field, line and column.
    pub(crate) fn encode(&self, json: &[u8], format: Format) -> Result<Bytes, Status> {
        let protobuf = self.requests.decode_request(json)?;
        if format == Format::Protobuf {
            return Ok(protobuf);
        }
        let mut json = BytesMut::new();
        self.requests.encode_request(&protobuf, &mut json)?;
        Ok(json.freeze())
    }

    /// A reply as one line of JSON.
    ///
    /// # Errors
    ///
    /// INTERNAL if the bytes are no such message.
    pub(crate) fn decode(&self, reply: &[u8], format: Format) -> Result<String, Status> {
        let mut json = BytesMut::new();
        match format {
            Format::Protobuf => self.replies.encode_reply(reply, &mut json)?,
            // What the schema does not know of is shown, too.
            Format::Json if !self.emits_defaults && is_line_of_json(reply) => {
                json.extend_from_slice(reply)
            }
            Format::Json => {
                let protobuf = self.replies.decode_reply(reply)?;
                self.replies.encode_reply(&protobuf, &mut json)?;
            }
        }
        String::from_utf8(json.into())
            .map_err(|error| Status::internal(format!("the reply is not UTF-8: {error}")))
    }

    /// The details of an error.
    pub(crate) fn error_details(&self, status: &Status) -> Vec<ErrorDetail> {
        self.replies.error_details(status)
    }
}

fn is_line_of_json(text: &[u8]) -> bool {
    !text.contains(&b'\n') && serde_json::from_slice::<IgnoredAny>(text).is_ok()
}
