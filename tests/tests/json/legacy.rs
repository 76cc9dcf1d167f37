//! What only proto2 has.

use bytes::BytesMut;
use prost::Message;
use rpc_runtime::codegen::Service;
use rpc_runtime::json::{JsonOptions, Transcoder};
use rpc_runtime::rpc_service;
use rpc_tests::legacy::{Legacy, LegacyServer, Old, old};

/// Nobody calls it.
struct NoLegacy;

#[rpc_service(unimplemented)]
impl Legacy for NoLegacy {}

fn transcoder() -> Transcoder {
    transcoder_with(JsonOptions::new())
}

fn transcoder_with(options: JsonOptions) -> Transcoder {
    let server = LegacyServer::new(NoLegacy);
    let (_, method) = server.descriptor().method("Old").unwrap();
    Transcoder::for_method(method, options).unwrap()
}

#[test]
fn groups_are_objects_and_fields_without_a_value_are_known_from_defaults() {
    let message = Old {
        must: 0,
        may: Some(0),
        group: Some(old::Group {
            text: Some(String::new()),
            nested: Some(old::group::Nested { number: vec![1, 2] }),
        }),
        many: vec![old::Many { bool: Some(false) }, old::Many { bool: None }],
        plain: vec![0, -1],
        packed: vec![0, -1],
    };
    let protobuf = message.encode_to_vec();
    let mut json = BytesMut::new();
    transcoder().encode_reply(&protobuf, &mut json).unwrap();
    let expected = r#"{"must":0,"may":0,"group":{"text":"","nested":{"number":[1,2]}},"many":[{"bool":false},{}],"plain":[0,-1],"packed":[0,-1]}"#;
    assert_eq!(json, expected);
    assert_eq!(transcoder().decode_request(&json).unwrap(), protobuf);
}

#[test]
fn lists_are_read_packed_or_not_whatever_the_proto_says() {
    // `plain` packed, `packed` with a key for each.
    let protobuf = [0x2a, 2, 0, 1, 0x30, 0, 0x30, 1];
    let mut json = BytesMut::new();
    transcoder().encode_reply(&protobuf, &mut json).unwrap();
    assert_eq!(json, r#"{"plain":[0,-1],"packed":[0,-1]}"#);
}

#[test]
fn a_group_that_does_not_end_is_an_error() {
    for protobuf in [&[0x1b][..], &[0x1b, 0x0a, 1, b'a'], &[0x1b, 0x24], &[0x1c]] {
        let written = transcoder().encode_reply(protobuf, &mut BytesMut::new());
        assert!(written.is_err(), "{protobuf:?}");
    }
}

#[test]
fn extensions_of_any_kind_have_their_full_names() {
    let expected = r#"{"must":1,"[legacy.age]":0,"[legacy.marks]":[0,-1],"[legacy.Scope.inside]":{"text":"a"}}"#;
    let protobuf = transcoder().decode_request(expected.as_bytes()).unwrap();
    let mut json = BytesMut::new();
    transcoder().encode_reply(&protobuf, &mut json).unwrap();
    assert_eq!(json, expected);
    for (json, error) in [
        (
            r#"{"[legacy.unknown]":1}"#,
            r#"legacy.Old has no field "[legacy.unknown]""#,
        ),
        (r#"{"age":1}"#, r#"legacy.Old has no field "age""#),
        (
            r#"{"[legacy.age]":1,"[legacy.age]":1}"#,
            "the field [legacy.age] is given twice",
        ),
    ] {
        let status = transcoder().decode_request(json.as_bytes()).unwrap_err();
        assert!(status.message().contains(error), "{status}");
    }
}

#[test]
fn extensions_have_no_defaults_and_no_position() {
    let mut json = BytesMut::new();
    let eager = transcoder_with(JsonOptions::new().emit_defaults(true));
    eager.encode_reply(&[], &mut json).unwrap();
    assert_eq!(json, r#"{"many":[],"plain":[],"packed":[]}"#);
    let status = transcoder().decode_positional(&["null"; 7]).unwrap_err();
    assert_eq!(
        status.message(),
        "there are 7 values, and legacy.Old has 6 fields"
    );
}
