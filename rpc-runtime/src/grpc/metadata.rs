//! Metadata as headers and trailers.

use http::{HeaderMap, HeaderName, HeaderValue};
use rpc_wire::{MAX_METADATA_ENTRIES, Metadata, MetadataValue, Status};

use super::base64;

/// What headers with these names say is not metadata: they belong to HTTP, or to gRPC.
const RESERVED: [&str; 12] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "keep-alive",
    "proxy-connection",
    // Names a codec to the native protocol, as the content type does here.
    "rpc-codec",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// How the other reserved names begin.
const RESERVED_PREFIX: &str = "grpc-";

fn is_reserved(name: &str) -> bool {
    name.starts_with(RESERVED_PREFIX) || RESERVED.contains(&name)
}

/// Adds metadata to headers, but for what has a reserved name.
pub(crate) fn write(metadata: &Metadata, headers: &mut HeaderMap) {
    for (key, value) in metadata.iter().filter(|(key, _)| !is_reserved(key)) {
        let value = match value {
            MetadataValue::Ascii(text) => HeaderValue::from_str(text),
            MetadataValue::Binary(bytes) => HeaderValue::try_from(base64::encode(bytes)),
        };
        let name = HeaderName::from_bytes(key.as_bytes());
        // Metadata have checked both by rules that are stricter than HTTP's.
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
}

/// The metadata among headers. Those that cannot be metadata, such as texts that are not ASCII, are left out.
///
/// # Errors
///
/// INTERNAL if the value of a `-bin` key is not base64; RESOURCE_EXHAUSTED if there are too many.
pub(crate) fn read(headers: &HeaderMap) -> Result<Metadata, Status> {
    let mut metadata = Metadata::new();
    for (name, value) in headers {
        let key = name.as_str();
        if is_reserved(key) {
            continue;
        }
        if Metadata::is_binary_key(key) {
            read_binary(key, value.as_bytes(), &mut metadata)?;
        } else if let Ok(text) = value.to_str() {
            // HTTP allows more characters than metadata.
            let _ = metadata.append(key, text);
        }
        check_count(&metadata)?;
    }
    Ok(metadata)
}

/// Takes apart what proxies may have joined.
fn read_binary(key: &str, value: &[u8], metadata: &mut Metadata) -> Result<(), Status> {
    for part in value.split(|byte| *byte == b',') {
        let bytes = base64::decode(part.trim_ascii()).map_err(|error| {
            Status::internal(format!("the value of metadata key {key:?} is not base64"))
                .with_source(error)
        })?;
        // HTTP allows more characters in names than metadata.
        let _ = metadata.append_bin(key, bytes);
        // Nothing but commas is a value for each of them.
        check_count(metadata)?;
    }
    Ok(())
}

/// Small entries take many times their size in memory, so their number has a limit of its own.
fn check_count(metadata: &Metadata) -> Result<(), Status> {
    match metadata.len() > MAX_METADATA_ENTRIES {
        true => Err(Status::resource_exhausted(format!(
            "the metadata have more than {MAX_METADATA_ENTRIES} entries (MAX_METADATA_ENTRIES)"
        ))),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rpc_wire::{Code, MetadataError};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn binary_values_are_base64_without_padding() -> Result<(), MetadataError> {
        let mut metadata = Metadata::new();
        metadata.insert_bin("trace-bin", &[0xff_u8][..])?;
        let mut written = HeaderMap::new();
        write(&metadata, &mut written);
        assert_eq!(written, headers(&[("trace-bin", "/w")]));
        Ok(())
    }

    #[test]
    fn binary_values_are_read_with_padding_and_without_and_joined() -> Result<(), MetadataError> {
        let mut expected = Metadata::new();
        for value in [&[0xff_u8][..], &[0xff], b"", b"abc"] {
            expected.append_bin("trace-bin", value.to_vec())?;
        }
        let read = read(&headers(&[
            ("trace-bin", "/w==, /w,"),
            ("trace-bin", "YWJj"),
        ]));
        assert_eq!(read.expect("it is base64"), expected);
        Ok(())
    }

    #[test]
    fn what_is_not_base64_is_an_error_that_names_the_key() {
        let status = read(&headers(&[("trace-bin", "!")])).expect_err("it is no base64");
        assert_eq!(status.code(), Code::Internal);
        assert!(status.message().contains("trace-bin"), "{status}");
    }

    #[test]
    fn what_belongs_to_http_or_grpc_is_neither_read_nor_written() -> Result<(), MetadataError> {
        let reserved = headers(&[
            ("content-type", "application/grpc"),
            ("te", "trailers"),
            ("grpc-status", "0"),
            ("grpc-timeout", "1S"),
            ("rpc-codec", "json"),
        ]);
        assert_eq!(read(&reserved).expect("nothing is wrong"), Metadata::new());

        let mut metadata = Metadata::new();
        for key in ["grpc-status", "te", "content-length", "rpc-codec"] {
            metadata.insert(key, "0")?;
        }
        let mut written = HeaderMap::new();
        write(&metadata, &mut written);
        assert_eq!(written, HeaderMap::new());
        Ok(())
    }

    #[test]
    fn more_entries_than_metadata_may_have_are_refused_however_they_come() {
        let values = |count: usize| vec![""; count].join(",");
        let mut joined = HeaderMap::new();
        let value = HeaderValue::from_str(&values(MAX_METADATA_ENTRIES)).expect("it is text");
        joined.insert("x-bin", value);
        let metadata = read(&joined).expect("as many as there may be");
        assert_eq!(metadata.len(), MAX_METADATA_ENTRIES);
        let value = HeaderValue::from_str(&values(MAX_METADATA_ENTRIES + 1)).expect("it is text");
        joined.insert("x-bin", value);
        let mut alone = HeaderMap::new();
        for _ in 0..=MAX_METADATA_ENTRIES {
            alone.append("x", HeaderValue::from_static(""));
        }
        for headers in [joined, alone] {
            let refused = read(&headers).expect_err("it is one too many");
            assert_eq!(refused.code(), Code::ResourceExhausted);
        }
    }

    #[test]
    fn headers_that_cannot_be_metadata_are_left_out() {
        let mut strange = headers(&[("x!y", "name"), ("fine", "yes"), ("tab", "a\tb")]);
        let value = HeaderValue::from_bytes(b"caf\xe9").expect("HTTP allows it");
        strange.insert("latin", value);
        let read = read(&strange).expect("nothing is wrong");
        assert_eq!(read.len(), 1);
        assert_eq!(read.get("fine"), Some("yes"));
    }

    proptest! {
        #[test]
        fn metadata_come_out_as_they_went_in(
            texts in prop::collection::vec(("x-[0-9a-z_.]{1,8}", "[!-~]([ -~]{0,20}[!-~])?"), 0..5),
            binaries in prop::collection::vec(("x-[a-z]{1,3}-bin", prop::collection::vec(any::<u8>(), 0..20)), 0..5),
        ) {
            let mut metadata = Metadata::new();
            for (key, value) in texts {
                metadata.append(key, value).expect("it is allowed");
            }
            for (key, value) in binaries {
                metadata.append_bin(key, value).expect("it is allowed");
            }
            let mut headers = HeaderMap::new();
            write(&metadata, &mut headers);
            let read = read(&headers).expect("it was written");
            prop_assert_eq!(read.len(), metadata.len());
            for (key, _) in metadata.iter() {
                prop_assert!(read.get_all(key).eq(metadata.get_all(key)), "{key}");
            }
        }
    }
}
