//! From protobuf to JSON. Messages are read in place: what JSON groups by field is sorted first.

mod any;
mod field;
mod message;
mod scalar;
mod text;
mod wire;

use std::cell::RefCell;
use std::io::{self, Write};

use bytes::BytesMut;
use rpc_wire::Status;
use serde::Serialize;

use super::schema::{Message, Schema};
use super::{JsonOptions, MAX_NESTING};
use message::MessageJson;

/// Appends a message to `json`.
///
/// # Errors
///
/// INTERNAL if the bytes are no such message, or if it has no JSON; RESOURCE_EXHAUSTED if that is too
/// large. Nothing is appended then.
pub(super) fn message(
    schema: &Schema,
    message: &Message,
    options: JsonOptions,
    protobuf: &[u8],
    json: &mut BytesMut,
) -> Result<(), Status> {
    let start = json.len();
    let encoder = Encoder {
        schema,
        options,
        path: RefCell::default(),
    };
    let mut limited = Limited {
        json: &mut *json,
        left: options.max_json_size,
        is_exceeded: false,
    };
    let root = MessageJson {
        encoder: &encoder,
        message,
        bytes: protobuf,
        depth: 1,
    };
    let written = root.serialize(&mut serde_json::Serializer::new(&mut limited));
    let is_exceeded = limited.is_exceeded;
    written.map_err(|error| {
        json.truncate(start);
        let name = &message.name;
        if is_exceeded {
            let limit = options.max_json_size;
            return Status::resource_exhausted(format!(
                "the JSON of {name} is over the limit max_queued_replies of {limit} bytes"
            ));
        }
        let place = encoder.place();
        Status::internal(format!("{name} has no JSON{place}: {error}"))
    })
}

/// What is known while a message is encoded.
struct Encoder<'s> {
    schema: &'s Schema,
    options: JsonOptions,
    /// The fields with the error, from the inside out.
    path: RefCell<Vec<String>>,
}

impl Encoder<'_> {
    /// Says in which field an error is.
    fn at<E>(&self, error: E, field: &str) -> E {
        self.path.borrow_mut().push(field.to_owned());
        error
    }

    /// The field with the error, if it is in one.
    fn place(&self) -> String {
        let path = self.path.borrow();
        if path.is_empty() {
            return String::new();
        }
        let names: Vec<_> = path.iter().rev().map(String::as_str).collect();
        format!(", field {}", names.join("."))
    }
}

/// Takes so many bytes of JSON.
struct Limited<'a> {
    json: &'a mut BytesMut,
    left: usize,
    is_exceeded: bool,
}

impl Write for Limited<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(left) = self.left.checked_sub(bytes.len()) else {
            self.is_exceeded = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        };
        self.left = left;
        self.json.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
