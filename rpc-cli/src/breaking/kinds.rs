//! Which types of fields can stand for each other.

use prost_reflect::{EnumDescriptor, Kind};

use super::field::Field;

/// What the compatibility is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Protobuf's own.
    Wire,
    /// That, and JSON.
    WireAndJson,
}

/// The type of `field`, as a `.proto` file would say it, with full names.
pub(super) fn name(field: &Field) -> String {
    match &field.entry {
        Some((key, value)) => format!("map<{}, {}>", kind_name(key), kind_name(value)),
        None if field.is_group => format!("group {}", kind_name(&field.kind)),
        None => kind_name(&field.kind),
    }
}

fn kind_name(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(each) => each.full_name().to_owned(),
        Kind::Double => "double".to_owned(),
        Kind::Float => "float".to_owned(),
        Kind::Int32 => "int32".to_owned(),
        Kind::Int64 => "int64".to_owned(),
        Kind::Uint32 => "uint32".to_owned(),
        Kind::Uint64 => "uint64".to_owned(),
        Kind::Sint32 => "sint32".to_owned(),
        Kind::Sint64 => "sint64".to_owned(),
        Kind::Fixed32 => "fixed32".to_owned(),
        Kind::Fixed64 => "fixed64".to_owned(),
        Kind::Sfixed32 => "sfixed32".to_owned(),
        Kind::Sfixed64 => "sfixed64".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::String => "string".to_owned(),
        Kind::Bytes => "bytes".to_owned(),
    }
}

/// Whether readers of the new field understand what writers of the old one sent.
pub(super) fn are_compatible(old: &Field, new: &Field, encoding: Encoding) -> bool {
    if old.is_group != new.is_group {
        return false;
    }
    match (&old.entry, &new.entry) {
        (Some((old_key, old_value)), Some((new_key, new_value))) => {
            can_become(old_key, new_key, encoding) && can_become(old_value, new_value, encoding)
        }
        // That one is a map and the other is not is a matter of cardinality.
        (Some(_), None) | (None, Some(_)) => true,
        (None, None) => can_become(&old.kind, &new.kind, encoding),
    }
}

fn can_become(old: &Kind, new: &Kind, encoding: Encoding) -> bool {
    match (old, new) {
        (Kind::Enum(old), Kind::Enum(new)) => has_values_of(new, old),
        // Every string is bytes, but not the other way round; in JSON bytes are base64.
        (Kind::String, Kind::Bytes) => encoding == Encoding::Wire,
        _ if encoding == Encoding::Wire => wire_group(old) == wire_group(new),
        _ => json_group(old) == json_group(new),
    }
}

/// Whether `new` has all values of `old`, under the same names.
fn has_values_of(new: &EnumDescriptor, old: &EnumDescriptor) -> bool {
    old.values().all(|value| {
        let mut named = new.values().filter(|other| other.name() == value.name());
        named.any(|other| other.number() == value.number())
    })
}

/// Types with one group are encoded in one way, but for the range of their values.
fn wire_group(kind: &Kind) -> String {
    match kind {
        Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 | Kind::Bool | Kind::Enum(_) => {
            "varint".to_owned()
        }
        Kind::Sint32 | Kind::Sint64 => "zigzag".to_owned(),
        _ => json_group(kind),
    }
}

/// Types with one group look alike in both encodings.
fn json_group(kind: &Kind) -> String {
    match kind {
        Kind::Int32 | Kind::Uint32 => "32-bit varint".to_owned(),
        Kind::Int64 | Kind::Uint64 => "64-bit varint".to_owned(),
        Kind::Fixed32 | Kind::Sfixed32 => "32 bits".to_owned(),
        Kind::Fixed64 | Kind::Sfixed64 => "64 bits".to_owned(),
        _ => kind_name(kind),
    }
}
