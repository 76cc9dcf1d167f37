//! Metadata in headers, in trailers, and in the JSON that ends a stream.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use http::{HeaderMap, HeaderName};
use rpc_wire::{Code, Metadata, MetadataValue, Status};

use crate::grpc::metadata;

/// How headers begin that belong to the protocol.
const RESERVED_PREFIX: &str = "connect-";
/// How headers begin that are trailers, where there is no other place for them.
const TRAILER_PREFIX: &str = "trailer-";

/// The metadata among the headers of a request.
///
/// # Errors
///
/// INVALID_ARGUMENT if the value of a `-bin` key is not base64; RESOURCE_EXHAUSTED if there are too many.
pub(super) fn read(headers: &HeaderMap) -> Result<Metadata, Status> {
    let mut metadata = metadata::read(headers).map_err(|status| match status.code() {
        Code::Internal => Status::invalid_argument(status.message()).with_source(status.clone()),
        _ => status,
    })?;
    let names = headers.keys().map(HeaderName::as_str);
    for name in names.filter(|name| name.starts_with(RESERVED_PREFIX)) {
        metadata.remove(name);
    }
    Ok(metadata)
}

/// Adds metadata to headers.
pub(super) fn write(metadata: &Metadata, headers: &mut HeaderMap) {
    metadata::write(metadata, headers);
}

/// Adds trailing metadata to headers.
pub(super) fn write_trailing(metadata: &Metadata, headers: &mut HeaderMap) {
    let mut trailers = HeaderMap::new();
    metadata::write(metadata, &mut trailers);
    for (name, value) in &trailers {
        let name = format!("{TRAILER_PREFIX}{name}");
        if let Ok(name) = HeaderName::try_from(name) {
            headers.append(name, value.clone());
        }
    }
}

/// Metadata as JSON has them: all values of each key.
pub(super) fn in_json(metadata: &Metadata) -> BTreeMap<&str, Vec<String>> {
    let mut keys = BTreeMap::<_, Vec<_>>::new();
    for (key, value) in metadata.iter() {
        keys.entry(key).or_default().push(match value {
            MetadataValue::Ascii(text) => text.to_owned(),
            MetadataValue::Binary(bytes) => BASE64_STANDARD_NO_PAD.encode(bytes),
        });
    }
    keys
}
