//! Metadata of calls as headers of HTTP. What is binary stays behind.

use http::{HeaderMap, HeaderName, HeaderValue};
use rpc_wire::{Metadata, MetadataValue};

/// What headers with these names say belongs to HTTP and not to the call.
const OF_HTTP: [&str; 13] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "keep-alive",
    "rpc-codec",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The metadata among headers.
pub(crate) fn read(headers: &HeaderMap) -> Metadata {
    let mut metadata = Metadata::new();
    for (name, value) in headers {
        let key = name.as_str();
        let is_metadata = !OF_HTTP.contains(&key) && !Metadata::is_binary_key(key);
        if let (true, Ok(value)) = (is_metadata, value.to_str()) {
            // HTTP allows more characters than metadata.
            let _ = metadata.append(key, value);
        }
    }
    metadata
}

/// Adds metadata to headers, but for what belongs to HTTP.
pub(crate) fn write(metadata: &Metadata, headers: &mut HeaderMap) {
    for (key, value) in metadata.iter().filter(|(key, _)| !OF_HTTP.contains(key)) {
        let MetadataValue::Ascii(text) = value else {
            continue;
        };
        let name = HeaderName::from_bytes(key.as_bytes());
        // Metadata have checked both by rules that are stricter than HTTP's.
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(text)) {
            headers.append(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use rpc_wire::MetadataError;

    use super::*;

    #[test]
    fn text_comes_back_and_what_is_binary_or_of_http_does_not() -> Result<(), MetadataError> {
        let mut metadata = Metadata::new();
        metadata.append("tenant", "blue")?;
        metadata.append("tenant", "green")?;
        let expected = metadata.clone();
        metadata.append("content-length", "7")?;
        metadata.append("rpc-codec", "json")?;
        metadata.append_bin("trace-bin", vec![0xff])?;
        let mut headers = HeaderMap::new();
        write(&metadata, &mut headers);
        assert_eq!(headers.len(), 2);
        assert_eq!(read(&headers), expected);
        Ok(())
    }
}
