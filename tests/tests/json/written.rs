//! The JSON that messages become.

use std::collections::HashMap;

use bytes::{Bytes, BytesMut};
use prost::Message;
use rpc_runtime::json::JsonOptions;
use rpc_runtime::prost_types::value::Kind;
use rpc_runtime::prost_types::{Duration, FieldMask, Struct, Timestamp, Value};
use rpc_tests::kinds::all::Choice;
use rpc_tests::kinds::{All, Inner};

use crate::harness::{transcoder_with, write, write_encoded};

/// A table of fields and their JSON.
macro_rules! writes {
    ($({ $($field:ident: $value:expr),* $(,)? } => $json:expr)*) => {
        $(
            let message = All { $($field: $value,)* ..All::default() };
            match write(&message) {
                Ok(json) => assert_eq!(json, $json),
                Err(status) => panic!("{}: {status}", $json),
            }
        )*
    };
}

/// A table of fields that have no JSON, and why.
macro_rules! has_no_json {
    ($({ $($field:ident: $value:expr),* $(,)? } => $error:expr)*) => {
        $(
            let message = All { $($field: $value,)* ..All::default() };
            let status = write(&message).unwrap_err();
            assert_eq!(status.to_string(), concat!("INTERNAL: kinds.All has no JSON, ", $error));
        )*
    };
}

#[test]
fn fields_without_a_value_are_left_out() {
    writes! {
        {} => "{}"
        { int32: 0, string: String::new(), int32s: vec![], color: 0 } => "{}"
        { optional_int32: Some(0) } => r#"{"optionalInt32":0}"#
        { choice: Some(Choice::OneUint32(0)) } => r#"{"oneUint32":0}"#
        { choice: Some(Choice::OneNull(0)) } => r#"{"oneNull":null}"#
    }
    // A default value that was encoded all the same.
    assert_eq!(write_encoded("Pair", &[0x08, 0, 0x12, 0]).unwrap(), "{}");
}

#[test]
fn fields_without_a_value_are_written_where_the_server_says_so() {
    let eager = JsonOptions::new().emit_defaults(true);
    let written = |method, protobuf: &[u8]| {
        let mut json = BytesMut::new();
        let transcoder = transcoder_with(method, eager);
        transcoder.encode_reply(protobuf, &mut json).unwrap();
        String::from_utf8(json.to_vec()).unwrap()
    };
    assert_eq!(written("Pair", &[]), r#"{"first":0,"second":""}"#);
    assert_eq!(
        written("Pair", &[0x12, 1, b'a']),
        r#"{"first":0,"second":"a"}"#
    );
    assert_eq!(written("Pair", &[0x08, 0]), r#"{"first":0,"second":""}"#);
    let all = written("All", &[]);
    let beginning = r#"{"int32":0,"int64":"0","uint32":0,"uint64":"0","#;
    assert!(all.starts_with(beginning), "{all}");
    for field in [
        r#","float":0.0,"#,
        r#","bool":false,"#,
        r#","bytes":"","#,
        r#","color":"RED","#,
        r#","int32s":[],"#,
        r#","int32Map":{},"#,
    ] {
        assert!(all.contains(field), "{all} has no {field}");
    }
    for field in ["inner\"", "duration\"", "optional", "one"] {
        assert!(!all.contains(&format!("\"{field}")), "{all} has {field}");
    }
}

#[test]
fn numbers_of_64_bits_are_strings() {
    writes! {
        { int32: -1 } => r#"{"int32":-1}"#
        { uint32: u32::MAX } => r#"{"uint32":4294967295}"#
        { sint32: i32::MIN } => r#"{"sint32":-2147483648}"#
        { fixed32: u32::MAX } => r#"{"fixed32":4294967295}"#
        { sfixed32: -1 } => r#"{"sfixed32":-1}"#
        { int64: i64::MIN } => r#"{"int64":"-9223372036854775808"}"#
        { uint64: u64::MAX } => r#"{"uint64":"18446744073709551615"}"#
        { sint64: i64::MIN } => r#"{"sint64":"-9223372036854775808"}"#
        { fixed64: 1 } => r#"{"fixed64":"1"}"#
        { sfixed64: -1 } => r#"{"sfixed64":"-1"}"#
        { int64s: vec![0, 1] } => r#"{"int64s":["0","1"]}"#
        { int64_map: HashMap::from([(-1, -2)]) } => r#"{"int64Map":{"-1":"-2"}}"#
        { int64_wrapper: Some(0) } => r#"{"int64Wrapper":"0"}"#
    }
}

#[test]
fn floating_point_numbers_in_their_shortest_form() {
    writes! {
        { float: 0.1 } => r#"{"float":0.1}"#
        { float: f32::MAX } => r#"{"float":3.4028235e+38}"#
        { double: 0.1 } => r#"{"double":0.1}"#
        { choice: Some(Choice::OneDouble(-0.0)) } => r#"{"oneDouble":-0.0}"#
        { double: f64::NAN } => r#"{"double":"NaN"}"#
        { float: f32::from_bits(0x7FA1_2345) } => r#"{"float":"NaN"}"#
        { float: f32::from_bits(0xFFB5_4321) } => r#"{"float":"NaN"}"#
        { double: f64::from_bits(0x7FFA_1234_5678_9ABC) } => r#"{"double":"NaN"}"#
        { double: f64::from_bits(0xFFFB_CBA9_8765_4321) } => r#"{"double":"NaN"}"#
        { float: f32::INFINITY } => r#"{"float":"Infinity"}"#
        { double: f64::NEG_INFINITY } => r#"{"double":"-Infinity"}"#
        { float_wrapper: Some(f32::NAN) } => r#"{"floatWrapper":"NaN"}"#
        { double_wrapper: Some(f64::INFINITY) } => r#"{"doubleWrapper":"Infinity"}"#
    }
}

#[test]
fn strings_bytes_and_enums() {
    writes! {
        { string: "\"\\/\u{8}\n\u{1}谷😁".to_owned() } => "{\"string\":\"\\\"\\\\/\\b\\n\\u0001谷😁\"}"
        { bytes: Bytes::from_static(&[0xfb, 0xff]) } => r#"{"bytes":"+/8="}"#
        { color: 2 } => r#"{"color":"BLUE"}"#
        { color: -1 } => r#"{"color":"INFRARED"}"#
        { color: 123 } => r#"{"color":123}"#
        { colors: vec![0, 123] } => r#"{"colors":["RED",123]}"#
    }
}

#[test]
fn lists_and_maps() {
    let inner = |a| Inner { a, all: None };
    writes! {
        { int32s: vec![0, 1] } => r#"{"int32s":[0,1]}"#
        { unpacked: vec![0, 300] } => r#"{"unpacked":[0,300]}"#
        { floats: vec![1.5] } => r#"{"floats":[1.5]}"#
        { inners: vec![inner(1), inner(0)] } => r#"{"inners":[{"a":1},{}]}"#
        { int32_map: HashMap::from([(0, 0)]) } => r#"{"int32Map":{"0":0}}"#
        { bool_map: HashMap::from([(false, false)]) } => r#"{"boolMap":{"false":false}}"#
        { string_map: HashMap::from([(String::new(), String::new())]) } => r#"{"stringMap":{"":""}}"#
        { inner_map: HashMap::from([("a".to_owned(), inner(0))]) } => r#"{"innerMap":{"a":{}}}"#
    }
}

#[test]
fn keys_of_a_map_that_are_encoded_differently_are_one_and_its_last_entry_counts() {
    let entry = |field: u32, entry: &[u8]| {
        let mut bytes = Vec::new();
        prost::encoding::bytes::encode(field, &entry.to_vec(), &mut bytes);
        bytes
    };
    // In one byte, and with bits that do not count.
    let bools = [entry(57, &[8, 1, 16, 0]), entry(57, &[8, 2, 16, 1])];
    let written = write_encoded("All", &bools.concat()).unwrap();
    assert_eq!(written, r#"{"boolMap":{"true":true}}"#);
    let wide_five = [8, 0x85, 0x80, 0x80, 0x80, 0x10, 16, 9];
    let ints = [entry(51, &[8, 5, 16, 7]), entry(51, &wide_five)];
    let written = write_encoded("All", &ints.concat()).unwrap();
    assert_eq!(written, r#"{"int32Map":{"5":9}}"#);
}

#[test]
fn durations_and_timestamps_have_0_3_6_or_9_digits() {
    let of = |seconds, nanos| Some(Duration { seconds, nanos });
    let at = |seconds, nanos| Some(Timestamp { seconds, nanos });
    writes! {
        { duration: of(1, 0) } => r#"{"duration":"1s"}"#
        { duration: of(1, 10_000_000) } => r#"{"duration":"1.010s"}"#
        { duration: of(1, 10_000) } => r#"{"duration":"1.000010s"}"#
        { duration: of(1, 10) } => r#"{"duration":"1.000000010s"}"#
        { duration: of(0, -500_000_000) } => r#"{"duration":"-0.500s"}"#
        { duration: of(-315_576_000_000, -999_999_999) } => r#"{"duration":"-315576000000.999999999s"}"#
        { timestamp: at(0, 0) } => r#"{"timestamp":"1970-01-01T00:00:00Z"}"#
        { timestamp: at(0, 10_000_000) } => r#"{"timestamp":"1970-01-01T00:00:00.010Z"}"#
        { timestamp: at(0, 10_000) } => r#"{"timestamp":"1970-01-01T00:00:00.000010Z"}"#
        { timestamp: at(-1, 10) } => r#"{"timestamp":"1969-12-31T23:59:59.000000010Z"}"#
        { timestamp: at(-62_135_596_800, 0) } => r#"{"timestamp":"0001-01-01T00:00:00Z"}"#
        { timestamp: at(253_402_300_799, 999_999_999) } => r#"{"timestamp":"9999-12-31T23:59:59.999999999Z"}"#
    }
    has_no_json! {
        { duration: of(-315_576_000_001, 0) } => "field duration: the duration of -315576000001 s and 0 ns is out of range"
        { duration: of(315_576_000_001, 0) } => "field duration: the duration of 315576000001 s and 0 ns is out of range"
        { duration: of(1, -1) } => "field duration: the duration of 1 s and -1 ns is out of range"
        { duration: of(0, 1_000_000_000) } => "field duration: the duration of 0 s and 1000000000 ns is out of range"
        { timestamp: at(-62_135_596_801, 0) } => "field timestamp: the timestamp of -62135596801 s and 0 ns is out of range"
        { timestamp: at(253_402_300_800, 0) } => "field timestamp: the timestamp of 253402300800 s and 0 ns is out of range"
        { timestamp: at(0, -1) } => "field timestamp: the timestamp of 0 s and -1 ns is out of range"
    }
}

#[test]
fn field_masks_that_can_be_read_back() {
    let mask = |paths: &[&str]| {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        Some(FieldMask { paths })
    };
    writes! {
        { field_mask: mask(&[]) } => r#"{"fieldMask":""}"#
        { field_mask: mask(&["foo", "bar_baz"]) } => r#"{"fieldMask":"foo,barBaz"}"#
        { field_mask: mask(&["user.display_name"]) } => r#"{"fieldMask":"user.displayName"}"#
    }
    has_no_json! {
        { field_mask: mask(&["fooBar"]) } => r#"field fieldMask: the path "fooBar" could not be read back"#
        { field_mask: mask(&["foo_3_bar"]) } => r#"field fieldMask: the path "foo_3_bar" could not be read back"#
        { field_mask: mask(&["foo__bar"]) } => r#"field fieldMask: the path "foo__bar" could not be read back"#
        { field_mask: mask(&["foo_"]) } => r#"field fieldMask: the path "foo_" could not be read back"#
    }
}

#[test]
fn values_of_any_form() {
    let number = |number| Value {
        kind: Some(Kind::NumberValue(number)),
    };
    let object = |number| Struct {
        fields: [("a".to_owned(), number)].into(),
    };
    writes! {
        { value: Some(Value { kind: None }) } => r#"{"value":null}"#
        { value: Some(Value { kind: Some(Kind::NullValue(0)) }) } => r#"{"value":null}"#
        { value: Some(number(1.5)) } => r#"{"value":1.5}"#
        { r#struct: Some(object(number(0.0))) } => r#"{"struct":{"a":0.0}}"#
        { r#struct: Some(Struct::default()) } => r#"{"struct":{}}"#
        { empty: Some(()) } => r#"{"empty":{}}"#
    }
    has_no_json! {
        { value: Some(number(f64::NAN)) } => "field value: google.protobuf.Value is NaN, which JSON does not have"
        { r#struct: Some(object(number(f64::INFINITY))) } => "field struct: google.protobuf.Value is inf, which JSON does not have"
    }
}

#[test]
fn replies_may_be_other_than_objects() {
    let value = Value {
        kind: Some(Kind::StringValue("noon".to_owned())),
    };
    assert_eq!(
        write_encoded("Time", &value.encode_to_vec()).unwrap(),
        r#""noon""#
    );
    assert_eq!(write_encoded("Nothing", &[]).unwrap(), "{}");
}

#[test]
fn parts_of_a_message_are_merged_as_protobuf_says() {
    let pair = |bytes: &[u8]| write_encoded("Pair", bytes).unwrap();
    // The last of several numbers, unknown fields and any order.
    assert_eq!(
        pair(&[0x12, 1, b'a', 0x08, 1, 0x08, 2, 0x78, 5]),
        r#"{"first":2,"second":"a"}"#
    );
    let encoded = |message: All| message.encode_to_vec();
    let one = |choice| All {
        choice: Some(choice),
        ..All::default()
    };
    let inner = |a, int32| Inner {
        a,
        all: Some(Box::new(All {
            int32,
            ..All::default()
        })),
    };
    let parts = [
        All {
            inner: Some(Box::new(inner(1, 0))),
            int32s: vec![1],
            ..All::default()
        },
        All {
            string_map: HashMap::from([("a".to_owned(), "b".to_owned())]),
            ..All::default()
        },
        All {
            inner: Some(Box::new(inner(0, 2))),
            int32s: vec![2],
            ..All::default()
        },
        All {
            string_map: HashMap::from([("a".to_owned(), "c".to_owned())]),
            ..All::default()
        },
        one(Choice::OneInner(Box::new(inner(7, 7)))),
        one(Choice::OneString("dropped".to_owned())),
        one(Choice::OneInner(Box::new(inner(3, 0)))),
        one(Choice::OneInner(Box::new(inner(0, 4)))),
    ];
    let bytes = parts.map(encoded).concat();
    // What prost makes of it is what JSON shows.
    let whole = All::decode(&bytes[..]).unwrap();
    let json = write_encoded("All", &bytes).unwrap();
    assert_eq!(json, write(&whole).unwrap());
    assert_eq!(
        json,
        r#"{"inner":{"a":1,"all":{"int32":2}},"int32s":[1,2],"stringMap":{"a":"c"},"oneInner":{"a":3,"all":{"int32":4}}}"#
    );
}

#[test]
fn bytes_that_are_no_such_message_are_an_error_and_leave_nothing() {
    let mut json = BytesMut::from("before");
    for (bytes, error) in [
        (&[0x08][..], "Pair has no JSON: "),
        (&[0x12, 5, b'a'], "Pair has no JSON: the message is cut off"),
        (
            &[0x0a, 0],
            "Pair has no JSON, field first: the value is no Int32",
        ),
        (
            &[0x12, 1, 0xff],
            "Pair has no JSON, field second: invalid utf-8",
        ),
        (&[0x0c], "Pair has no JSON: a group ends that did not begin"),
    ] {
        let transcoder = transcoder_with("Pair", JsonOptions::new());
        let status = transcoder.encode_reply(bytes, &mut json).unwrap_err();
        assert!(status.to_string().contains(error), "{status}");
        assert_eq!(json, "before");
    }
}
