//! The fields of an encoded message, in place.

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use crate::json::schema::{Kind, Message};

/// A value of a field, as it is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    /// A string, bytes, a message, or many numbers.
    Bytes(&'a [u8]),
    /// A message between two tags.
    Group(&'a [u8]),
}

/// A value, and the place of its field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'a> {
    pub(super) field: usize,
    pub(super) wire: Wire<'a>,
}

impl<'a> Wire<'a> {
    /// What a field of this type has if it is not encoded.
    pub(super) fn default(kind: Kind) -> Self {
        match kind {
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => Wire::Fixed64(0),
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => Wire::Fixed32(0),
            Kind::String | Kind::Bytes | Kind::Message(_) => Wire::Bytes(&[]),
            Kind::Group(_) => Wire::Group(&[]),
            _ => Wire::Varint(0),
        }
    }

    /// Takes the next value of this wire type from `bytes`; `number` is its field's.
    fn take(wire_type: WireType, number: u32, bytes: &mut &'a [u8]) -> Result<Self, String> {
        Ok(match wire_type {
            WireType::Varint => Wire::Varint(varint(bytes)?),
            WireType::SixtyFourBit => Wire::Fixed64(u64::from_le_bytes(fixed(bytes)?)),
            WireType::ThirtyTwoBit => Wire::Fixed32(u32::from_le_bytes(fixed(bytes)?)),
            WireType::LengthDelimited => {
                let length = usize::try_from(varint(bytes)?).unwrap_or(usize::MAX);
                let (value, rest) = bytes.split_at_checked(length).ok_or_else(truncated)?;
                *bytes = rest;
                Wire::Bytes(value)
            }
            WireType::StartGroup => {
                let start = *bytes;
                loop {
                    let length = start.len() - bytes.len();
                    match key(bytes)? {
                        (end, WireType::EndGroup) if end == number => {
                            break Wire::Group(&start[..length]);
                        }
                        (number, wire_type) => skip(wire_type, number, bytes)?,
                    }
                }
            }
            WireType::EndGroup => return Err("a group ends that did not begin".to_owned()),
        })
    }

    /// The only encoding of this value: a number of 32 bits or one may come with bits that do not count.
    fn narrowed(self, kind: Kind) -> Self {
        match (kind, self) {
            (Kind::Int32 | Kind::Enum(_), Wire::Varint(value)) => Wire::Varint(value as i32 as u64),
            (Kind::Uint32 | Kind::Sint32, Wire::Varint(value)) => {
                Wire::Varint(u64::from(value as u32))
            }
            (Kind::Bool, Wire::Varint(value)) => Wire::Varint(u64::from(value != 0)),
            (_, wire) => wire,
        }
    }

    /// Takes the next of the numbers that are encoded behind one key.
    pub(super) fn take_packed(kind: Kind, bytes: &mut &'a [u8]) -> Result<Self, String> {
        let wire_type = match Wire::default(kind) {
            Wire::Varint(_) => WireType::Varint,
            Wire::Fixed64(_) => WireType::SixtyFourBit,
            Wire::Fixed32(_) => WireType::ThirtyTwoBit,
            Wire::Bytes(_) | Wire::Group(_) => return Err("it is no number".to_owned()),
        };
        Wire::take(wire_type, 0, bytes)
    }
}

/// The values of all fields that the message has, sorted by field.
pub(super) fn values<'a>(message: &Message, mut bytes: &'a [u8]) -> Result<Vec<Value<'a>>, String> {
    let mut values = Vec::new();
    while !bytes.is_empty() {
        let (number, wire_type) = key(&mut bytes)?;
        match message.numbered(number) {
            Some(field) => {
                let wire = Wire::take(wire_type, number, &mut bytes)?;
                let wire = wire.narrowed(message.fields[field].kind);
                values.push(Value { field, wire });
            }
            None => skip(wire_type, number, &mut bytes)?,
        }
    }
    let mut fields = values.iter().map(|value| &message.fields[value.field]);
    if fields.any(|field| field.oneof.is_some()) {
        keep_last_of_oneofs(message, &mut values);
    }
    if !values.is_sorted_by_key(|value| value.field) {
        values.sort_by_key(|value| value.field);
    }
    Ok(values)
}

/// A field of a oneof takes the place of another that was encoded before it.
fn keep_last_of_oneofs(message: &Message, values: &mut Vec<Value<'_>>) {
    /// The oneofs that were seen from the end: the field that counts, and whether it still does.
    struct Last {
        oneof: usize,
        field: usize,
        is_replaced: bool,
    }

    let mut seen: Vec<Last> = Vec::new();
    let mut kept = vec![true; values.len()];
    for (value, kept) in values.iter().zip(&mut kept).rev() {
        let Some(oneof) = message.fields[value.field].oneof else {
            continue;
        };
        let field = value.field;
        match seen.iter_mut().find(|last| last.oneof == oneof) {
            Some(last) => {
                last.is_replaced |= last.field != field;
                *kept = !last.is_replaced;
            }
            None => seen.push(Last {
                oneof,
                field,
                is_replaced: false,
            }),
        }
    }
    let mut kept = kept.into_iter();
    values.retain(|_| kept.next().unwrap_or(true));
}

fn key(bytes: &mut &[u8]) -> Result<(u32, WireType), String> {
    decode_key(bytes).map_err(|error| error.to_string())
}

fn varint(bytes: &mut &[u8]) -> Result<u64, String> {
    decode_varint(bytes).map_err(|error| error.to_string())
}

fn fixed<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], String> {
    let (value, rest) = bytes.split_first_chunk().ok_or_else(truncated)?;
    *bytes = rest;
    Ok(*value)
}

fn skip(wire_type: WireType, number: u32, bytes: &mut &[u8]) -> Result<(), String> {
    let skipped = skip_field(wire_type, number, bytes, DecodeContext::default());
    skipped.map_err(|error| error.to_string())
}

fn truncated() -> String {
    "the message is cut off".to_owned()
}
