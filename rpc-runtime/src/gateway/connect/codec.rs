//! From messages as the client has them to those that handlers take, and back.

use bytes::{Bytes, BytesMut};
use rpc_wire::Status;

use super::asked::Encoding;
use crate::json::{ErrorDetail, Transcoder};
use crate::server::RoutedMethod;

/// Turns the messages of a call to protobuf and back.
#[derive(Clone)]
pub(super) struct Codec {
    /// None for clients that speak protobuf.
    json: Option<Transcoder>,
}

impl Codec {
    /// For a call of this method.
    ///
    /// # Errors
    ///
    /// INTERNAL if JSON is asked for, and the method's descriptors are missing.
    pub(super) fn new(encoding: Encoding, method: &RoutedMethod) -> Result<Self, Status> {
        let json = match encoding {
            Encoding::Json => Some(method.transcoder()?.clone()),
            Encoding::Proto => None,
        };
        Ok(Codec { json })
    }

    /// A request, encoded for its handler.
    ///
    /// # Errors
    ///
    /// INVALID_ARGUMENT if it is no such message, RESOURCE_EXHAUSTED over a limit.
    pub(super) fn request(&self, message: Bytes) -> Result<Bytes, Status> {
        match &self.json {
            Some(json) => json.decode_request(&message),
            None => Ok(message),
        }
    }

    /// Appends a reply.
    ///
    /// # Errors
    ///
    /// INTERNAL if it has no JSON, RESOURCE_EXHAUSTED over a limit. Nothing was appended then.
    pub(super) fn append_reply(&self, message: &[u8], body: &mut BytesMut) -> Result<(), Status> {
        match &self.json {
            Some(json) => json.encode_reply(message, body),
            None => {
                body.extend_from_slice(message);
                Ok(())
            }
        }
    }

    /// A reply that is all of a body.
    ///
    /// # Errors
    ///
    /// As [`append_reply`](Self::append_reply).
    pub(super) fn reply(&self, message: BytesMut) -> Result<Bytes, Status> {
        if self.json.is_none() {
            return Ok(message.freeze());
        }
        let mut body = BytesMut::with_capacity(2 * message.len());
        self.append_reply(&message, &mut body)?;
        Ok(body.freeze())
    }
}

/// The details of an error, with their JSON if the method is known.
pub(super) fn details(status: &Status, method: Option<&RoutedMethod>) -> Vec<ErrorDetail> {
    match method.map(RoutedMethod::transcoder) {
        Some(Ok(json)) if !status.details().is_empty() => json.error_details(status),
        _ => Vec::new(),
    }
}
