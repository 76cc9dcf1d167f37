//! Descriptors with editions and features, as protoc writes them. `prost-types` has neither.

use prost::Message;
use prost::encoding::{self, WireType};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{EnumDescriptorProto, OneofDescriptorProto};

pub(crate) const EDITION_2023: i32 = 1000;
pub(crate) const EDITION_2024: i32 = 1001;

/// Features as numbers of `google.protobuf.FeatureSet` with their values.
pub(crate) const IMPLICIT: (u32, i32) = (1, 2);
pub(crate) const LEGACY_REQUIRED: (u32, i32) = (1, 3);
pub(crate) const CLOSED: (u32, i32) = (2, 2);
pub(crate) const EXPANDED: (u32, i32) = (3, 2);
pub(crate) const LENGTH_PREFIXED: (u32, i32) = (5, 1);
pub(crate) const DELIMITED: (u32, i32) = (5, 2);

/// The field numbers of `features`.
const IN_FILE_OPTIONS: u32 = 50;
const IN_FIELD_OPTIONS: u32 = 21;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Set {
    #[prost(message, repeated, tag = "1")]
    pub(crate) files: Vec<File>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct File {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) package: String,
    #[prost(message, repeated, tag = "4")]
    pub(crate) messages: Vec<MessageType>,
    #[prost(message, repeated, tag = "5")]
    pub(crate) enums: Vec<EnumDescriptorProto>,
    #[prost(bytes = "vec", tag = "8")]
    pub(crate) options: Vec<u8>,
    #[prost(string, tag = "12")]
    pub(crate) syntax: String,
    #[prost(int32, tag = "14")]
    pub(crate) edition: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct MessageType {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(message, repeated, tag = "2")]
    pub(crate) fields: Vec<Field>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) nested: Vec<MessageType>,
    #[prost(message, optional, tag = "7")]
    pub(crate) options: Option<prost_types::MessageOptions>,
    #[prost(message, repeated, tag = "8")]
    pub(crate) oneofs: Vec<OneofDescriptorProto>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Field {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(int32, tag = "3")]
    pub(crate) number: i32,
    #[prost(enumeration = "Label", optional, tag = "4")]
    pub(crate) label: Option<i32>,
    #[prost(enumeration = "Type", optional, tag = "5")]
    pub(crate) r#type: Option<i32>,
    #[prost(string, optional, tag = "6")]
    pub(crate) type_name: Option<String>,
    #[prost(string, optional, tag = "7")]
    pub(crate) default_value: Option<String>,
    #[prost(bytes = "vec", tag = "8")]
    pub(crate) options: Vec<u8>,
    #[prost(int32, optional, tag = "9")]
    pub(crate) oneof_index: Option<i32>,
}

impl Set {
    /// A set of `files`, encoded.
    pub(crate) fn encoded(files: impl Into<Vec<File>>) -> Vec<u8> {
        let files = files.into();
        Self { files }.encode_to_vec()
    }
}

impl File {
    pub(crate) fn new(package: &str, edition: i32, features: &[(u32, i32)]) -> Self {
        Self {
            name: format!("{package}.proto"),
            package: package.to_owned(),
            options: with_features(IN_FILE_OPTIONS, features),
            syntax: "editions".to_owned(),
            edition,
            ..Self::default()
        }
    }

    pub(crate) fn message(mut self, name: &str, fields: impl Into<Vec<Field>>) -> Self {
        self.messages.push(MessageType {
            name: name.to_owned(),
            fields: fields.into(),
            ..MessageType::default()
        });
        self
    }

    /// Adds a oneof to the last message.
    pub(crate) fn oneof(mut self, name: &str) -> Self {
        let message = self.messages.last_mut().unwrap();
        message.oneofs.push(OneofDescriptorProto {
            name: Some(name.to_owned()),
            options: None,
        });
        self
    }

    /// Adds the message that stands for a map of strings to messages to the last message.
    pub(crate) fn map_entry(mut self, name: &str, value: &str) -> Self {
        let message = self.messages.last_mut().unwrap();
        message.nested.push(MessageType {
            name: name.to_owned(),
            fields: vec![
                Field::new("key", 1, Type::String),
                Field::new("value", 2, Type::Message).of(value),
            ],
            options: Some(prost_types::MessageOptions {
                map_entry: Some(true),
                ..prost_types::MessageOptions::default()
            }),
            ..MessageType::default()
        });
        self
    }

    pub(crate) fn enum_type(mut self, name: &str, values: &[(&str, i32)]) -> Self {
        let value = |&(name, number): &(&str, i32)| prost_types::EnumValueDescriptorProto {
            name: Some(name.to_owned()),
            number: Some(number),
            options: None,
        };
        self.enums.push(EnumDescriptorProto {
            name: Some(name.to_owned()),
            value: values.iter().map(value).collect(),
            ..EnumDescriptorProto::default()
        });
        self
    }
}

impl Field {
    pub(crate) fn new(name: &str, number: i32, r#type: Type) -> Self {
        Self {
            name: name.to_owned(),
            number,
            label: Some(Label::Optional.into()),
            r#type: Some(r#type.into()),
            ..Self::default()
        }
    }

    pub(crate) fn of(mut self, type_name: &str) -> Self {
        self.type_name = Some(type_name.to_owned());
        self
    }

    pub(crate) fn repeated(mut self) -> Self {
        self.label = Some(Label::Repeated.into());
        self
    }

    pub(crate) fn in_oneof(mut self) -> Self {
        self.oneof_index = Some(0);
        self
    }

    pub(crate) fn with_default(mut self, value: &str) -> Self {
        self.default_value = Some(value.to_owned());
        self
    }

    pub(crate) fn feature(mut self, feature: (u32, i32)) -> Self {
        self.options
            .extend(with_features(IN_FIELD_OPTIONS, &[feature]));
        self
    }

    /// Adds an option that an extension defines.
    pub(crate) fn custom_option(mut self, number: u32, value: &str) -> Self {
        encoding::string::encode(number, &value.to_owned(), &mut self.options);
        self
    }
}

/// Options with features, encoded.
fn with_features(number: u32, features: &[(u32, i32)]) -> Vec<u8> {
    let mut set = Vec::new();
    for (feature, value) in features {
        encoding::int32::encode(*feature, value, &mut set);
    }
    let mut options = Vec::new();
    encoding::encode_key(number, WireType::LengthDelimited, &mut options);
    encoding::encode_varint(set.len() as u64, &mut options);
    options.extend(set);
    options
}
