//! Messages that are strings in JSON.

use std::fmt;

use prost::encoding::WireType;
use serde::de::{Error, Unexpected, Visitor};

use super::Decoder;
use crate::json::schema::Form;
use crate::json::time;

/// Reads a duration, a timestamp or a field mask, and writes its fields.
pub(super) struct TextVisitor<'a, 's> {
    pub(super) decoder: &'a mut Decoder<'s>,
    pub(super) form: Form,
}

impl TextVisitor<'_, '_> {
    /// Durations and timestamps have the same two fields.
    fn seconds_and_nanos(&mut self, seconds: i64, nanos: i32) {
        let output = &mut self.decoder.output;
        for (number, value) in [(1, seconds), (2, i64::from(nanos))] {
            if value != 0 {
                output.key(number, WireType::Varint);
                output.varint(value as u64);
            }
        }
    }

    /// Paths with commas between them, each `inCamelCase.of.names`.
    fn paths(&mut self, text: &str) -> Option<()> {
        let output = &mut self.decoder.output;
        for path in text.split(',').filter(|path| !path.is_empty()) {
            let mut snake = String::with_capacity(path.len());
            for letter in path.chars() {
                match letter {
                    '_' => return None,
                    'A'..='Z' => snake.extend(['_', letter.to_ascii_lowercase()]),
                    _ => snake.push(letter),
                }
            }
            output.key(1, WireType::LengthDelimited);
            output.delimited(snake.as_bytes());
        }
        Some(())
    }
}

impl Visitor<'_> for TextVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.form {
            Form::Duration => "a duration such as \"1.5s\", of up to 10,000 years",
            Form::Timestamp => {
                "a time such as \"2030-01-31T08:30:00.25Z\" from the years 1 to 9999"
            }
            _ => "names of fields such as \"user.displayName,photo\"",
        })
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        let written = match self.form {
            Form::Duration => time::parse_duration(text)
                .map(|duration| self.seconds_and_nanos(duration.seconds, duration.nanos)),
            Form::Timestamp => time::parse_timestamp(text)
                .map(|timestamp| self.seconds_and_nanos(timestamp.seconds, timestamp.nanos)),
            _ => self.paths(text),
        };
        written.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}
