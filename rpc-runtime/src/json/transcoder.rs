//! The messages of a method, from JSON to protobuf and back.

use std::io;

use bytes::{BufMut, Bytes, BytesMut};
use prost::Message;
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions,
};
use rpc_wire::{MethodDescriptor, Status};

use super::{ErrorDetail, JsonOptions};

/// Turns the requests and replies of one method from JSON to protobuf and back.
///
/// Making one is cheap, once one was made for any method of the same package.
#[derive(Clone, Debug)]
pub struct Transcoder {
    request: MessageDescriptor,
    reply: MessageDescriptor,
    options: JsonOptions,
}

impl Transcoder {
    /// A transcoder for the messages of `method`.
    ///
    /// # Errors
    ///
    /// INTERNAL if the method's descriptors are missing or contradict themselves.
    pub fn for_method(method: &MethodDescriptor, options: JsonOptions) -> Result<Self, Status> {
        let pool = DescriptorPool::decode(method.file_descriptor_set())
            .map_err(|error| Status::internal(error.to_string()))?;
        let service = pool.get_service_by_name(method.service());
        let found =
            service.and_then(|service| service.methods().find(|m| m.name() == method.name()));
        let found = found.ok_or_else(|| Status::internal("no descriptors"))?;
        Ok(Transcoder {
            request: found.input(),
            reply: found.output(),
            options,
        })
    }

    /// Encodes a request that is JSON.
    ///
    /// # Errors
    ///
    /// INVALID_ARGUMENT with line, column and field if the JSON is no such message, RESOURCE_EXHAUSTED
    /// if it is too large or too deep.
    pub fn decode_request(&self, json: &[u8]) -> Result<Bytes, Status> {
        self.decode(&self.request, json)
    }

    /// Encodes a request whose fields are JSON values, in the order of the fields' numbers. Those at
    /// the end may be left out.
    ///
    /// # Errors
    ///
    /// As [`decode_request`](Self::decode_request).
    pub fn decode_positional(&self, values: &[&str]) -> Result<Bytes, Status> {
        let fields = self.request.fields();
        let pairs: Vec<_> = fields
            .zip(values)
            .map(|(field, value)| format!("{:?}:{value}", field.json_name()))
            .collect();
        self.decode_request(format!("{{{}}}", pairs.join(",")).as_bytes())
    }

    /// Appends an encoded reply to `json`.
    ///
    /// # Errors
    ///
    /// INTERNAL if the reply is no such message or has no JSON form, RESOURCE_EXHAUSTED if it is too
    /// large or too deep. What was appended of it is removed.
    pub fn encode_reply(&self, protobuf: &[u8], json: &mut BytesMut) -> Result<(), Status> {
        self.encode(&self.reply, protobuf, json)
    }

    /// Appends an encoded request to `json`, for a client.
    ///
    /// # Errors
    ///
    /// As [`encode_reply`](Self::encode_reply).
    pub fn encode_request(&self, protobuf: &[u8], json: &mut BytesMut) -> Result<(), Status> {
        self.encode(&self.request, protobuf, json)
    }

    /// Encodes a reply that is JSON, for a client.
    ///
    /// # Errors
    ///
    /// INTERNAL if the JSON is no such message, RESOURCE_EXHAUSTED if it is too large or too deep.
    pub fn decode_reply(&self, json: &[u8]) -> Result<Bytes, Status> {
        self.decode(&self.reply, json)
    }

    /// The details of an error.
    pub fn error_details(&self, _status: &Status) -> Vec<ErrorDetail> {
        Vec::new()
    }

    fn decode(&self, message: &MessageDescriptor, json: &[u8]) -> Result<Bytes, Status> {
        let options =
            DeserializeOptions::new().deny_unknown_fields(!self.options.ignore_unknown_fields);
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        DynamicMessage::deserialize_with_options(message.clone(), &mut deserializer, &options)
            .and_then(|message| deserializer.end().map(|()| message))
            .map(|message| message.encode_to_vec().into())
            .map_err(|error| Status::invalid_argument(error.to_string()))
    }

    fn encode(
        &self,
        message: &MessageDescriptor,
        protobuf: &[u8],
        json: &mut BytesMut,
    ) -> Result<(), Status> {
        let message = DynamicMessage::decode(message.clone(), protobuf)
            .map_err(|error| Status::internal(error.to_string()))?;
        let options = SerializeOptions::new().skip_default_fields(!self.options.emit_defaults);
        let writer: &mut dyn io::Write = &mut json.writer();
        message
            .serialize_with_options(&mut serde_json::Serializer::new(writer), &options)
            .map_err(|error| Status::internal(error.to_string()))
    }
}
