//! Feature sets, and how elements inherit them.

use prost::encoding::{self, DecodeContext, WireType};
use prost::{DecodeError, Enumeration, Message};

/// The field number of `features` in the options of each kind of element.
pub(super) mod number {
    pub(in super::super) const FILE_OPTIONS: u32 = 50;
    pub(in super::super) const MESSAGE_OPTIONS: u32 = 12;
    pub(in super::super) const FIELD_OPTIONS: u32 = 21;
    pub(in super::super) const ONEOF_OPTIONS: u32 = 1;
    pub(in super::super) const ENUM_OPTIONS: u32 = 7;
    pub(in super::super) const ENUM_VALUE_OPTIONS: u32 = 2;
}

/// `google.protobuf.FeatureSet` without what has no effect here: `utf8_validation`, because a Rust
/// `String` is always UTF-8, what protoc alone checks, such as naming styles, and the features of
/// other languages.
#[derive(Clone, PartialEq, Message)]
pub(super) struct FeatureSet {
    #[prost(enumeration = "FieldPresence", optional, tag = "1")]
    field_presence: Option<i32>,
    #[prost(enumeration = "EnumKind", optional, tag = "2")]
    enum_type: Option<i32>,
    #[prost(enumeration = "RepeatedFieldEncoding", optional, tag = "3")]
    repeated_field_encoding: Option<i32>,
    #[prost(enumeration = "MessageEncoding", optional, tag = "5")]
    message_encoding: Option<i32>,
    #[prost(enumeration = "JsonFormat", optional, tag = "6")]
    json_format: Option<i32>,
}

/// Whether a field that is not set differs from one that has its default value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enumeration)]
pub(super) enum FieldPresence {
    Unknown = 0,
    Explicit = 1,
    Implicit = 2,
    LegacyRequired = 3,
}

/// Whether an enum takes numbers that it has no value for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enumeration)]
pub(super) enum EnumKind {
    Unknown = 0,
    Open = 1,
    Closed = 2,
}

/// Whether the numbers of a repeated field share one tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enumeration)]
pub(super) enum RepeatedFieldEncoding {
    Unknown = 0,
    Packed = 1,
    Expanded = 2,
}

/// Whether a message in a field stands behind its length, or between two tags as groups do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enumeration)]
pub(super) enum MessageEncoding {
    Unknown = 0,
    LengthPrefixed = 1,
    Delimited = 2,
}

/// Whether the names in JSON are known to be distinct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enumeration)]
pub(super) enum JsonFormat {
    Unknown = 0,
    Allow = 1,
    LegacyBestEffort = 2,
}

impl FeatureSet {
    /// What a file has that sets nothing, if `edition` is known. Edition 2024 changed no default that
    /// has an effect here.
    pub(super) fn of_edition(edition: i32) -> Option<Self> {
        const EDITION_2023: i32 = 1000;
        const EDITION_2024: i32 = 1001;
        matches!(edition, EDITION_2023 | EDITION_2024).then_some(Self {
            field_presence: Some(FieldPresence::Explicit.into()),
            enum_type: Some(EnumKind::Open.into()),
            repeated_field_encoding: Some(RepeatedFieldEncoding::Packed.into()),
            message_encoding: Some(MessageEncoding::LengthPrefixed.into()),
            json_format: Some(JsonFormat::Allow.into()),
        })
    }

    /// The features of an element inside of the one that these are of. They are taken out of its
    /// encoded `options`, where their field has this `number`: older syntaxes allow none.
    ///
    /// # Errors
    ///
    /// If `options` are not a message.
    pub(super) fn inherited(
        &self,
        options: &mut Option<Vec<u8>>,
        number: u32,
    ) -> Result<Self, DecodeError> {
        let mut features = self.clone();
        let Some(encoded) = options.as_mut() else {
            return Ok(features);
        };
        let mut others = Vec::with_capacity(encoded.len());
        let mut rest = &encoded[..];
        while !rest.is_empty() {
            let field = rest;
            let (found, wire_type) = encoding::decode_key(&mut rest)?;
            let context = DecodeContext::default();
            if found == number && wire_type == WireType::LengthDelimited {
                // Merging replaces exactly what is set.
                encoding::message::merge(wire_type, &mut features, &mut rest, context)?;
            } else {
                encoding::skip_field(wire_type, found, &mut rest, context)?;
                others.extend_from_slice(&field[..field.len() - rest.len()]);
            }
        }
        *encoded = others;
        Ok(features)
    }
}
