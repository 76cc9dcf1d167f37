//! [`Metadata`] as REQUEST and RESPONSE carry it.

use std::fmt;

use bytes::Bytes;

use super::FrameError;
use crate::Metadata;

/// One entry of user metadata: the message `rpc.wire.MetadataEntry`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct MetadataEntry {
    /// The key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The value: the bytes of the text or, under a key that ends in `-bin`, any bytes.
    #[prost(bytes = "bytes", tag = "2")]
    pub value: Bytes,
}

impl Metadata {
    /// The entries as a frame carries them, in their order.
    pub(crate) fn to_entries(&self) -> Vec<MetadataEntry> {
        self.iter()
            .map(|(key, value)| MetadataEntry {
                key: key.to_owned(),
                value: Bytes::copy_from_slice(value.as_bytes()),
            })
            .collect()
    }

    /// The metadata that the entries of a frame carry.
    pub(super) fn from_entries(entries: &[MetadataEntry]) -> Result<Self, FrameError> {
        let mut metadata = Self::new();
        for MetadataEntry { key, value } in entries {
            if Self::is_binary_key(key) {
                metadata.append_bin(key, value.clone()).map_err(malformed)?;
            } else {
                let text = str::from_utf8(value).map_err(malformed)?;
                metadata.append(key, text).map_err(malformed)?;
            }
        }
        Ok(metadata)
    }
}

fn malformed(reason: impl fmt::Display) -> FrameError {
    FrameError::malformed("user metadata", reason)
}
