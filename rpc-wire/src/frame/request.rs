//! REQUEST: opens a stream. Its metadata is here; its body is a message or the first piece of one.

use std::time::Duration;

use prost::Message;

use super::{FrameError, MetadataEntry};
use crate::{MAX_METHOD_NUMBERS, MAX_PATH_LEN, Metadata};

/// The metadata of a REQUEST: the message `rpc.wire.RequestMetadata`.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct RequestMetadata {
    /// The method's number on this connection, from 1; 0 if it has none.
    #[prost(uint32, tag = "1")]
    pub method: u32,
    /// The method's path, such as `helloworld.Hello/Hello`; empty if the number says it.
    #[prost(string, tag = "2")]
    pub path: String,
    /// Time until the deadline when the frame was made, in microseconds; 0 if there is none.
    #[prost(uint64, tag = "3")]
    pub timeout_us: u64,
    /// User metadata.
    #[prost(message, repeated, tag = "4")]
    pub metadata: Vec<MetadataEntry>,
    /// How many times this call was sent before.
    #[prost(uint32, tag = "5")]
    pub attempt: u32,
    /// Trace context, as in the header `traceparent` of W3C Trace Context.
    #[prost(string, tag = "6")]
    pub traceparent: String,
    /// Trace context, as in the header `tracestate` of W3C Trace Context.
    #[prost(string, tag = "7")]
    pub tracestate: String,
}

impl RequestMetadata {
    /// Reads the message from its encoded bytes and checks what holds for every REQUEST: there is
    /// a method number or a path, and both are within their limits. Which number means which path
    /// is the connection's to know.
    ///
    /// # Errors
    ///
    /// [`FrameError::Malformed`] if they are not the message `rpc.wire.RequestMetadata`, and what
    /// [`validate`](Self::validate) finds.
    pub fn decode_checked(bytes: &[u8]) -> Result<Self, FrameError> {
        let metadata =
            Self::decode(bytes).map_err(|error| FrameError::malformed("RequestMetadata", error))?;
        metadata.validate()?;
        Ok(metadata)
    }

    /// Checks that there is a method number or a path, and that both are within their limits.
    ///
    /// # Errors
    ///
    /// [`FrameError::MethodNumber`], [`FrameError::NoMethod`] or [`FrameError::PathTooLong`].
    pub fn validate(&self) -> Result<(), FrameError> {
        if self.method > u32::from(MAX_METHOD_NUMBERS) {
            return Err(FrameError::MethodNumber(self.method));
        }
        if self.method == 0 && self.path.is_empty() {
            return Err(FrameError::NoMethod);
        }
        if self.path.len() > MAX_PATH_LEN {
            return Err(FrameError::PathTooLong {
                length: self.path.len(),
                limit: MAX_PATH_LEN,
            });
        }
        Ok(())
    }

    /// The time until the deadline; `None` if there is no deadline.
    pub fn timeout(&self) -> Option<Duration> {
        (self.timeout_us > 0).then(|| Duration::from_micros(self.timeout_us))
    }

    /// Sets the time until the deadline.
    ///
    /// What is less than a microsecond is sent as one, because 0 says that there is no deadline.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout_us = timeout.map_or(0, |timeout| {
            u64::try_from(timeout.as_micros())
                .unwrap_or(u64::MAX)
                .max(1)
        });
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
