//! Numbers, strings, bytes and enums.

use std::fmt;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use prost::encoding::WireType;
use serde::de::{Error, Unexpected, Visitor};
use serde_json::Number;

use super::Decoder;
use super::output::Output;
use crate::json::schema::Kind;

/// Either alphabet, with padding and without, as canonical JSON allows.
const BASE64: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64_STANDARD: GeneralPurpose = GeneralPurpose::new(&STANDARD, BASE64);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, BASE64);

/// From here on floating point has not every integer: 2^53.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// What no integer type reaches: 2^64.
const BEYOND_ALL: f64 = 18_446_744_073_709_551_616.0;

/// The integer that a number is, however JSON writes it; `None` if it is none, or far too large.
fn exact(number: &str) -> Option<i128> {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    if matches!(significant, "" | "-") {
        return Some(0);
    }
    let exponent: i32 = exponent.parse().ok()?;
    let zeros = i64::from(exponent) + (digits.len() - significant.len()) as i64;
    let zeros = u32::try_from(zeros - fraction.len() as i64).ok()?;
    let significant: i128 = significant.parse().ok()?;
    significant.checked_mul(10_i128.checked_pow(zeros)?)
}

/// How values that are no messages are encoded.
pub(super) fn wire_type(kind: Kind) -> WireType {
    match kind {
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => WireType::SixtyFourBit,
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => WireType::ThirtyTwoBit,
        Kind::String | Kind::Bytes | Kind::Message(_) => WireType::LengthDelimited,
        Kind::Group(_) => WireType::StartGroup,
        _ => WireType::Varint,
    }
}

/// Reads a value that is no message, and writes it without a key; says whether it wrote something, or
/// skipped an unknown value of an enum.
pub(super) struct ScalarVisitor<'a, 's> {
    pub(super) decoder: &'a mut Decoder<'s>,
    pub(super) kind: Kind,
}

impl ScalarVisitor<'_, '_> {
    fn integer<E: Error>(self, value: i128) -> Result<bool, E> {
        let (output, kind) = (&mut self.decoder.output, self.kind);
        let written = write_integer(output, kind, value);
        written.map(|()| true).ok_or_else(|| {
            E::custom(format_args!(
                "the number {value} is out of range for {kind:?}"
            ))
        })
    }

    fn float<E: Error>(self, value: f64) -> Result<bool, E> {
        let output = &mut self.decoder.output;
        match self.kind {
            Kind::Double => output.fixed64(value.to_bits()),
            _ => {
                let narrow = value as f32;
                if narrow.is_infinite() && value.is_finite() {
                    let error = format_args!("the number {value} is out of range for Float");
                    return Err(E::custom(error));
                }
                output.fixed32(narrow.to_bits());
            }
        }
        Ok(true)
    }

    /// A number as JSON writes it, in a string.
    fn quoted<E: Error>(self, text: &str) -> Result<bool, E> {
        let ends = [text.bytes().next(), text.bytes().last()];
        // Around a number in a file there may be spaces, around one in a string not.
        let has_spaces = ends.iter().flatten().any(u8::is_ascii_whitespace);
        let number = (!has_spaces).then(|| serde_json::from_str::<Number>(text));
        let Some(Ok(number)) = number else {
            return Err(E::invalid_value(Unexpected::Str(text), &self));
        };
        if let Some(value) = number.as_u64() {
            self.visit_u64(value)
        } else if let Some(value) = number.as_i64() {
            self.visit_i64(value)
        } else if !matches!(self.kind, Kind::Double | Kind::Float)
            && let Some(value) = exact(text)
        {
            self.integer(value)
        } else {
            self.visit_f64(number.as_f64().unwrap_or(f64::INFINITY))
        }
    }

    fn base64<E: Error>(self, text: &str) -> Result<bool, E> {
        let engine = match text.contains(['-', '_']) {
            true => BASE64_URL,
            false => BASE64_STANDARD,
        };
        let bytes = engine
            .decode(text)
            .map_err(|error| E::custom(format_args!("the string is not base64: {error}")))?;
        self.decoder.output.delimited(&bytes);
        Ok(true)
    }

    fn value_name<E: Error>(self, place: usize, name: &str) -> Result<bool, E> {
        let values = &self.decoder.schema.enums[place];
        match values.number(name) {
            Some(number) => self.integer(i128::from(number)),
            None if self.decoder.options.ignore_unknown_fields => Ok(false),
            None => Err(E::custom(format_args!(
                "{} has no value {name:?}",
                values.name
            ))),
        }
    }
}

/// Writes an integer, if it is in the range of its type.
fn write_integer(output: &mut Output, kind: Kind, value: i128) -> Option<()> {
    match kind {
        Kind::Int32 | Kind::Enum(_) => output.varint(i32::try_from(value).ok()? as u64),
        Kind::Int64 => output.varint(i64::try_from(value).ok()? as u64),
        Kind::Uint32 => output.varint(u32::try_from(value).ok()?.into()),
        Kind::Uint64 => output.varint(u64::try_from(value).ok()?),
        Kind::Sint32 => {
            let value = i32::try_from(value).ok()?;
            output.varint((((value << 1) ^ (value >> 31)) as u32).into());
        }
        Kind::Sint64 => {
            let value = i64::try_from(value).ok()?;
            output.varint(((value << 1) ^ (value >> 63)) as u64);
        }
        Kind::Fixed32 => output.fixed32(u32::try_from(value).ok()?),
        Kind::Fixed64 => output.fixed64(u64::try_from(value).ok()?),
        Kind::Sfixed32 => output.fixed32(i32::try_from(value).ok()? as u32),
        Kind::Sfixed64 => output.fixed64(i64::try_from(value).ok()? as u64),
        _ => return None,
    }
    Some(())
}

impl Visitor<'_> for ScalarVisitor<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Double | Kind::Float => f.write_str("a number, \"NaN\" or \"Infinity\""),
            Kind::Bool => f.write_str("true or false"),
            Kind::String => f.write_str("a string"),
            Kind::Bytes => f.write_str("a string in base64"),
            Kind::Enum(place) => {
                let name = &self.decoder.schema.enums[place].name;
                write!(f, "the name or number of a value of {name}")
            }
            _ => f.write_str("an integer"),
        }
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<bool, E> {
        if self.kind != Kind::Bool {
            return Err(E::invalid_type(Unexpected::Bool(value), &self));
        }
        self.decoder.output.varint(value.into());
        Ok(true)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<bool, E> {
        match self.kind {
            Kind::Double | Kind::Float => self.float(value as f64),
            Kind::Bool | Kind::String | Kind::Bytes => {
                Err(E::invalid_type(Unexpected::Unsigned(value), &self))
            }
            _ => self.integer(value.into()),
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<bool, E> {
        match self.kind {
            Kind::Double | Kind::Float => self.float(value as f64),
            Kind::Bool | Kind::String | Kind::Bytes => {
                Err(E::invalid_type(Unexpected::Signed(value), &self))
            }
            _ => self.integer(value.into()),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<bool, E> {
        match self.kind {
            Kind::Double | Kind::Float => self.float(value),
            Kind::Bool | Kind::String | Kind::Bytes => {
                Err(E::invalid_type(Unexpected::Float(value), &self))
            }
            _ if value.fract() == 0.0 && !(MAX_EXACT..BEYOND_ALL).contains(&value.abs()) => {
                self.integer(value as i128)
            }
            _ if value.fract() == 0.0 => Err(E::custom(format_args!(
                "the number {value} is out of range, or was rounded, as all from 2^53 on are that are written with a \
                 point or an exponent: write its digits, or quote it"
            ))),
            _ => Err(E::invalid_value(Unexpected::Float(value), &self)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        match (self.kind, text) {
            (Kind::String, _) => {
                self.decoder.output.delimited(text.as_bytes());
                Ok(true)
            }
            (Kind::Bytes, _) => self.base64(text),
            (Kind::Enum(place), _) => self.value_name(place, text),
            (Kind::Bool, _) => Err(E::invalid_type(Unexpected::Str(text), &self)),
            (Kind::Double | Kind::Float, "NaN") => self.float(f64::NAN),
            (Kind::Double | Kind::Float, "Infinity") => self.float(f64::INFINITY),
            (Kind::Double | Kind::Float, "-Infinity") => self.float(f64::NEG_INFINITY),
            _ => self.quoted(text),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        if !self.decoder.schema.has_null(self.kind) {
            return Err(E::invalid_type(Unexpected::Other("null"), &self));
        }
        self.decoder.output.varint(0);
        Ok(true)
    }
}
