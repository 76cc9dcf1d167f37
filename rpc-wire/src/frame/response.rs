//! RESPONSE: leading metadata, or the outcome of a call.

use std::time::Duration;

use bytes::Bytes;
use prost::Message;

use super::{FrameError, MetadataEntry};
use crate::{Code, Metadata, Status};

/// The metadata of a RESPONSE: the message `rpc.wire.ResponseMetadata`.
///
/// The usual one, code OK and no user metadata, is encoded as no bytes at all.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ResponseMetadata {
    /// The number of the status code; 0 is OK.
    #[prost(uint32, tag = "1")]
    pub code: u32,
    /// User metadata: leading, or trailing where the RESPONSE is the final one.
    #[prost(message, repeated, tag = "2")]
    pub metadata: Vec<MetadataEntry>,
    /// How long the server asks the client to wait before it tries again, in milliseconds.
    #[prost(uint64, optional, tag = "3")]
    pub retry_pushback_ms: Option<u64>,
}

impl ResponseMetadata {
    /// The metadata with this code and user metadata, and no wish about retries.
    pub fn new(code: Code, metadata: &Metadata) -> Self {
        Self {
            code: code.value(),
            metadata: metadata.to_entries(),
            retry_pushback_ms: None,
        }
    }

    /// Reads the message from its encoded bytes.
    ///
    /// # Errors
    ///
    /// [`FrameError::Malformed`] if they are not the message `rpc.wire.ResponseMetadata`.
    #[inline]
    pub fn decode_checked(bytes: &[u8]) -> Result<Self, FrameError> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        Self::decode(bytes).map_err(|error| FrameError::malformed("ResponseMetadata", error))
    }

    /// The code; [`Code::Unknown`] for a number that no code has.
    pub const fn status_code(&self) -> Code {
        Code::from_value(self.code)
    }

    /// How long the server asks the client to wait before it tries again.
    pub fn retry_pushback(&self) -> Option<Duration> {
        self.retry_pushback_ms.map(|millis| match millis {
            u64::MAX => Duration::MAX,
            millis => Duration::from_millis(millis),
        })
    }

    /// Sets it, in whole milliseconds; what is longer than fits asks for no further try.
    pub fn set_retry_pushback(&mut self, pushback: Option<Duration>) {
        let millis = |pushback: Duration| u64::try_from(pushback.as_millis()).unwrap_or(u64::MAX);
        self.retry_pushback_ms = pushback.map(millis);
    }

    /// The user metadata.
    ///
    /// # Errors
    ///
    /// [`FrameError::Malformed`] if an entry breaks the rules of [`Metadata`].
    pub fn user_metadata(&self) -> Result<Metadata, FrameError> {
        Metadata::from_entries(&self.metadata)
    }
}

/// The body of a RESPONSE with the flag STATUS: the message `rpc.wire.StatusBody`.
///
/// It is a body, which continues in DATA frames as a message does, so that no limit on metadata
/// can cut an error text.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct StatusBody {
    /// The status's message.
    #[prost(string, tag = "1")]
    pub message: String,
    /// The status's details.
    #[prost(bytes = "bytes", tag = "2")]
    pub details: Bytes,
}

impl StatusBody {
    /// Reads the message from its encoded bytes.
    ///
    /// # Errors
    ///
    /// [`FrameError::Malformed`] if they are not the message `rpc.wire.StatusBody`.
    pub fn decode_checked(bytes: &[u8]) -> Result<Self, FrameError> {
        Self::decode(bytes).map_err(|error| FrameError::malformed("StatusBody", error))
    }

    /// Message and details of `status`.
    pub fn new(status: &Status) -> Self {
        Self {
            message: status.message().to_owned(),
            details: Bytes::copy_from_slice(status.details()),
        }
    }
}
