//! A field or extension, as far as changes of it matter.

use prost_reflect::prost_types::FieldOptions;
use prost_reflect::{Cardinality, ExtensionDescriptor, FieldDescriptor, FileDescriptor, Kind};

use crate::schema::{extensions, fields};

/// A field of a message or an extension of it.
pub(super) struct Field {
    pub(super) file: FileDescriptor,
    /// Where it is in the file.
    pub(super) path: Vec<i32>,
    /// The message that has it, by its full name.
    pub(super) message: String,
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) json_name: String,
    pub(super) shape: Shape,
    pub(super) kind: Kind,
    /// Key and value of a map.
    pub(super) entry: Option<(Kind, Kind)>,
    /// Whether it is a message between two tags.
    pub(super) is_group: bool,
    /// As the file has it.
    pub(super) default: Option<String>,
    pub(super) oneof: Option<String>,
    pub(super) options: FieldOptions,
}

/// How many values a field may have, and whether none is told from the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Implicit,
    Explicit,
    Required,
    Repeated,
    Map,
}

impl Shape {
    fn new(cardinality: Cardinality, is_map: bool, has_presence: bool) -> Self {
        match cardinality {
            Cardinality::Repeated if is_map => Self::Map,
            Cardinality::Repeated => Self::Repeated,
            Cardinality::Required => Self::Required,
            Cardinality::Optional if has_presence => Self::Explicit,
            Cardinality::Optional => Self::Implicit,
        }
    }

    /// Whether there is at most one value.
    pub(super) fn is_single(self) -> bool {
        !matches!(self, Self::Repeated | Self::Map)
    }

    /// What people call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Implicit => "one without presence",
            Self::Explicit => "optional",
            Self::Required => "required",
            Self::Repeated => "repeated",
            Self::Map => "a map",
        }
    }
}

impl Field {
    /// The fields and extensions of `file`.
    pub(super) fn all(file: &FileDescriptor) -> Vec<Self> {
        let fields = fields(file).into_iter().map(|field| Self::of(&field));
        let extensions = extensions(file).into_iter();
        fields
            .chain(extensions.map(|each| Self::of_extension(&each)))
            .collect()
    }

    fn of(field: &FieldDescriptor) -> Self {
        let descriptor = field.field_descriptor_proto();
        let entry = field
            .kind()
            .as_message()
            .cloned()
            .filter(|_| field.is_map());
        let oneof = field
            .containing_oneof()
            .filter(|oneof| !oneof.is_synthetic());
        Self {
            file: field.parent_file(),
            path: field.path().to_vec(),
            message: field.parent_message().full_name().to_owned(),
            number: field.number(),
            name: field.name().to_owned(),
            json_name: field.json_name().to_owned(),
            shape: Shape::new(
                field.cardinality(),
                field.is_map(),
                field.supports_presence(),
            ),
            kind: field.kind(),
            entry: entry.map(|entry| {
                let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
                (key.kind(), value.kind())
            }),
            is_group: field.is_group(),
            default: descriptor.default_value.clone(),
            oneof: oneof.map(|oneof| oneof.name().to_owned()),
            options: descriptor.options.clone().unwrap_or_default(),
        }
    }

    fn of_extension(extension: &ExtensionDescriptor) -> Self {
        let descriptor = extension.field_descriptor_proto();
        Self {
            file: extension.parent_file(),
            path: extension.path().to_vec(),
            message: extension.containing_message().full_name().to_owned(),
            number: extension.number(),
            name: extension.full_name().to_owned(),
            json_name: extension.json_name().to_owned(),
            shape: Shape::new(
                extension.cardinality(),
                false,
                extension.supports_presence(),
            ),
            kind: extension.kind(),
            entry: None,
            is_group: extension.is_group(),
            default: descriptor.default_value.clone(),
            oneof: None,
            options: descriptor.options.clone().unwrap_or_default(),
        }
    }

    /// Number and name, as messages say it.
    pub(super) fn label(&self) -> String {
        format!("field {} ({}) of {}", self.number, self.name, self.message)
    }
}
