//! JSON of any form: `google.protobuf.Value`, `Struct` and `ListValue`.

use std::collections::HashSet;
use std::fmt;

use prost::encoding::WireType;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::Decoder;

/// The fields of `google.protobuf.Value`.
const NULL_VALUE: u32 = 1;
const NUMBER_VALUE: u32 = 2;
const STRING_VALUE: u32 = 3;
const BOOL_VALUE: u32 = 4;
const STRUCT_VALUE: u32 = 5;
const LIST_VALUE: u32 = 6;

/// Reads any value.
pub(super) struct ValueVisitor<'a, 's> {
    pub(super) decoder: &'a mut Decoder<'s>,
}

impl<'de> DeserializeSeed<'de> for ValueVisitor<'_, '_> {
    type Value = ();

    /// Reads it into a field of its own.
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.decoder.enter(1)?;
        let decoder = &mut *self.decoder;
        deserializer.deserialize_any(ValueVisitor { decoder })?;
        self.decoder.leave(1);
        Ok(())
    }
}

impl<'de> Visitor<'de> for ValueVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.decoder.output.key(NULL_VALUE, WireType::Varint);
        self.decoder.output.varint(0);
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.decoder.output.key(BOOL_VALUE, WireType::Varint);
        self.decoder.output.varint(value.into());
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.decoder
            .output
            .key(NUMBER_VALUE, WireType::SixtyFourBit);
        self.decoder.output.fixed64(value.to_bits());
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.visit_f64(value as f64)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.visit_f64(value as f64)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.decoder
            .output
            .key(STRING_VALUE, WireType::LengthDelimited);
        self.decoder.output.delimited(value.as_bytes());
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        let length = self.decoder.output.open(LIST_VALUE);
        let decoder = &mut *self.decoder;
        ListValueVisitor { decoder }.visit_seq(list)?;
        self.decoder.output.close(length);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let length = self.decoder.output.open(STRUCT_VALUE);
        let decoder = &mut *self.decoder;
        StructVisitor { decoder }.visit_map(map)?;
        self.decoder.output.close(length);
        Ok(())
    }
}

/// Reads a list of any values.
pub(super) struct ListValueVisitor<'a, 's> {
    pub(super) decoder: &'a mut Decoder<'s>,
}

impl<'de> Visitor<'de> for ListValueVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let decoder = self.decoder;
        decoder.enter(1)?;
        for index in 0.. {
            let start = decoder.output.len();
            // The field `values`.
            let length = decoder.output.open(1);
            let value = list.next_element_seed(ValueVisitor {
                decoder: &mut *decoder,
            });
            let value = value.map_err(|error| decoder.at(error, || format!("[{index}]")));
            if value?.is_none() {
                decoder.output.truncate(start);
                break;
            }
            decoder.output.close(length);
        }
        decoder.leave(1);
        Ok(())
    }
}

/// Reads an object of any values.
pub(super) struct StructVisitor<'a, 's> {
    pub(super) decoder: &'a mut Decoder<'s>,
}

impl<'de> Visitor<'de> for StructVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let decoder = self.decoder;
        // The message, and the entry around each value.
        decoder.enter(2)?;
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            // The field `fields`, a map.
            let entry = decoder.output.open(1);
            decoder.output.key(1, WireType::LengthDelimited);
            decoder.output.delimited(key.as_bytes());
            let length = decoder.output.open(2);
            let value = map.next_value_seed(ValueVisitor {
                decoder: &mut *decoder,
            });
            value.map_err(|error| decoder.at(error, || format!("[{key:?}]")))?;
            decoder.output.close(length);
            decoder.output.close(entry);
            if let Some(key) = keys.replace(key) {
                return Err(A::Error::custom(format_args!(
                    "the key {key:?} is given twice"
                )));
            }
        }
        decoder.leave(2);
        Ok(())
    }
}
