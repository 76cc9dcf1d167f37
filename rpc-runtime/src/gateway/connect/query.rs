//! The query of a GET.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use percent_encoding::percent_decode;
use rpc_wire::Status;

use super::asked::Encoding;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How the query says that its message is encoded; `None` if it has none.
pub(super) fn encoding(query: &str) -> Option<Encoding> {
    match value(query, "encoding")?.as_ref() {
        b"json" => Some(Encoding::Json),
        b"proto" => Some(Encoding::Proto),
        _ => None,
    }
}

/// The version of the protocol that the query names, in the header's words.
pub(super) fn version(query: &str) -> Option<String> {
    let version = value(query, "connect")?;
    let version = String::from_utf8_lossy(&version);
    Some(version.strip_prefix('v').unwrap_or(&version).to_owned())
}

/// How the message is compressed, if it is.
pub(super) fn compression(query: &str) -> Option<String> {
    let name = value(query, "compression")?;
    Some(String::from_utf8_lossy(&name).into_owned())
}

/// The message as it was sent, perhaps compressed.
///
/// # Errors
///
/// INVALID_ARGUMENT if there is none, or it is not base64 where it should be.
pub(super) fn message(query: &str) -> Result<Bytes, Status> {
    let message = value(query, "message").ok_or_else(|| {
        Status::invalid_argument("the query has no message: ?encoding=json&message={..}")
    })?;
    if value(query, "base64").as_deref() != Some(b"1") {
        return Ok(message.into_owned().into());
    }
    let bytes = BASE64.decode(&message).map_err(|error| {
        let reason = format!("the message in the query is not base64 for URLs: {error}");
        Status::invalid_argument(reason).with_source(error)
    })?;
    Ok(bytes.into())
}

/// The first value of this name.
fn value<'a>(query: &'a str, name: &str) -> Option<Cow<'a, [u8]>> {
    let mut pairs = query.split('&');
    let value = pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    // Forms write a space so.
    Some(match value.contains('+') {
        true => percent_decode(value.replace('+', " ").as_bytes())
            .collect::<Vec<_>>()
            .into(),
        false => percent_decode(value.as_bytes()).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_name_and_decoded() {
        let query = "message=%7B%22a%22%3A+1%7D&encoding=json&connect=v1&compression=gzip";
        assert_eq!(encoding(query), Some(Encoding::Json));
        assert_eq!(message(query).expect("it has one"), &b"{\"a\": 1}"[..]);
        assert_eq!(version(query).as_deref(), Some("1"));
        assert_eq!(compression(query).as_deref(), Some("gzip"));
        assert_eq!(encoding("xencoding=json"), None);
        assert_eq!(encoding("encoding=xml"), None);
        assert_eq!(version(""), None);
    }

    #[test]
    fn messages_in_base64_have_the_alphabet_of_urls_and_any_padding() {
        for query in ["base64=1&message=-_8", "base64=1&message=-_8%3D"] {
            assert_eq!(message(query).expect("it is base64"), &[0xfb, 0xff][..]);
        }
        assert_eq!(message("message=%ff").expect("any bytes"), &[0xff][..]);
        assert!(message("base64=1&message=!").is_err());
        assert!(message("base64=1").is_err());
    }
}
