//! Numbers, strings, bytes and enums.

use base64::display::Base64Display;
use base64::prelude::BASE64_STANDARD;
use serde::ser::{Error, Serialize, Serializer};

use super::wire::Wire;
use crate::json::schema::{Kind, Schema};

/// A value that is no message, in JSON.
pub(super) struct ScalarJson<'a> {
    pub(super) schema: &'a Schema,
    pub(super) kind: Kind,
    pub(super) wire: Wire<'a>,
}

impl Serialize for ScalarJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.kind, self.wire) {
            (Kind::Int32, Wire::Varint(value)) => serializer.serialize_i32(value as i32),
            (Kind::Uint32, Wire::Varint(value)) => serializer.serialize_u32(value as u32),
            (Kind::Sint32, Wire::Varint(value)) => {
                let value = value as u32;
                serializer.serialize_i32((value >> 1) as i32 ^ -((value & 1) as i32))
            }
            (Kind::Fixed32, Wire::Fixed32(value)) => serializer.serialize_u32(value),
            (Kind::Sfixed32, Wire::Fixed32(value)) => serializer.serialize_i32(value as i32),
            // Many parsers of JSON have no more than 53 bits for a number.
            (Kind::Int64, Wire::Varint(value)) => serializer.collect_str(&(value as i64)),
            (Kind::Uint64, Wire::Varint(value)) => serializer.collect_str(&value),
            (Kind::Sint64, Wire::Varint(value)) => {
                serializer.collect_str(&((value >> 1) as i64 ^ -((value & 1) as i64)))
            }
            (Kind::Fixed64, Wire::Fixed64(value)) => serializer.collect_str(&value),
            (Kind::Sfixed64, Wire::Fixed64(value)) => serializer.collect_str(&(value as i64)),
            (Kind::Bool, Wire::Varint(value)) => serializer.serialize_bool(value != 0),
            (Kind::Float, Wire::Fixed32(bits)) => match f32::from_bits(bits) {
                value if value.is_finite() => serializer.serialize_f32(value),
                value => serializer.serialize_str(not_finite(value.into())),
            },
            (Kind::Double, Wire::Fixed64(bits)) => match f64::from_bits(bits) {
                value if value.is_finite() => serializer.serialize_f64(value),
                value => serializer.serialize_str(not_finite(value)),
            },
            (Kind::String, Wire::Bytes(bytes)) => {
                let text = std::str::from_utf8(bytes).map_err(S::Error::custom)?;
                serializer.serialize_str(text)
            }
            (Kind::Bytes, Wire::Bytes(bytes)) => {
                serializer.collect_str(&Base64Display::new(bytes, &BASE64_STANDARD))
            }
            (Kind::Enum(place), Wire::Varint(value)) => {
                let values = &self.schema.enums[place];
                let number = value as i32;
                match values.value_name(number) {
                    _ if values.is_null => serializer.serialize_none(),
                    Some(name) => serializer.serialize_str(name),
                    None => serializer.serialize_i32(number),
                }
            }
            (kind, _) => Err(S::Error::custom(format_args!("the value is no {kind:?}"))),
        }
    }
}

/// What JSON has no number for.
fn not_finite(value: f64) -> &'static str {
    match value {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}
