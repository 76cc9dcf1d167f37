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
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(left) = self.left.checked_sub(bytes.len()) else {
            self.is_exceeded = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        };
        self.left = left;
        self.json.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use prost_reflect::DescriptorPool;
    use prost_types::field_descriptor_proto::{Label, Type};
    use prost_types::{
        DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    };

    use super::*;

    /// `message Text { repeated string text = 1; }`
    fn schema() -> Schema {
        let field = FieldDescriptorProto {
            name: Some("text".to_owned()),
            number: Some(1),
            r#type: Some(Type::String.into()),
            label: Some(Label::Repeated.into()),
            ..FieldDescriptorProto::default()
        };
        let message = DescriptorProto {
            name: Some("Text".to_owned()),
            field: vec![field],
            ..DescriptorProto::default()
        };
        let file = FileDescriptorProto {
            name: Some("text.proto".to_owned()),
            syntax: Some("proto3".to_owned()),
            message_type: vec![message],
            ..FileDescriptorProto::default()
        };
        let set = FileDescriptorSet { file: vec![file] };
        let pool = DescriptorPool::from_file_descriptor_set(set);
        Schema::new(&pool.expect("it is valid"))
    }

    #[test]
    fn json_over_its_limit_is_an_error_and_leaves_nothing() {
        let schema = schema();
        let text = schema.message("Text").expect("it is there");
        let protobuf = [0x0a, 1, b'a', 0x0a, 1, b'b'];
        let expected = r#"{"text":["a","b"]}"#;
        let written = |limit| {
            let options = JsonOptions::new().limits(usize::MAX, limit);
            let mut json = BytesMut::from("before");
            let written = message(&schema, text, options, &protobuf, &mut json);
            (written.map_err(|status| status.to_string()), json)
        };
        let (fits, json) = written(expected.len());
        assert_eq!(fits, Ok(()));
        assert_eq!(json, format!("before{expected}"));
        let (over, json) = written(expected.len() - 1);
        let error =
            "RESOURCE_EXHAUSTED: the JSON of Text is over the limit max_queued_replies of 17 bytes";
        assert_eq!(over, Err(error.to_owned()));
        assert_eq!(json, "before");
    }
}
