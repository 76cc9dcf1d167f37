//! `google.protobuf.Any`: messages of a type that they name.

use serde::ser::{Error, SerializeMap, Serializer};

use super::message::MessageJson;
use super::wire::{self, Value, Wire};
use crate::json::schema::Form;

/// The JSON of the message within `any`, with its type.
pub(super) fn serialize<S: Serializer>(
    any: &MessageJson<'_>,
    values: &[Value<'_>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let bytes = |field| {
        let value = values.iter().rfind(|value| value.field == field);
        match value.map(|value| value.wire) {
            None => Ok(&[][..]),
            Some(Wire::Bytes(bytes)) => Ok(bytes),
            Some(_) => Err(S::Error::custom("the value is no string")),
        }
    };
    let (url, bytes) = (bytes(0)?, bytes(1)?);
    let mut map = serializer.serialize_map(None)?;
    if url.is_empty() && bytes.is_empty() {
        return map.end();
    }
    let url = std::str::from_utf8(url).map_err(S::Error::custom)?;
    let message = url
        .rsplit_once('/')
        .and_then(|(_, name)| any.encoder.schema.message(name))
        .ok_or_else(|| {
            S::Error::custom(format_args!(
                "the type {url:?} is in none of the .proto files that the method's imports"
            ))
        })?;
    let inner = MessageJson {
        message,
        bytes,
        depth: any.depth + 1,
        ..*any
    };
    map.serialize_entry("@type", url)?;
    match message.form {
        Form::Fields => {
            let values = wire::values(message, bytes).map_err(S::Error::custom)?;
            inner.fields(&values, &mut map)?;
        }
        _ => map.serialize_entry("value", &inner)?,
    }
    map.end()
}
