//! Messages of a type that they name.

use prost::Message;
use rpc_runtime::json::JsonOptions;
use rpc_runtime::prost_types::Any;
use rpc_runtime::{Code, Status};
use rpc_tests::kinds::{All, Pair};

use crate::harness::{read, transcoder, transcoder_with, write, write_encoded};

fn any(name: &str, value: &impl Message) -> Any {
    Any {
        type_url: format!("type.googleapis.com/{name}"),
        value: value.encode_to_vec(),
    }
}

fn with(any: Any) -> All {
    All {
        any: Some(any),
        ..All::default()
    }
}

fn pair() -> Pair {
    Pair {
        first: 12345,
        second: "a".to_owned(),
    }
}

#[test]
fn a_message_has_its_type_among_its_fields() {
    let message = with(any("kinds.Pair", &pair()));
    let json = r#"{"any":{"@type":"type.googleapis.com/kinds.Pair","first":12345,"second":"a"}}"#;
    assert_eq!(read(json).unwrap(), message);
    assert_eq!(write(&message).unwrap(), json);
}

#[test]
fn the_type_may_stand_anywhere() {
    let message = with(any("kinds.Pair", &pair()));
    for json in [
        r#"{"any":{"first":12345,"@type":"type.googleapis.com/kinds.Pair","second":"a"}}"#,
        r#"{"any":{"first":12345,"second":"a","@type":"type.googleapis.com/kinds.Pair"}}"#,
        r#"{"any":{"first":12345,"second":"a","\u0040type":"type.googleapis.com/kinds.Pair"}}"#,
    ] {
        assert_eq!(read(json).unwrap(), message, "{json}");
    }
}

#[test]
fn messages_that_are_no_objects_of_their_fields_stand_behind_a_key() {
    for (name, value) in [
        (
            "Any",
            r#"{"@type":"type.googleapis.com/kinds.Pair","first":1}"#,
        ),
        ("BytesValue", r#""AQI=""#),
        ("Duration", r#""1.500s""#),
        ("FieldMask", r#""foo,barBaz""#),
        ("Int32Value", "12345"),
        ("Int64Value", r#""12345""#),
        ("ListValue", r#"[1.5,null]"#),
        ("Struct", r#"{"foo":1.5}"#),
        ("Timestamp", r#""1970-01-01T00:00:00Z""#),
        ("Value", r#"{"foo":1.5}"#),
        ("Value", "null"),
    ] {
        let url = format!(r#""@type":"type.googleapis.com/google.protobuf.{name}""#);
        let json = format!(r#"{{"any":{{{url},"value":{value}}}}}"#);
        let message = read(&json).unwrap();
        assert_eq!(write(&message).unwrap(), json);
        let reversed = format!(r#"{{"any":{{"value":{value},{url}}}}}"#);
        assert_eq!(read(&reversed).unwrap(), message);
    }
}

#[test]
fn the_message_without_fields_is_read_in_either_form() {
    let message = with(any("google.protobuf.Empty", &()));
    let json = r#"{"any":{"@type":"type.googleapis.com/google.protobuf.Empty"}}"#;
    let other = r#"{"any":{"@type":"type.googleapis.com/google.protobuf.Empty","value":{}}}"#;
    assert_eq!(read(json).unwrap(), message);
    assert_eq!(read(other).unwrap(), message);
    assert_eq!(write(&message).unwrap(), json);
}

#[test]
fn no_message_is_an_object_without_a_type() {
    assert_eq!(read(r#"{"any":{}}"#).unwrap(), with(Any::default()));
    assert_eq!(write(&with(Any::default())).unwrap(), r#"{"any":{}}"#);
    let root = transcoder("Anything").decode_request(b"{}").unwrap();
    assert!(root.is_empty());
    assert_eq!(write_encoded("Anything", &[]).unwrap(), "{}");
}

#[test]
fn errors_say_what_is_wrong_with_the_type() {
    for (any, error) in [
        (r#"{"first":1}"#, r#"the key "@type" is missing"#),
        (r#"{"@type":1}"#, "expected a string"),
        (r#"{"@type":"kinds.Pair"}"#, "no slash before the name"),
        (
            r#"{"@type":"a/kinds.Unknown"}"#,
            r#"the type "kinds.Unknown" is not known"#,
        ),
        (
            r#"{"@type":"a/kinds.Pair","@type":"a/kinds.Pair"}"#,
            "has no field \"@type\"",
        ),
        (
            r#"{"first":1,"@type":"a/kinds.Pair","first":1}"#,
            "the field first is given twice",
        ),
        (
            r#"{"first":"x","@type":"a/kinds.Pair"}"#,
            "field any.first: invalid value",
        ),
        (
            r#"{"@type":"a/google.protobuf.Duration"}"#,
            r#"the key "value" is missing"#,
        ),
        (
            r#"{"@type":"a/google.protobuf.Duration","x":1}"#,
            "has only the key \"value\" here",
        ),
        (
            r#"{"@type":"a/google.protobuf.Duration","value":1}"#,
            "field any.value: invalid type",
        ),
        (
            r#"{"value":1,"@type":"a/google.protobuf.Duration"}"#,
            "field any.value: invalid type",
        ),
        (
            r#"{"@type":"a/google.protobuf.Duration","value":"1s","value":"1s"}"#,
            "is given twice",
        ),
        (
            r#"{"value":"1s","@type":"a/google.protobuf.Duration","@type":"a/a"}"#,
            "is given twice",
        ),
    ] {
        let status = read(&format!(r#"{{"any":{any}}}"#)).unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().contains(error), "{any}: {status}");
    }
}

#[test]
fn unknown_keys_beside_the_type_are_skipped_where_the_server_says_so() {
    let lenient = transcoder_with("Anything", JsonOptions::new().ignore_unknown_fields(true));
    for json in [
        r#"{"x":1,"@type":"a/kinds.Pair","y":{}}"#,
        r#"{"x":1,"@type":"a/google.protobuf.Int32Value","y":{},"value":0}"#,
    ] {
        let any = Any::decode(lenient.decode_request(json.as_bytes()).unwrap()).unwrap();
        assert!(any.value.is_empty());
    }
}

#[test]
fn a_message_of_an_unknown_type_has_no_json() {
    let error = |any| write(&with(any)).unwrap_err().to_string();
    assert_eq!(
        error(any("kinds.Unknown", &pair())),
        "INTERNAL: kinds.All has no JSON, field any: the type \"type.googleapis.com/kinds.Unknown\" is in none \
         of the .proto files that the method's imports"
    );
}

#[test]
fn details_of_an_error_are_shown_as_json_where_their_type_is_known() {
    // google.rpc.Status, whose field 3 they are.
    #[derive(Clone, PartialEq, Message)]
    struct Details {
        #[prost(message, repeated, tag = "3")]
        details: Vec<Any>,
    }
    let details = Details {
        details: vec![any("kinds.Pair", &pair()), any("other.Unknown", &pair())],
    };
    let status = Status::aborted("no").with_details(details.encode_to_vec());
    let details = transcoder("All").error_details(&status);
    let shown: Vec<_> = details
        .iter()
        .map(|detail| (&*detail.type_name, detail.json.as_deref()))
        .collect();
    let json = r#"{"first":12345,"second":"a"}"#;
    assert_eq!(shown, [("kinds.Pair", Some(json)), ("other.Unknown", None)]);
    assert_eq!(details[1].value, pair().encode_to_vec());
    let other = Status::aborted("no").with_details(&b"something else"[..]);
    assert!(transcoder("All").error_details(&other).is_empty());
}
