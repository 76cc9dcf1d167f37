//! Messages that are objects of their fields.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::Decoder;
use super::given::Given;
use super::value::FieldSeed;
use crate::json::schema::{Field, Message};
use crate::shown::shown;

/// Reads an object of the fields of a message.
pub(super) struct FieldsVisitor<'a, 's> {
    pub(super) decoder: &'a mut Decoder<'s>,
    pub(super) message: &'s Message,
}

impl<'de> Visitor<'de> for FieldsVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the fields of {}", self.message.name)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        Fields::new(self.decoder, self.message).read(map)
    }
}

/// The fields of one message, while they are read.
pub(super) struct Fields<'a, 's> {
    decoder: &'a mut Decoder<'s>,
    message: &'s Message,
    given: Given,
}

impl<'a, 's> Fields<'a, 's> {
    pub(super) fn new(decoder: &'a mut Decoder<'s>, message: &'s Message) -> Self {
        Fields {
            decoder,
            message,
            given: Given::default(),
        }
    }

    /// Reads the rest of an object.
    pub(super) fn read<'de, A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(field) = map.next_key_seed(NameSeed(&mut self))? {
            let Some(field) = field else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let seed = FieldSeed {
                decoder: &mut *self.decoder,
                field,
            };
            let has_value = map.next_value_seed(seed);
            self.note(field, has_value)?;
        }
        Ok(())
    }

    /// Reads the value of one field.
    pub(super) fn read_one<'de, D: Deserializer<'de>>(
        &mut self,
        name: &str,
        value: D,
    ) -> Result<(), D::Error> {
        let Some(field) = self.find(name)? else {
            return Ok(());
        };
        let seed = FieldSeed {
            decoder: &mut *self.decoder,
            field,
        };
        let has_value = seed.deserialize(value);
        self.note(field, has_value)
    }

    /// Finds the field that JSON calls `name`, and nothing for one to ignore.
    fn find<E: Error>(&mut self, name: &str) -> Result<Option<&'s Field>, E> {
        let message = self.message;
        if let Some(place) = message.field(name) {
            return self
                .given
                .name(message, place)
                .map(|()| Some(&message.fields[place]));
        }
        if self.decoder.options.ignore_unknown_fields {
            return Ok(None);
        }
        let shown = shown(name);
        let meant = message.nearest(&shown);
        let meant = meant.map(|meant| format!("; did you mean {meant:?}?"));
        Err(E::custom(format_args!(
            "{} has no field {shown:?}{}",
            message.name,
            meant.unwrap_or_default()
        )))
    }

    fn note<E: Error>(&mut self, field: &Field, has_value: Result<bool, E>) -> Result<(), E> {
        let noted = has_value.and_then(|has_value| self.given.value(field, has_value));
        noted.map_err(|error| self.decoder.at(error, || field.json_name.clone()))
    }
}

/// Finds the field that a key names, without a copy of it.
struct NameSeed<'b, 'a, 's>(&'b mut Fields<'a, 's>);

impl<'de, 's> DeserializeSeed<'de> for NameSeed<'_, '_, 's> {
    type Value = Option<&'s Field>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, 's> Visitor<'de> for NameSeed<'_, '_, 's> {
    type Value = Option<&'s Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        self.0.find(name)
    }
}
