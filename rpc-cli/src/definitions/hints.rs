//! What names in JSON were meant to be that a message does not have.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::Value;

use crate::suggest::nearest;

/// The nearest names to those in `json` that `message` does not have: of fields, and of enums' values.
pub(crate) fn hints(message: &MessageDescriptor, json: &[u8]) -> Vec<String> {
    let mut hints = Vec::new();
    if let Ok(value) = serde_json::from_slice(json) {
        of_message(message, &value, &mut hints);
    }
    hints
}

fn of_message(message: &MessageDescriptor, value: &Value, hints: &mut Vec<String>) {
    // Google's own types have a JSON of their own.
    let Value::Object(object) = value else { return };
    if message.package_name() == "google.protobuf" {
        return;
    }
    for (key, value) in object {
        let by_json_name = message.get_field_by_json_name(key);
        match by_json_name.or_else(|| message.get_field_by_name(key)) {
            Some(field) => of_field(&field, value, hints),
            None => unknown_field(message, key, hints),
        }
    }
}

fn unknown_field(message: &MessageDescriptor, key: &str, hints: &mut Vec<String>) {
    let fields: Vec<_> = message.fields().collect();
    let names: Vec<_> = fields.iter().map(FieldDescriptor::json_name).collect();
    match nearest(key, names.iter().copied()) {
        Some(name) => hints.push(format!("did you mean {name:?} where it says {key:?}?")),
        None => {
            let name = message.full_name();
            hints.push(format!("the fields of {name} are {}", names.join(", ")));
        }
    }
}

fn of_field(field: &FieldDescriptor, value: &Value, hints: &mut Vec<String>) {
    match (field.kind(), value) {
        (Kind::Message(entry), Value::Object(object)) if field.is_map() => {
            let values = entry.map_entry_value_field();
            object
                .values()
                .for_each(|value| of_field(&values, value, hints));
        }
        (_, Value::Array(values)) if field.is_list() => {
            values
                .iter()
                .for_each(|value| of_field(field, value, hints));
        }
        (Kind::Message(message), value) => of_message(&message, value, hints),
        (Kind::Enum(of), Value::String(name)) if of.get_value_by_name(name).is_none() => {
            let values: Vec<_> = of.values().collect();
            let names: Vec<_> = values.iter().map(|value| value.name()).collect();
            hints.push(match nearest(name, names.iter().copied()) {
                Some(other) => format!("did you mean {other:?} where it says {name:?}?"),
                None => format!("the values of {} are {}", of.full_name(), names.join(", ")),
            });
        }
        _ => {}
    }
}
