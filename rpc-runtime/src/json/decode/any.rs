//! `google.protobuf.Any`: messages of a type that they name.

use std::fmt;

use prost::encoding::WireType;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::Deserializer;
use serde_json::value::RawValue;

use super::Decoder;
use super::fields::Fields;
use super::value::MessageSeed;
use crate::json::schema::{Form, Message};

/// The key of the type's URL.
const TYPE: &str = "@type";
/// The one message without fields whose JSON may be either that of its fields or behind a key.
const EMPTY: &str = "google.protobuf.Empty";
/// The key of a message that is no object of its fields.
const VALUE: &str = "value";

/// Reads an object with the type of a message among its fields.
pub(super) struct AnyVisitor<'a, 's> {
    pub(super) decoder: &'a mut Decoder<'s>,
}

impl<'de> Visitor<'de> for AnyVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the key {TYPE:?}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let decoder = self.decoder;
        let mut kept = Vec::new();
        let url = loop {
            match map.next_key::<String>()? {
                Some(key) if key == TYPE => break map.next_value::<String>()?,
                Some(key) => {
                    let value: &'de RawValue = map.next_value()?;
                    keep(decoder, value)?;
                    kept.push((key, value.get()));
                }
                None if kept.is_empty() => return Ok(()),
                None => {
                    return Err(A::Error::custom(format_args!(
                        "the key {TYPE:?} is missing"
                    )));
                }
            }
        };
        let message = find(decoder, &url)?;
        decoder.output.key(1, WireType::LengthDelimited);
        decoder.output.delimited(url.as_bytes());
        let length = decoder.output.open(2);
        match message.form {
            Form::Fields if message.name != EMPTY => {
                decoder.enter(1)?;
                let mut fields = Fields::new(&mut *decoder, message);
                for (key, value) in kept {
                    let value = &mut Deserializer::from_str(value);
                    fields.read_one(&key, value).map_err(without_place)?;
                }
                fields.read(map)?;
                decoder.leave(1);
            }
            _ => Inner::new(&mut *decoder, message).read(kept, map)?,
        }
        decoder.output.close(length);
        Ok(())
    }
}

/// Keeps a value until the type is known.
fn keep<E: Error>(decoder: &mut Decoder<'_>, value: &RawValue) -> Result<(), E> {
    match decoder.may_keep.checked_sub(value.get().len()) {
        Some(rest) => {
            decoder.may_keep = rest;
            Ok(())
        }
        None => Err(decoder.exceed(format!(
            "too much stands before the types of nested messages; {TYPE:?} should be the first key"
        ))),
    }
}

/// Finds the message that a URL such as `type.googleapis.com/helloworld.HelloRequest` names.
fn find<'s, E: Error>(decoder: &Decoder<'s>, url: &str) -> Result<&'s Message, E> {
    let Some((_, name)) = url.rsplit_once('/') else {
        return Err(E::custom(format_args!(
            "{TYPE:?} is {url:?}, which has no slash before the name of the type"
        )));
    };
    decoder.schema.message(name).ok_or_else(|| {
        E::custom(format_args!(
            "the type {name:?} is not known: it is in none of the .proto files that the method's imports"
        ))
    })
}

/// Leaves out where an error is within a part of the JSON.
fn without_place<E: Error>(error: serde_json::Error) -> E {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = error.to_string();
    E::custom(message.strip_suffix(&place).unwrap_or(&message))
}

/// A message that is no object of its fields, and so stands behind a key.
struct Inner<'a, 's> {
    decoder: &'a mut Decoder<'s>,
    message: &'s Message,
    is_given: bool,
}

impl<'a, 's> Inner<'a, 's> {
    fn new(decoder: &'a mut Decoder<'s>, message: &'s Message) -> Self {
        Inner {
            decoder,
            message,
            is_given: false,
        }
    }

    /// Reads what was kept, and the rest of the object.
    fn read<'de, A: MapAccess<'de>>(
        mut self,
        kept: Vec<(String, &'de str)>,
        mut map: A,
    ) -> Result<(), A::Error> {
        for (key, json) in kept {
            if self.is_value(&key)? {
                let seed = self.seed();
                let read = seed.deserialize(&mut Deserializer::from_str(json));
                self.note(read.map_err(without_place))?;
            }
        }
        while let Some(key) = map.next_key::<String>()? {
            match self.is_value(&key)? {
                true => {
                    let read = map.next_value_seed(self.seed());
                    self.note(read)?;
                }
                false => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        // Some write the object without fields as one of its fields.
        match self.is_given || self.message.name == EMPTY {
            true => Ok(()),
            false => Err(A::Error::custom(format_args!(
                "the key {VALUE:?} is missing"
            ))),
        }
    }

    fn seed(&mut self) -> MessageSeed<'_, 's> {
        MessageSeed {
            decoder: &mut *self.decoder,
            message: self.message,
        }
    }

    fn note<E: Error>(&mut self, read: Result<(), E>) -> Result<(), E> {
        read.map_err(|error| self.decoder.at(error, || VALUE.to_owned()))
    }

    /// Whether this is the message's key, and not one to ignore.
    fn is_value<E: Error>(&mut self, key: &str) -> Result<bool, E> {
        match key {
            VALUE if !self.is_given => {
                self.is_given = true;
                Ok(true)
            }
            VALUE | TYPE => Err(E::custom(format_args!("the key {key:?} is given twice"))),
            _ if self.decoder.options.ignore_unknown_fields => Ok(false),
            _ => Err(E::custom(format_args!(
                "beside {TYPE:?}, {} has only the key {VALUE:?} here",
                self.message.name
            ))),
        }
    }
}
