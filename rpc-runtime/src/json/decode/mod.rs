//! From JSON to protobuf, which is written while the JSON is parsed.

mod any;
mod fields;
mod given;
mod output;
mod repeated;
mod scalar;
mod structs;
mod text;
mod value;

use rpc_wire::Status;
use serde::de::{DeserializeSeed, Error};
use serde_json::Deserializer;

use super::schema::{Message, Schema};
use super::{JsonOptions, MAX_NESTING};
use crate::shown::shown;
use given::Given;
use output::Output;
use value::{FieldSeed, MessageSeed};

/// How many times its own size of a message may be kept until the type of an `Any` is known. What is
/// kept is parsed later, so that types which come last, in many that nest, would take their time.
const MAX_KEPT: usize = 8;

/// Encodes the message that `json` is.
///
/// # Errors
///
/// INVALID_ARGUMENT if it is none, with the place; RESOURCE_EXHAUSTED if it is too large or nests too
/// deep.
pub(super) fn message(
    schema: &Schema,
    message: &Message,
    options: JsonOptions,
    json: &[u8],
) -> Result<Vec<u8>, Status> {
    let mut decoder = Decoder::new(schema, message, options, json.len())?;
    let text = std::str::from_utf8(json).map_err(|error| {
        let (name, valid) = (&message.name, error.valid_up_to());
        Status::invalid_argument(format!(
            "the JSON of {name} is not UTF-8 behind byte {valid}"
        ))
    })?;
    let mut json = Deserializer::from_str(text);
    let seed = MessageSeed {
        decoder: &mut decoder,
        message,
    };
    let parsed = seed.deserialize(&mut json).and_then(|()| json.end());
    decoder.finish(parsed)
}

/// Encodes the message whose fields have these values, by number.
///
/// # Errors
///
/// As [`message`].
pub(super) fn positional(
    schema: &Schema,
    message: &Message,
    options: JsonOptions,
    values: &[&str],
) -> Result<Vec<u8>, Status> {
    let fields = || message.fields.iter().filter(|field| !field.is_extension);
    let (given, all) = (values.len(), fields().count());
    if given > all {
        let name = &message.name;
        let error = format!("there are {given} values, and {name} has {all} fields");
        return Err(Status::invalid_argument(error));
    }
    let size = values.iter().map(|value| value.len()).sum();
    let mut decoder = Decoder::new(schema, message, options, size)?;
    let mut given = Given::default();
    let mut fields = fields().zip(values);
    let parsed = fields.try_for_each(|(field, value)| {
        let mut json = Deserializer::from_str(value);
        let seed = FieldSeed {
            decoder: &mut decoder,
            field,
        };
        let parsed = seed.deserialize(&mut json);
        parsed
            .and_then(|has_value| json.end().and_then(|()| given.value(field, has_value)))
            .map_err(|error| decoder.at(error, || field.json_name.clone()))
    });
    decoder.finish(parsed)
}

/// What is known while a message is decoded.
struct Decoder<'s> {
    schema: &'s Schema,
    /// The outermost message.
    message: &'s Message,
    options: JsonOptions,
    output: Output,
    /// How deep the value is that is parsed.
    depth: usize,
    /// Bytes of JSON that may still be kept.
    may_keep: usize,
    /// Which limit was hit.
    exceeded: Option<String>,
    /// Where the error is, from the inside out.
    path: Vec<String>,
}

impl<'s> Decoder<'s> {
    /// Begins with JSON of this size.
    fn new(
        schema: &'s Schema,
        message: &'s Message,
        options: JsonOptions,
        size: usize,
    ) -> Result<Self, Status> {
        let decoder = Decoder {
            schema,
            message,
            options,
            output: Output::with_capacity(size.min(options.max_message_size)),
            depth: 0,
            may_keep: size.saturating_mul(MAX_KEPT),
            exceeded: None,
            path: Vec::new(),
        };
        decoder.check_size("of JSON", size).map(|()| decoder)
    }

    fn check_size(&self, form: &str, size: usize) -> Result<(), Status> {
        let (limit, name) = (self.options.max_message_size, &self.message.name);
        if size <= limit {
            return Ok(());
        }
        Err(Status::resource_exhausted(format!(
            "{name} has {size} bytes {form}, over the limit max_message_size of {limit}"
        )))
    }

    /// Goes `levels` deeper.
    fn enter<E: Error>(&mut self, levels: usize) -> Result<(), E> {
        self.depth += levels;
        if self.depth <= MAX_NESTING {
            return Ok(());
        }
        Err(self.exceed(format!("it nests deeper than {MAX_NESTING} levels")))
    }

    fn leave(&mut self, levels: usize) {
        self.depth -= levels;
    }

    /// Fails because of a limit.
    fn exceed<E: Error>(&mut self, limit: String) -> E {
        let error = E::custom(&limit);
        self.exceeded = Some(limit);
        error
    }

    /// Says where an error is.
    fn at<E>(&mut self, error: E, place: impl FnOnce() -> String) -> E {
        self.path.push(place());
        error
    }

    /// What was encoded, or why nothing was.
    fn finish(self, parsed: serde_json::Result<()>) -> Result<Vec<u8>, Status> {
        let name = &self.message.name;
        let Err(error) = parsed else {
            let bytes = self.output.len();
            return self
                .check_size("of protobuf", bytes)
                .map(|()| self.output.into_bytes());
        };
        let place = self.place();
        let (place, error) = (shown(&place), error.to_string());
        // Serde repeats the value that it has met.
        let error = shown(&error);
        match &self.exceeded {
            Some(_) => Err(Status::resource_exhausted(format!(
                "the JSON of {name} is refused{place}: {error}"
            ))),
            None => Err(Status::invalid_argument(format!(
                "the JSON is no {name}{place}: {error}"
            ))),
        }
    }

    /// The field with the error, if it is in one.
    fn place(&self) -> String {
        let mut place = String::new();
        for segment in self.path.iter().rev() {
            let is_element = segment.starts_with('[');
            let dot = if place.is_empty() || is_element {
                ""
            } else {
                "."
            };
            place.push_str(dot);
            place.push_str(segment);
        }
        match place.is_empty() {
            true => place,
            false => format!(", field {place}"),
        }
    }
}
