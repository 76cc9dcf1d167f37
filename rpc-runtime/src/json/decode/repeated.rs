//! Lists and maps.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::Decoder;
use super::scalar::{ScalarVisitor, wire_type};
use super::value::ValueSeed;
use crate::json::schema::{Field, Kind};

/// Reads the values of a repeated field.
pub(super) struct ListVisitor<'a, 's> {
    pub(super) decoder: &'a mut Decoder<'s>,
    pub(super) field: &'s Field,
    pub(super) packed: bool,
}

impl<'de> Visitor<'de> for ListVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let ListVisitor {
            decoder,
            field,
            packed,
        } = self;
        decoder.enter(1)?;
        let start = decoder.output.len();
        let length = packed.then(|| decoder.output.open(field.number));
        for index in 0.. {
            let element = match packed {
                true => list.next_element_seed(PackedSeed {
                    decoder: &mut *decoder,
                    kind: field.kind,
                }),
                false => list.next_element_seed(ValueSeed {
                    decoder: &mut *decoder,
                    field,
                }),
            };
            let element = element.map_err(|error| decoder.at(error, || format!("[{index}]")));
            if element?.is_none() {
                break;
            }
        }
        if let Some(length) = length {
            match decoder.output.is_empty_since(&length) {
                true => decoder.output.truncate(start),
                false => decoder.output.close(length),
            }
        }
        decoder.leave(1);
        Ok(())
    }
}

/// Reads a value of a list that has one key for all.
struct PackedSeed<'a, 's> {
    decoder: &'a mut Decoder<'s>,
    kind: Kind,
}

impl<'de> DeserializeSeed<'de> for PackedSeed<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        let PackedSeed { decoder, kind } = self;
        deserializer.deserialize_any(ScalarVisitor { decoder, kind })
    }
}

/// Reads the entries of a map.
pub(super) struct MapVisitor<'a, 's> {
    pub(super) decoder: &'a mut Decoder<'s>,
    pub(super) field: &'s Field,
}

impl<'de> Visitor<'de> for MapVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of keys and values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let MapVisitor { decoder, field } = self;
        let (Kind::Message(entry) | Kind::Group(entry)) = field.kind else {
            return Err(A::Error::custom("the map has no entries"));
        };
        let [key, value] = &decoder.schema.messages[entry].fields[..] else {
            return Err(A::Error::custom(
                "the entries of the map have no key and value",
            ));
        };
        decoder.enter(1)?;
        let mut keys = HashSet::new();
        loop {
            let start = decoder.output.len();
            let length = decoder.output.open(field.number);
            decoder.output.key(key.number, wire_type(key.kind));
            let key_start = decoder.output.len();
            let seed = KeySeed {
                decoder: &mut *decoder,
                kind: key.kind,
            };
            let Some(name) = map.next_key_seed(seed)? else {
                decoder.output.truncate(start);
                break;
            };
            if !keys.insert(decoder.output.since(key_start).to_vec()) {
                return Err(A::Error::custom(format_args!(
                    "the key {name:?} is given twice"
                )));
            }
            let seed = ValueSeed {
                decoder: &mut *decoder,
                field: value,
            };
            let written = map.next_value_seed(seed);
            match written.map_err(|error| decoder.at(error, || format!("[{name:?}]")))? {
                true => decoder.output.close(length),
                false => decoder.output.truncate(start),
            }
        }
        decoder.leave(1);
        Ok(())
    }
}

/// Reads a key of a map, which is a string in JSON whatever it stands for.
pub(super) struct KeySeed<'a, 's> {
    pub(super) decoder: &'a mut Decoder<'s>,
    pub(super) kind: Kind,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_, '_> {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl KeySeed<'_, '_> {
    fn write<E: Error>(self, key: &str) -> Result<(), E> {
        let KeySeed { decoder, kind } = self;
        let scalar = ScalarVisitor { decoder, kind };
        match (kind, key) {
            (Kind::Bool, "true") => scalar.visit_bool(true),
            (Kind::Bool, "false") => scalar.visit_bool(false),
            (_, key) => scalar.visit_str(key),
        }
        .map(drop)
    }
}

impl<'de> Visitor<'de> for KeySeed<'_, '_> {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Self::Value, E> {
        self.write(key).map(|()| Cow::Borrowed(key))
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        self.write(key).map(|()| Cow::Owned(key.to_owned()))
    }
}
