//! Applies features to the elements of a file, as far as that is the same in proto2 and proto3.

use prost::{DecodeError, Message, encoding};
use prost_types::MessageOptions;
use prost_types::field_descriptor_proto::{Label, Type};

use super::descriptor::{EnumType, Field, File, MessageType};
use super::set::{
    EnumKind, FeatureSet, FieldPresence, JsonFormat, MessageEncoding, RepeatedFieldEncoding, number,
};
use crate::element::join;

/// The field number of `FieldOptions.packed`.
const PACKED: u32 = 2;

/// What the elements of a file need of its syntax.
#[derive(Default)]
pub(super) struct Needs {
    /// The first element that only proto2 can have.
    pub(super) proto2: Option<String>,
    /// The first element that only proto3 can have.
    pub(super) proto3: Option<String>,
    /// Whether proto2 says better what the file means, though proto3 has the same effect.
    pub(super) prefers_proto2: bool,
}

/// Applies the features of `file`, of which the edition has the features `defaults`. What is
/// `optional` is marked as it is in proto3.
///
/// # Errors
///
/// If the options of an element are not a message.
pub(super) fn resolve(file: &mut File, defaults: &FeatureSet) -> Result<Needs, DecodeError> {
    let features = defaults.inherited(&mut file.options, number::FILE_OPTIONS)?;
    let scope = file.package().to_owned();
    let mut needs = Needs::default();
    for message in &mut file.messages {
        needs.message(message, &features, &scope)?;
    }
    for each in &mut file.enums {
        needs.enum_type(each, &features, &scope)?;
    }
    for extension in &mut file.extensions {
        needs.extension(extension, &features, &scope)?;
    }
    Ok(needs)
}

impl Needs {
    fn only_proto2(&mut self, element: impl FnOnce() -> String) {
        self.proto2.get_or_insert_with(element);
    }

    fn message(
        &mut self,
        message: &mut MessageType,
        inherited: &FeatureSet,
        scope: &str,
    ) -> Result<(), DecodeError> {
        let features = inherited.inherited(&mut message.options, number::MESSAGE_OPTIONS)?;
        message.visibility = None;
        // What it is encoded as is fixed.
        if is_map_entry(message)? {
            return Ok(());
        }
        let full_name = join(scope, message.name());
        if !message.extension_ranges.is_empty() {
            self.only_proto2(|| format!("message '{full_name}' with extensions"));
        }
        self.prefers_proto2 |= features.json_format() == JsonFormat::LegacyBestEffort;
        let of_oneofs = message
            .oneofs
            .iter_mut()
            .map(|oneof| features.inherited(&mut oneof.options, number::ONEOF_OPTIONS))
            .collect::<Result<Vec<_>, _>>()?;
        let map_entries = map_entries(message, &full_name)?;
        for field in &mut message.fields {
            let oneof = field
                .oneof_index
                .and_then(|index| usize::try_from(index).ok());
            let around = oneof.and_then(|index| of_oneofs.get(index));
            let features = around
                .unwrap_or(&features)
                .inherited(&mut field.options, number::FIELD_OPTIONS)?;
            if map_entries.iter().any(|entry| entry == field.type_name()) {
                continue;
            }
            self.encoding(field, &features, &full_name);
            self.presence(field, &features, &full_name);
        }
        for nested in &mut message.nested {
            self.message(nested, &features, &full_name)?;
        }
        for each in &mut message.enums {
            self.enum_type(each, &features, &full_name)?;
        }
        for extension in &mut message.extensions {
            self.extension(extension, &features, &full_name)?;
        }
        Ok(())
    }

    fn extension(
        &mut self,
        extension: &mut Field,
        inherited: &FeatureSet,
        scope: &str,
    ) -> Result<(), DecodeError> {
        let features = inherited.inherited(&mut extension.options, number::FIELD_OPTIONS)?;
        let extendee = extension.extendee();
        // Proto3 has no other extensions than options.
        if !(extendee.starts_with(".google.protobuf.") && extendee.ends_with("Options")) {
            let name = join(scope, extension.name());
            self.only_proto2(|| {
                format!("extension '{name}' of {}", extendee.trim_start_matches('.'))
            });
        }
        self.encoding(extension, &features, scope);
        Ok(())
    }

    /// How the field is encoded.
    fn encoding(&mut self, field: &mut Field, features: &FeatureSet, scope: &str) {
        let is_delimited = features.message_encoding() == MessageEncoding::Delimited;
        if is_delimited && field.r#type() == Type::Message {
            field.set_type(Type::Group);
            let name = join(scope, field.name());
            self.only_proto2(|| format!("field '{name}' with message_encoding = DELIMITED"));
        }
        if field.label() == Label::Repeated && is_packable(field.r#type()) {
            let packed = features.repeated_field_encoding() == RepeatedFieldEncoding::Packed;
            encoding::bool::encode(PACKED, &packed, field.options.get_or_insert_default());
        }
    }

    /// Whether the field knows that it is set.
    fn presence(&mut self, field: &mut Field, features: &FeatureSet, scope: &str) {
        let name = join(scope, field.name());
        if field.default_value.is_some() {
            self.only_proto2(|| format!("field '{name}' with a default value"));
        }
        if field.label() == Label::Repeated || field.oneof_index.is_some() {
            return;
        }
        let is_message = matches!(field.r#type(), Type::Message | Type::Group);
        match features.field_presence() {
            FieldPresence::LegacyRequired => {
                field.set_label(Label::Required);
                self.only_proto2(|| {
                    format!("field '{name}' with field_presence = LEGACY_REQUIRED")
                });
            }
            // A message knows in both.
            _ if is_message => {}
            FieldPresence::Implicit => {
                let element = || format!("field '{name}' with field_presence = IMPLICIT");
                self.proto3.get_or_insert_with(element);
            }
            FieldPresence::Explicit | FieldPresence::Unknown => field.proto3_optional = Some(true),
        }
    }

    fn enum_type(
        &mut self,
        each: &mut EnumType,
        inherited: &FeatureSet,
        scope: &str,
    ) -> Result<(), DecodeError> {
        let features = inherited.inherited(&mut each.options, number::ENUM_OPTIONS)?;
        each.visibility = None;
        for value in &mut each.values {
            features.inherited(&mut value.options, number::ENUM_VALUE_OPTIONS)?;
        }
        if features.enum_type() == EnumKind::Closed {
            self.prefers_proto2 = true;
            if each.values.first().is_some_and(|value| value.number() != 0) {
                let name = join(scope, each.name());
                self.only_proto2(|| format!("enum '{name}' of which the first value is not 0"));
            }
        }
        Ok(())
    }
}

/// The full names of the messages in `message` that stand for maps, as fields refer to them.
fn map_entries(message: &MessageType, full_name: &str) -> Result<Vec<String>, DecodeError> {
    let mut entries = Vec::new();
    for nested in &message.nested {
        if is_map_entry(nested)? {
            entries.push(format!(".{full_name}.{}", nested.name()));
        }
    }
    Ok(entries)
}

fn is_map_entry(message: &MessageType) -> Result<bool, DecodeError> {
    let options = message.options.as_deref().unwrap_or_default();
    Ok(MessageOptions::decode(options)?.map_entry())
}

fn is_packable(r#type: Type) -> bool {
    !matches!(
        r#type,
        Type::String | Type::Bytes | Type::Message | Type::Group
    )
}
