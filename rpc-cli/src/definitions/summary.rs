//! Definitions as JSON, for programs.

use prost_reflect::{EnumDescriptor, FieldDescriptor, MessageDescriptor, MethodDescriptor};
use serde_json::{Value, json};

use super::Symbol;
use super::proto_text::{ProtoText, type_name};

/// A definition: its name, its kind, its file, what it consists of, and its text.
pub(crate) fn summary(symbol: &Symbol) -> Value {
    let mut value = match symbol {
        Symbol::Service(service) => {
            let methods: Vec<_> = service.methods().map(|method| of_method(&method)).collect();
            json!({ "methods": methods })
        }
        Symbol::Method(method) => of_method(method),
        Symbol::Message(message) => of_message(message),
        Symbol::Enum(of) => of_enum(of),
        Symbol::Field(field) => of_field(field),
    };
    value["kind"] = symbol.kind().into();
    value["name"] = symbol.full_name().into();
    value["file"] = symbol.file().name().into();
    value["proto"] = ProtoText::of(symbol).into();
    value
}

/// A method's path, its messages, and which sides stream.
pub(crate) fn of_method(method: &MethodDescriptor) -> Value {
    json!({
        "path": format!("{}/{}", method.parent_service().full_name(), method.name()),
        "input": method.input().full_name(),
        "output": method.output().full_name(),
        "client_streaming": method.is_client_streaming(),
        "server_streaming": method.is_server_streaming(),
    })
}

fn of_message(message: &MessageDescriptor) -> Value {
    let fields: Vec<_> = message.fields().map(|field| of_field(&field)).collect();
    json!({ "fields": fields })
}

fn of_field(field: &FieldDescriptor) -> Value {
    let oneof = field
        .containing_oneof()
        .filter(|oneof| !oneof.is_synthetic());
    json!({
        "field": field.name(),
        "json_name": field.json_name(),
        "number": field.number(),
        "type": type_name(field),
        "repeated": field.is_list(),
        "map": field.is_map(),
        "presence": field.supports_presence(),
        "oneof": oneof.map(|oneof| oneof.name().to_owned()),
    })
}

fn of_enum(of: &EnumDescriptor) -> Value {
    let values = of.values();
    let values: Vec<_> = values
        .map(|value| json!({ "name": value.name(), "number": value.number() }))
        .collect();
    json!({ "values": values })
}
