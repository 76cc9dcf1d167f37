//! Metadata as they are shown.

use rpc_runtime::{Metadata, MetadataValue};
use serde_json::{Map, Value, json};

use super::connect::to_base64;

/// A value as text: base64 if it is binary.
pub(crate) fn metadata_text(value: MetadataValue<'_>) -> String {
    match value {
        MetadataValue::Ascii(text) => text.to_owned(),
        MetadataValue::Binary(bytes) => to_base64(bytes),
    }
}

/// An object with a list of values for each key.
pub(crate) fn metadata_json(metadata: &Metadata) -> Value {
    let mut object = Map::new();
    for (key, value) in metadata.iter() {
        let values = object.entry(key).or_insert_with(|| json!([]));
        if let Value::Array(values) = values {
            values.push(metadata_text(value).into());
        }
    }
    Value::Object(object)
}
