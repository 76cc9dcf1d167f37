//! Messages.

use std::ops::Range;

use serde::ser::{Error, Serialize, SerializeMap, Serializer};

use super::field::FieldJson;
use super::wire::{self, Value, Wire};
use super::{Encoder, MAX_NESTING, any, text};
use crate::json::schema::{Form, Message, Shape};

/// The fields of `google.protobuf.Value` whose JSON is not just theirs.
const NULL_VALUE: u32 = 1;
const NUMBER_VALUE: u32 = 2;

/// An encoded message, in JSON.
#[derive(Clone, Copy)]
pub(super) struct MessageJson<'a> {
    pub(super) encoder: &'a Encoder<'a>,
    pub(super) message: &'a Message,
    pub(super) bytes: &'a [u8],
    /// How many messages there are around it, and itself.
    pub(super) depth: usize,
}

impl Serialize for MessageJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.depth > MAX_NESTING {
            return Err(S::Error::custom(format_args!(
                "messages nest deeper than {MAX_NESTING} levels"
            )));
        }
        let values = wire::values(self.message, self.bytes).map_err(S::Error::custom)?;
        match self.message.form {
            Form::Fields => {
                let mut map = serializer.serialize_map(None)?;
                self.fields(&values, &mut map)?;
                map.end()
            }
            Form::Any => any::serialize(self, &values, serializer),
            // They are the JSON of their only field.
            Form::Wrapper | Form::Struct | Form::ListValue => {
                self.field(0, &values).serialize(serializer)
            }
            Form::Value => self.value(&values, serializer),
            Form::Duration | Form::FieldMask | Form::Timestamp => {
                let text = text::of(self.message.form, &values).map_err(S::Error::custom)?;
                serializer.serialize_str(&text)
            }
        }
    }
}

impl<'a> MessageJson<'a> {
    /// Adds the fields to an object.
    pub(super) fn fields<M: SerializeMap>(
        &self,
        values: &[Value<'a>],
        map: &mut M,
    ) -> Result<(), M::Error> {
        let mut next = 0;
        for values in values.chunk_by(|one, other| one.field == other.field) {
            let place = values[0].field;
            self.defaults(next..place, map)?;
            next = place + 1;
            let field = &self.message.fields[place];
            let is_single = field.shape == Shape::Single;
            let is_none = is_single
                && !field.has_presence
                && values[values.len() - 1].wire == Wire::default(field.kind);
            match is_none {
                true => self.defaults(place..next, map)?,
                false => self.entry(place, values, map)?,
            }
        }
        self.defaults(next..self.message.fields.len(), map)
    }

    /// Adds fields that have no value, if that is asked for.
    fn defaults<M: SerializeMap>(&self, places: Range<usize>, map: &mut M) -> Result<(), M::Error> {
        if !self.encoder.options.emit_defaults {
            return Ok(());
        }
        for place in places {
            if !self.message.fields[place].has_presence {
                self.entry(place, &[], map)?;
            }
        }
        Ok(())
    }

    fn entry<M: SerializeMap>(
        &self,
        place: usize,
        values: &[Value<'a>],
        map: &mut M,
    ) -> Result<(), M::Error> {
        let name = &self.message.fields[place].json_name;
        map.serialize_entry(name, &self.field(place, values))
            .map_err(|error| self.encoder.at(error, name))
    }

    fn field<'v>(&self, place: usize, values: &'v [Value<'v>]) -> FieldJson<'v>
    where
        'a: 'v,
    {
        FieldJson {
            encoder: self.encoder,
            field: &self.message.fields[place],
            values,
            depth: self.depth,
        }
    }

    /// JSON of any form.
    fn value<S: Serializer>(&self, values: &[Value<'a>], serializer: S) -> Result<S::Ok, S::Error> {
        let Some(last) = values.last() else {
            return serializer.serialize_none();
        };
        match (self.message.fields[last.field].number, last.wire) {
            (NULL_VALUE, _) => serializer.serialize_none(),
            (NUMBER_VALUE, Wire::Fixed64(bits)) if !f64::from_bits(bits).is_finite() => {
                let number = f64::from_bits(bits);
                Err(S::Error::custom(format_args!(
                    "{} is {number}, which JSON does not have",
                    self.message.name
                )))
            }
            _ => self.field(last.field, values).serialize(serializer),
        }
    }
}
