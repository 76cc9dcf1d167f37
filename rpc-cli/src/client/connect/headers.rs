//! Metadata as headers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use rpc_runtime::Metadata;

/// Base64 with padding or without it.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Base64 as it is sent.
pub(in crate::client) fn to_base64(bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(bytes)
}

/// Writes metadata behind what `headers` has.
pub(super) fn write_metadata(metadata: &Metadata, headers: &mut HeaderMap) {
    for (key, value) in metadata.iter() {
        let text = match Metadata::is_binary_key(key) {
            true => to_base64(value.as_bytes()),
            false => String::from_utf8_lossy(value.as_bytes()).into_owned(),
        };
        if let (Ok(key), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(text)) {
            headers.append(key, value);
        }
    }
}

/// Metadata of headers: those at the beginning, and those at the end of a unary call.
pub(super) fn split_trailers(headers: &HeaderMap) -> (Metadata, Metadata) {
    let (mut leading, mut trailing) = (Metadata::new(), Metadata::new());
    for (name, value) in headers {
        let Ok(value) = value.to_str() else { continue };
        match name.as_str().strip_prefix("trailer-") {
            Some(name) => append(&mut trailing, name, value),
            None => append(&mut leading, name.as_str(), value),
        }
    }
    (leading, trailing)
}

/// Adds a header to metadata, unless it can be none.
pub(super) fn append(metadata: &mut Metadata, key: &str, value: &str) {
    let _ = match Metadata::is_binary_key(key) {
        true => metadata.append_bin(key, BASE64.decode(value).unwrap_or_default()),
        false => metadata.append(key, value),
    };
}
