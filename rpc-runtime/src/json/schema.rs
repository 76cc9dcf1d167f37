//! Messages and enums as JSON sees them, made of a method's descriptors.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use prost_reflect::{
    DescriptorPool, EnumDescriptor, ExtensionDescriptor, FieldDescriptor, MessageDescriptor,
};
use rpc_wire::{MethodDescriptor, Status};

use crate::nearest::nearest;

/// How alike two names are, from 0 to 1, of which one may have been meant by the other.
const ALIKE: f64 = 0.8;

/// All messages and enums of a package, and of what it imports.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) messages: Vec<Message>,
    pub(super) enums: Vec<Enum>,
    by_name: HashMap<String, usize>,
    /// Requests and replies, by the paths of their methods.
    methods: HashMap<String, (usize, usize)>,
}

/// A message, which may be the entry of a map.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) name: String,
    pub(super) form: Form,
    /// By number, with those that extend it.
    pub(super) fields: Vec<Field>,
    /// Places among `fields`, by either name.
    by_name: HashMap<String, usize>,
}

/// How a message is written in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As an object of its fields.
    Fields,
    /// As the value of its only field.
    Wrapper,
    Any,
    Duration,
    FieldMask,
    ListValue,
    Struct,
    Timestamp,
    Value,
}

/// A field.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) number: u32,
    pub(super) json_name: String,
    pub(super) kind: Kind,
    pub(super) shape: Shape,
    /// Whether the default value differs from none.
    pub(super) has_presence: bool,
    /// Whether it was added to the message elsewhere.
    pub(super) is_extension: bool,
    /// The place of its oneof among those of the message.
    pub(super) oneof: Option<usize>,
}

/// How often a field has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Single,
    List { packed: bool },
    Map,
}

/// The type of a field's values; messages and enums by their places in the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Double,
    Float,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Bool,
    String,
    Bytes,
    Enum(usize),
    Message(usize),
    /// A message between two tags, instead of behind its length.
    Group(usize),
}

/// An enum.
#[derive(Debug)]
pub(super) struct Enum {
    pub(super) name: String,
    /// `google.protobuf.NullValue`, whose only value is JSON's null.
    pub(super) is_null: bool,
    numbers: HashMap<String, i32>,
    names: HashMap<i32, String>,
}

impl Schema {
    /// The schema of the package that defines a method, made once in a process.
    ///
    /// # Errors
    ///
    /// INTERNAL if the descriptors are missing, or contradict themselves.
    pub(super) fn of(method: &MethodDescriptor) -> Result<Arc<Schema>, Status> {
        /// By the addresses of the descriptors, which the methods of a package share.
        static SCHEMAS: Mutex<Option<HashMap<usize, Arc<Schema>>>> = Mutex::new(None);

        let descriptors = method.file_descriptor_set();
        let mut schemas = SCHEMAS.lock().unwrap_or_else(PoisonError::into_inner);
        let schemas = schemas.get_or_insert_default();
        if let Some(schema) = schemas.get(&descriptors.as_ptr().addr()) {
            return Ok(Arc::clone(schema));
        }
        let pool = DescriptorPool::decode(descriptors).map_err(|error| {
            Status::internal(format!(
                "the descriptors of {} are not valid: {error}",
                method.path()
            ))
        })?;
        let schema = Arc::new(Schema::new(&pool));
        if !descriptors.is_empty() {
            schemas.insert(descriptors.as_ptr().addr(), Arc::clone(&schema));
        }
        Ok(schema)
    }

    /// The schema of what these descriptors define.
    pub(super) fn new(pool: &DescriptorPool) -> Self {
        let messages = pool.all_messages().enumerate();
        let enums = pool.all_enums().enumerate();
        let places = Places {
            messages: messages
                .map(|(place, message)| (message.full_name().to_owned(), place))
                .collect(),
            enums: enums
                .map(|(place, of)| (of.full_name().to_owned(), place))
                .collect(),
        };
        let services = pool.services().collect::<Vec<_>>();
        let methods = services.iter().flat_map(|service| service.methods());
        Schema {
            messages: pool
                .all_messages()
                .map(|message| Message::new(&message, &places))
                .collect(),
            enums: pool.all_enums().map(|of| Enum::new(&of)).collect(),
            methods: methods
                .map(|method| {
                    let path = format!("{}/{}", method.parent_service().full_name(), method.name());
                    let request = places.messages[method.input().full_name()];
                    (
                        path,
                        (request, places.messages[method.output().full_name()]),
                    )
                })
                .collect(),
            by_name: places.messages,
        }
    }

    /// The request and the reply of a method, by its path.
    pub(super) fn method(&self, path: &str) -> Option<(usize, usize)> {
        self.methods.get(path).copied()
    }

    /// The message that is called `name`.
    pub(super) fn message(&self, name: &str) -> Option<&Message> {
        self.by_name.get(name).map(|place| &self.messages[*place])
    }

    /// Whether JSON's null is a value of this type, instead of none.
    pub(super) fn has_null(&self, kind: Kind) -> bool {
        match kind {
            Kind::Message(place) => self.messages[place].form == Form::Value,
            Kind::Enum(place) => self.enums[place].is_null,
            _ => false,
        }
    }
}

/// The places of messages and enums, by name.
struct Places {
    messages: HashMap<String, usize>,
    enums: HashMap<String, usize>,
}

impl Message {
    fn new(message: &MessageDescriptor, places: &Places) -> Self {
        let fields = message.fields();
        let fields = fields.map(|field| (field.name().to_owned(), Field::new(&field, places)));
        let extensions = message.extensions();
        let extensions = extensions.map(|extension| {
            let extension = Field::extension(&extension, places);
            (extension.json_name.clone(), extension)
        });
        let mut fields: Vec<_> = fields.chain(extensions).collect();
        fields.sort_by_key(|(_, field)| field.number);
        let mut by_name = HashMap::new();
        for (place, (name, field)) in fields.iter().enumerate() {
            by_name.insert(field.json_name.clone(), place);
            // Another field's name in JSON goes first.
            by_name.entry(name.clone()).or_insert(place);
        }
        Message {
            name: message.full_name().to_owned(),
            form: Form::of(message.full_name()),
            fields: fields.into_iter().map(|(_, field)| field).collect(),
            by_name,
        }
    }

    /// The place of the field with this name, in JSON or in the `.proto`.
    pub(super) fn field(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The name of a field, in JSON, that somebody may have meant by `name`.
    pub(super) fn nearest(&self, name: &str) -> Option<&str> {
        let names = self.fields.iter().map(|field| field.json_name.as_str());
        nearest(name, names, ALIKE)
    }

    /// The place of the field with this number.
    pub(super) fn numbered(&self, number: u32) -> Option<usize> {
        // Most messages number their fields from 1 without a gap.
        let guess = (number as usize).wrapping_sub(1);
        match self.fields.get(guess) {
            Some(field) if field.number == number => Some(guess),
            _ => self
                .fields
                .binary_search_by_key(&number, |field| field.number)
                .ok(),
        }
    }
}

impl Form {
    fn of(name: &str) -> Self {
        match name.strip_prefix("google.protobuf.") {
            Some("Any") => Form::Any,
            Some("Duration") => Form::Duration,
            Some("FieldMask") => Form::FieldMask,
            Some("ListValue") => Form::ListValue,
            Some("Struct") => Form::Struct,
            Some("Timestamp") => Form::Timestamp,
            Some("Value") => Form::Value,
            Some(
                "BoolValue" | "BytesValue" | "DoubleValue" | "FloatValue" | "Int32Value"
                | "Int64Value" | "StringValue" | "UInt32Value" | "UInt64Value",
            ) => Form::Wrapper,
            _ => Form::Fields,
        }
    }
}

impl Field {
    fn new(field: &FieldDescriptor, places: &Places) -> Self {
        let packed = field.is_packed();
        let oneof = field.containing_oneof().and_then(|oneof| {
            let mut oneofs = field.parent_message().oneofs().enumerate();
            let (place, _) = oneofs.find(|(_, other)| *other == oneof)?;
            Some(place)
        });
        Field {
            number: field.number(),
            json_name: field.json_name().to_owned(),
            kind: Kind::of(field.kind(), field.is_group(), places),
            shape: match (field.is_map(), field.is_list()) {
                (true, _) => Shape::Map,
                (_, true) => Shape::List { packed },
                _ => Shape::Single,
            },
            has_presence: field.supports_presence(),
            is_extension: false,
            oneof,
        }
    }

    /// A field that proto2's `extend` adds to a message; its name in JSON is its full name in brackets.
    fn extension(field: &ExtensionDescriptor, places: &Places) -> Self {
        let packed = field.is_packed();
        Field {
            number: field.number(),
            json_name: field.json_name().to_owned(),
            kind: Kind::of(field.kind(), field.is_group(), places),
            shape: match field.is_list() {
                true => Shape::List { packed },
                false => Shape::Single,
            },
            // A message does not have all that extends it, so an empty list is none.
            has_presence: true,
            is_extension: true,
            oneof: None,
        }
    }
}

impl Kind {
    fn of(kind: prost_reflect::Kind, is_group: bool, places: &Places) -> Self {
        match kind {
            prost_reflect::Kind::Double => Kind::Double,
            prost_reflect::Kind::Float => Kind::Float,
            prost_reflect::Kind::Int32 => Kind::Int32,
            prost_reflect::Kind::Int64 => Kind::Int64,
            prost_reflect::Kind::Uint32 => Kind::Uint32,
            prost_reflect::Kind::Uint64 => Kind::Uint64,
            prost_reflect::Kind::Sint32 => Kind::Sint32,
            prost_reflect::Kind::Sint64 => Kind::Sint64,
            prost_reflect::Kind::Fixed32 => Kind::Fixed32,
            prost_reflect::Kind::Fixed64 => Kind::Fixed64,
            prost_reflect::Kind::Sfixed32 => Kind::Sfixed32,
            prost_reflect::Kind::Sfixed64 => Kind::Sfixed64,
            prost_reflect::Kind::Bool => Kind::Bool,
            prost_reflect::Kind::String => Kind::String,
            prost_reflect::Kind::Bytes => Kind::Bytes,
            prost_reflect::Kind::Enum(of) => Kind::Enum(places.enums[of.full_name()]),
            prost_reflect::Kind::Message(of) if is_group => {
                Kind::Group(places.messages[of.full_name()])
            }
            prost_reflect::Kind::Message(of) => Kind::Message(places.messages[of.full_name()]),
        }
    }
}

impl Enum {
    fn new(of: &EnumDescriptor) -> Self {
        let mut names = HashMap::new();
        for value in &of.enum_descriptor_proto().value {
            // Of several names for one number, the first is its name.
            names
                .entry(value.number())
                .or_insert_with(|| value.name().to_owned());
        }
        Enum {
            name: of.full_name().to_owned(),
            is_null: of.full_name() == "google.protobuf.NullValue",
            numbers: of
                .values()
                .map(|value| (value.name().to_owned(), value.number()))
                .collect(),
            names,
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<i32> {
        self.numbers.get(name).copied()
    }

    pub(super) fn value_name(&self, number: i32) -> Option<&str> {
        self.names.get(&number).map(String::as_str)
    }
}
