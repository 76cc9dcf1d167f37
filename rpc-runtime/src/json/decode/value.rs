//! The values of fields.

use std::fmt;

use prost::encoding::WireType;
use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

use super::Decoder;
use super::any::AnyVisitor;
use super::fields::FieldsVisitor;
use super::repeated::{ListVisitor, MapVisitor};
use super::scalar::{ScalarVisitor, wire_type};
use super::structs::{ListValueVisitor, StructVisitor, ValueVisitor};
use super::text::TextVisitor;
use crate::json::schema::{Field, Form, Kind, Message, Shape};

/// Reads all that JSON has for a field; says whether it is a value.
pub(super) struct FieldSeed<'a, 's> {
    pub(super) decoder: &'a mut Decoder<'s>,
    pub(super) field: &'s Field,
}

impl<'de> DeserializeSeed<'de> for FieldSeed<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for FieldSeed<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E: Error>(self) -> Result<bool, E> {
        let FieldSeed { decoder, field } = self;
        let has_null = field.shape == Shape::Single && decoder.schema.has_null(field.kind);
        if has_null {
            // A value that is null; in both of its types that is a number 0.
            match field.kind {
                Kind::Message(_) => {
                    let length = decoder.output.open(field.number);
                    ValueVisitor { decoder }.visit_unit::<E>()?;
                    decoder.output.close(length);
                }
                _ => {
                    decoder.output.key(field.number, WireType::Varint);
                    decoder.output.varint(0);
                }
            }
        }
        Ok(has_null)
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        let FieldSeed { decoder, field } = self;
        match field.shape {
            Shape::Single => ValueSeed { decoder, field }.deserialize(deserializer),
            Shape::List { packed } => {
                deserializer.deserialize_seq(ListVisitor {
                    decoder,
                    field,
                    packed,
                })?;
                Ok(true)
            }
            Shape::Map => {
                deserializer.deserialize_map(MapVisitor { decoder, field })?;
                Ok(true)
            }
        }
    }
}

/// Reads one value of a field, and writes it behind the field's key; says whether it wrote something, or
/// skipped an unknown value of an enum.
pub(super) struct ValueSeed<'a, 's> {
    pub(super) decoder: &'a mut Decoder<'s>,
    pub(super) field: &'s Field,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        let ValueSeed { decoder, field } = self;
        match field.kind {
            Kind::Message(place) => {
                let message = &decoder.schema.messages[place];
                let length = decoder.output.open(field.number);
                let seed = MessageSeed {
                    decoder: &mut *decoder,
                    message,
                };
                seed.deserialize(deserializer)?;
                decoder.output.close(length);
                Ok(true)
            }
            Kind::Group(place) => {
                let message = &decoder.schema.messages[place];
                decoder.output.key(field.number, WireType::StartGroup);
                let seed = MessageSeed {
                    decoder: &mut *decoder,
                    message,
                };
                seed.deserialize(deserializer)?;
                decoder.output.key(field.number, WireType::EndGroup);
                Ok(true)
            }
            kind => {
                let start = decoder.output.len();
                decoder.output.key(field.number, wire_type(kind));
                let value = decoder.output.len();
                let visitor = ScalarVisitor {
                    decoder: &mut *decoder,
                    kind,
                };
                let is_written = deserializer.deserialize_any(visitor)?;
                // Every default value is encoded as zeros, and nothing else is.
                let is_default = decoder.output.since(value).iter().all(|byte| *byte == 0);
                let is_optional = field.shape == Shape::Single && !field.has_presence;
                if !is_written || (is_default && is_optional) {
                    decoder.output.truncate(start);
                }
                Ok(is_written)
            }
        }
    }
}

/// Reads a message, and writes its fields.
pub(super) struct MessageSeed<'a, 's> {
    pub(super) decoder: &'a mut Decoder<'s>,
    pub(super) message: &'s Message,
}

impl<'de> DeserializeSeed<'de> for MessageSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let MessageSeed { decoder, message } = self;
        decoder.enter(1)?;
        let inner = &mut *decoder;
        match message.form {
            Form::Fields => deserializer.deserialize_map(FieldsVisitor {
                decoder: inner,
                message,
            }),
            Form::Any => deserializer.deserialize_map(AnyVisitor { decoder: inner }),
            Form::Struct => deserializer.deserialize_map(StructVisitor { decoder: inner }),
            Form::ListValue => deserializer.deserialize_seq(ListValueVisitor { decoder: inner }),
            Form::Value => deserializer.deserialize_any(ValueVisitor { decoder: inner }),
            Form::Wrapper => {
                let field = &message.fields[0];
                ValueSeed {
                    decoder: inner,
                    field,
                }
                .deserialize(deserializer)
                .map(drop)
            }
            Form::Duration | Form::FieldMask | Form::Timestamp => {
                let form = message.form;
                deserializer.deserialize_str(TextVisitor {
                    decoder: inner,
                    form,
                })
            }
        }?;
        decoder.leave(1);
        Ok(())
    }
}
