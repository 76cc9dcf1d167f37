//! [`Metadata`] as REQUEST and RESPONSE carry it.

use std::fmt;

use bytes::Bytes;

use super::FrameError;
use crate::limits::MAX_METADATA_ENTRIES;
use crate::{Metadata, Status};

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
    #[inline]
    pub(crate) fn to_entries(&self) -> Vec<MetadataEntry> {
        if self.is_empty() {
            return Vec::new();
        }
        self.iter()
            .map(|(key, value)| MetadataEntry {
                key: key.to_owned(),
                value: Bytes::copy_from_slice(value.as_bytes()),
            })
            .collect()
    }

    /// The metadata that the entries of a frame carry.
    #[inline]
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

/// The error of user metadata with more entries than a frame may have.
pub(crate) fn too_many_entries(whose: &str, count: usize) -> Option<Status> {
    (count > MAX_METADATA_ENTRIES).then(|| {
        Status::resource_exhausted(format!(
            "the {whose}'s metadata have {count} entries; at most {MAX_METADATA_ENTRIES} are \
             accepted (MAX_METADATA_ENTRIES)"
        ))
    })
}

fn malformed(reason: impl fmt::Display) -> FrameError {
    FrameError::malformed("user metadata", reason)
}
