//! The inputs of protobuf's conformance tests for JSON, each under its name there. What they become is
//! checked as JSON, and the protobuf between by what the generated code of the messages makes of it.
//!
//! Most were given to all kinds of messages, some to those of proto3 only, which have the well-known types.

mod binary;
mod composite;
mod nested;
mod numbers;
mod objects;
mod scalars;
mod special;
mod times;
mod values;

use bytes::BytesMut;
use prost::Message;
use rpc_runtime::codegen::Service;
use rpc_runtime::json::{JsonOptions, Transcoder};
use rpc_runtime::{Code, rpc_service};
use rpc_tests::{conformance2, conformance3};

/// The name of a test, its input, and the JSON that is written for it.
type Read<'a> = (&'a str, &'a str, &'a str);
/// The name of a test, and its input.
type Refused<'a> = (&'a str, &'a str);

/// Nobody calls it.
struct Nobody;

#[rpc_service(unimplemented)]
impl conformance2::Conformance for Nobody {}

#[rpc_service(unimplemented)]
impl conformance3::Conformance for Nobody {}

/// One of the messages that the tests are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Syntax {
    Proto2,
    Proto3,
}

const BOTH: [Syntax; 2] = [Syntax::Proto2, Syntax::Proto3];

impl Syntax {
    fn transcoder(self, options: JsonOptions) -> Transcoder {
        let (two, three);
        let descriptor = match self {
            Syntax::Proto2 => {
                two = conformance2::ConformanceServer::new(Nobody);
                two.descriptor()
            }
            Syntax::Proto3 => {
                three = conformance3::ConformanceServer::new(Nobody);
                three.descriptor()
            }
        };
        let (_, method) = descriptor.method("All").unwrap();
        Transcoder::for_method(method, options).unwrap()
    }

    /// What the generated code reads, encoded again.
    fn encoded_again(self, protobuf: &[u8]) -> Vec<u8> {
        match self {
            Syntax::Proto2 => conformance2::All::decode(protobuf).unwrap().encode_to_vec(),
            Syntax::Proto3 => conformance3::All::decode(protobuf).unwrap().encode_to_vec(),
        }
    }

    /// The JSON of a message, or why there is none.
    fn write(self, protobuf: &[u8]) -> Result<String, rpc_runtime::Status> {
        let mut json = BytesMut::new();
        let transcoder = self.transcoder(JsonOptions::new());
        transcoder.encode_reply(protobuf, &mut json)?;
        Ok(String::from_utf8(json.to_vec()).unwrap())
    }
}

/// The message that a text is must have this JSON.
#[track_caller]
fn check(syntax: Syntax, options: JsonOptions, (name, input, expected): Read<'_>) {
    let transcoder = syntax.transcoder(options);
    let protobuf = transcoder.decode_request(input.as_bytes());
    let protobuf = protobuf.unwrap_or_else(|status| panic!("{name}, {syntax:?}: {status}"));
    check_written(syntax, name, &protobuf, expected);
    let again = transcoder.decode_request(expected.as_bytes()).unwrap();
    check_written(syntax, name, &again, expected);
}

/// An encoded message must have this JSON, also after the generated code has read it.
#[track_caller]
fn check_written(syntax: Syntax, name: &str, protobuf: &[u8], expected: &str) {
    let written = syntax.write(protobuf);
    let written = written.unwrap_or_else(|status| panic!("{name}, {syntax:?}: {status}"));
    assert_eq!(written, expected, "{name}, {syntax:?}");
    let again = syntax.write(&syntax.encoded_again(protobuf)).unwrap();
    // Its maps have no order.
    let value = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
    assert_eq!(value(&again), value(expected), "{name}, {syntax:?}");
}

#[track_caller]
fn reads(syntaxes: &[Syntax], table: &[Read<'_>]) {
    for syntax in syntaxes {
        for row in table {
            check(*syntax, JsonOptions::new(), *row);
        }
    }
}

/// Reads what has unknown parts, which the server has said to ignore.
#[track_caller]
fn ignores(table: &[Read<'_>]) {
    for syntax in BOTH {
        for row in table {
            check(syntax, JsonOptions::new().ignore_unknown_fields(true), *row);
        }
    }
}

#[track_caller]
fn refuses(syntaxes: &[Syntax], table: &[Refused<'_>]) {
    for syntax in syntaxes {
        for (name, input) in table {
            let read = syntax.transcoder(JsonOptions::new());
            match read.decode_request(input.as_bytes()) {
                Ok(_) => panic!("{name}, {syntax:?}: it is accepted"),
                Err(status) => assert_eq!(status.code(), Code::InvalidArgument, "{name}: {status}"),
            }
        }
    }
}

/// Messages of proto3 that JSON cannot have.
#[track_caller]
fn has_no_json(table: &[(&str, conformance3::All)]) {
    for (name, message) in table {
        let status = Syntax::Proto3.write(&message.encode_to_vec()).unwrap_err();
        assert_eq!(status.code(), Code::Internal, "{name}: {status}");
    }
}
