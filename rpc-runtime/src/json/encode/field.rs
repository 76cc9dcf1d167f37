//! Fields.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::ser::{Error, Serialize, SerializeMap, SerializeSeq, Serializer};

use super::Encoder;
use super::message::MessageJson;
use super::scalar::ScalarJson;
use super::wire::{self, Value, Wire};
use crate::json::schema::{Field, Kind, Shape};

/// All values of a field, in JSON.
#[derive(Clone, Copy)]
pub(super) struct FieldJson<'a> {
    pub(super) encoder: &'a Encoder<'a>,
    pub(super) field: &'a Field,
    pub(super) values: &'a [Value<'a>],
    /// That of its message.
    pub(super) depth: usize,
}

impl Serialize for FieldJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.field.shape {
            Shape::Single => self.single(serializer),
            Shape::List { .. } => self.list(serializer),
            Shape::Map => self.map(serializer),
        }
    }
}

impl FieldJson<'_> {
    fn single<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let last = self.values.last().map(|value| value.wire);
        let last = last.unwrap_or_else(|| Wire::default(self.field.kind));
        if !matches!(self.field.kind, Kind::Message(_) | Kind::Group(_)) {
            return self.one(last).serialize(serializer);
        }
        // A message in parts is what its parts are when they follow each other.
        let mut parts = self.values.iter().map(|value| match value.wire {
            Wire::Bytes(bytes) | Wire::Group(bytes) => bytes,
            _ => &[],
        });
        let whole = match self.values.len() {
            0 | 1 => Cow::Borrowed(parts.next_back().unwrap_or_default()),
            _ => Cow::Owned(parts.collect::<Vec<_>>().concat()),
        };
        let wire = match last {
            Wire::Group(_) => Wire::Group(&whole),
            Wire::Bytes(_) => Wire::Bytes(&whole),
            number => number,
        };
        self.one(wire).serialize(serializer)
    }

    fn list<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for value in self.values {
            match (value.wire, Wire::default(self.field.kind)) {
                (
                    Wire::Bytes(mut packed),
                    Wire::Varint(_) | Wire::Fixed32(_) | Wire::Fixed64(_),
                ) => {
                    while !packed.is_empty() {
                        let number = Wire::take_packed(self.field.kind, &mut packed);
                        let number = number.map_err(S::Error::custom)?;
                        list.serialize_element(&self.one(number))?;
                    }
                }
                (wire, _) => list.serialize_element(&self.one(wire))?,
            }
        }
        list.end()
    }

    fn map<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (Kind::Message(entry) | Kind::Group(entry)) = self.field.kind else {
            return Err(S::Error::custom("the map has no entries"));
        };
        let entry = &self.encoder.schema.messages[entry];
        let [key_field, value_field] = &entry.fields[..] else {
            return Err(S::Error::custom(
                "the entries of the map have no key and value",
            ));
        };
        let mut entries = Vec::with_capacity(self.values.len());
        for value in self.values {
            let (Wire::Bytes(bytes) | Wire::Group(bytes)) = value.wire else {
                return Err(S::Error::custom("an entry of the map is a number"));
            };
            let values = wire::values(entry, bytes).map_err(S::Error::custom)?;
            let split = values.partition_point(|value| value.field == 0);
            let key = values[..split].last().map(|value| value.wire);
            let key = key.unwrap_or_else(|| Wire::default(key_field.kind));
            entries.push((key, values, split));
        }
        // Of several entries with one key, the last counts.
        let last = entries
            .iter()
            .enumerate()
            .map(|(place, (key, ..))| (*key, place));
        let last: HashMap<_, _> = last.collect();
        let mut map = serializer.serialize_map(Some(last.len()))?;
        for (place, (key, values, split)) in entries.iter().enumerate() {
            if last.get(key) != Some(&place) {
                continue;
            }
            let key = ScalarJson {
                schema: self.encoder.schema,
                kind: key_field.kind,
                wire: *key,
            };
            let value = FieldJson {
                field: value_field,
                values: &values[*split..],
                ..*self
            };
            map.serialize_entry(&key, &value)?;
        }
        map.end()
    }

    fn one<'v>(&'v self, wire: Wire<'v>) -> OneJson<'v> {
        OneJson { field: self, wire }
    }
}

/// One value of a field, in JSON.
struct OneJson<'a> {
    field: &'a FieldJson<'a>,
    wire: Wire<'a>,
}

impl Serialize for OneJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let FieldJson {
            encoder,
            field,
            depth,
            ..
        } = *self.field;
        match (field.kind, self.wire) {
            (Kind::Message(place), Wire::Bytes(bytes))
            | (Kind::Group(place), Wire::Group(bytes)) => MessageJson {
                encoder,
                message: &encoder.schema.messages[place],
                bytes,
                depth: depth + 1,
            }
            .serialize(serializer),
            (kind, wire) => {
                let schema = encoder.schema;
                ScalarJson { schema, kind, wire }.serialize(serializer)
            }
        }
    }
}
