//! JSON that has to be accepted, and the message that it is.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use prost::Message;
use rpc_runtime::json::JsonOptions;
use rpc_runtime::prost_types::value::Kind;
use rpc_runtime::prost_types::{Duration, FieldMask, ListValue, Struct, Timestamp, Value};
use rpc_tests::kinds::all::Choice;
use rpc_tests::kinds::{All, Color, Inner};

use crate::harness::{read, transcoder_with};

/// A table of JSON and the fields that it stands for.
macro_rules! accepts {
    ($($json:expr => { $($field:ident: $value:expr),* $(,)? })*) => {
        $(
            let expected = All { $($field: $value,)* ..All::default() };
            match read($json) {
                Ok(message) => assert_eq!(message, expected, "{}", $json),
                Err(status) => panic!("{}: {status}", $json),
            }
        )*
    };
}

fn inner(a: i32) -> Inner {
    Inner { a, all: None }
}

fn value(kind: Kind) -> Value {
    Value { kind: Some(kind) }
}

fn number(number: f64) -> Value {
    value(Kind::NumberValue(number))
}

fn text(text: &str) -> Value {
    value(Kind::StringValue(text.to_owned()))
}

fn list(values: Vec<Value>) -> ListValue {
    ListValue { values }
}

fn object(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Struct {
    let fields = fields.into_iter();
    Struct {
        fields: fields.map(|(key, value)| (key.to_owned(), value)).collect(),
    }
}

#[test]
fn integers_as_numbers_as_strings_and_in_any_notation() {
    accepts! {
        r#"{"int32": 2147483647}"# => { int32: i32::MAX }
        r#"{"int32": -2147483648}"# => { int32: i32::MIN }
        r#"{"int32": "2147483647"}"# => { int32: i32::MAX }
        r#"{"int32": "2\u003147483647"}"# => { int32: i32::MAX }
        r#"{"int32": 100000.000}"# => { int32: 100_000 }
        r#"{"int32": 1e5}"# => { int32: 100_000 }
        r#"{"int32": "1e5"}"# => { int32: 100_000 }
        r#"{"int32": "100000.000"}"# => { int32: 100_000 }
        r#"{"int32": 2.147483647e9}"# => { int32: i32::MAX }
        r#"{"int32": -2.147483648e9}"# => { int32: i32::MIN }
        r#"{"int32": -0}"# => { int32: 0 }
        r#"{"uint32": 4294967295}"# => { uint32: u32::MAX }
        r#"{"uint32": 4.294967295e9}"# => { uint32: u32::MAX }
        r#"{"int64": "9223372036854775807"}"# => { int64: i64::MAX }
        r#"{"int64": 9223372036854775807}"# => { int64: i64::MAX }
        r#"{"int64": "-9223372036854775808"}"# => { int64: i64::MIN }
        r#"{"int64": -9223372036854775808}"# => { int64: i64::MIN }
        r#"{"int64": "9007199254740993.0"}"# => { int64: 9_007_199_254_740_993 }
        r#"{"int64": "9.223372036854775807e18"}"# => { int64: i64::MAX }
        r#"{"int64": "-92233720368547758080E-1"}"# => { int64: i64::MIN }
        r#"{"int64": 9007199254740991.0}"# => { int64: 9_007_199_254_740_991 }
        r#"{"uint64": "1e19"}"# => { uint64: 10_000_000_000_000_000_000 }
        r#"{"int64": "-0"}"# => { int64: 0 }
        r#"{"int64": 9223372036854774784}"# => { int64: 9_223_372_036_854_774_784 }
        r#"{"uint64": "18446744073709551615"}"# => { uint64: u64::MAX }
        r#"{"uint64": 18446744073709549568}"# => { uint64: 18_446_744_073_709_549_568 }
        r#"{"sint32": -2147483648, "sint64": "-9223372036854775808"}"# => { sint32: i32::MIN, sint64: i64::MIN }
        r#"{"sint32": 2147483647, "sint64": "9223372036854775807"}"# => { sint32: i32::MAX, sint64: i64::MAX }
        r#"{"fixed32": 4294967295, "fixed64": "18446744073709551615"}"# => { fixed32: u32::MAX, fixed64: u64::MAX }
        r#"{"sfixed32": -2147483648, "sfixed64": "-9223372036854775808"}"# => { sfixed32: i32::MIN, sfixed64: i64::MIN }
    }
}

#[test]
fn floating_point_numbers_with_names_for_those_that_json_lacks() {
    accepts! {
        r#"{"float": 1.175494e-38}"# => { float: 1.175494e-38 }
        r#"{"float": -1.175494e-38}"# => { float: -1.175494e-38 }
        r#"{"float": 3.402823e+38}"# => { float: 3.402823e38 }
        r#"{"float": 3.4028235e38}"# => { float: f32::MAX }
        r#"{"float": "1"}"# => { float: 1.0 }
        r#"{"float": "1.5e3"}"# => { float: 1500.0 }
        r#"{"float": 18446744073709551615}"# => { float: u64::MAX as f32 }
        r#"{"float": "Infinity"}"# => { float: f32::INFINITY }
        r#"{"float": "-Infinity"}"# => { float: f32::NEG_INFINITY }
        r#"{"double": 2.22507e-308}"# => { double: 2.22507e-308 }
        r#"{"double": -2.22507e-308}"# => { double: -2.22507e-308 }
        r#"{"double": 1.79769e+308}"# => { double: 1.79769e308 }
        r#"{"double": -1.79769e+308}"# => { double: -1.79769e308 }
        r#"{"double": "1"}"# => { double: 1.0 }
        r#"{"double": -1}"# => { double: -1.0 }
        r#"{"double": "Infinity"}"# => { double: f64::INFINITY }
        r#"{"double": "-Infinity"}"# => { double: f64::NEG_INFINITY }
    }
    assert!(read(r#"{"float": "NaN"}"#).unwrap().float.is_nan());
    assert!(read(r#"{"double": "NaN"}"#).unwrap().double.is_nan());
    let negative_zero = read(r#"{"double": -0.0}"#).unwrap().double;
    assert!(negative_zero == 0.0 && negative_zero.is_sign_negative());
}

#[test]
fn truth_strings_and_bytes() {
    accepts! {
        r#"{"bool": true}"# => { bool: true }
        r#"{"bool": false}"# => { bool: false }
        r#"{"string": "Hello world!"}"# => { string: "Hello world!".to_owned() }
        r#"{"string": "谷歌"}"# => { string: "谷歌".to_owned() }
        r#"{"string": "\"\\\/\b\f\n\r\t"}"# => { string: "\"\\/\u{8}\u{c}\n\r\t".to_owned() }
        r#"{"string": "\u8C37\u6b4c"}"# => { string: "谷歌".to_owned() }
        r#"{"string": "\uD83D\uDE01"}"# => { string: "😁".to_owned() }
        r#"{"string": "\u0000"}"# => { string: "\0".to_owned() }
        r#"{"bytes": "AQI="}"# => { bytes: Bytes::from_static(&[1, 2]) }
        r#"{"bytes": "AQI"}"# => { bytes: Bytes::from_static(&[1, 2]) }
        r#"{"bytes": "-_"}"# => { bytes: Bytes::from_static(&[0xfb]) }
        r#"{"bytes": "-_8="}"# => { bytes: Bytes::from_static(&[0xfb, 0xff]) }
        r#"{"bytes": "+/8="}"# => { bytes: Bytes::from_static(&[0xfb, 0xff]) }
    }
}

#[test]
fn enums_by_name_alias_and_number() {
    accepts! {
        r#"{"color": "GREEN"}"# => { color: Color::Green.into() }
        r#"{"color": "AZURE"}"# => { color: Color::Blue.into() }
        r#"{"color": 0}"# => { color: 0 }
        r#"{"color": 2}"# => { color: 2 }
        r#"{"color": -1}"# => { color: -1 }
        r#"{"color": 1.0}"# => { color: 1 }
        r#"{"color": 123}"# => { color: 123 }
    }
}

#[test]
fn messages_lists_and_maps() {
    accepts! {
        r#"{"inner": {"a": 1234}}"# => { inner: Some(Box::new(inner(1234))) }
        r#"{"inner": {}}"# => { inner: Some(Box::new(inner(0))) }
        r#"{"int32s": [1, 2, 3, 4]}"# => { int32s: vec![1, 2, 3, 4] }
        r#"{"int32s": []}"# => { int32s: vec![] }
        r#"{"unpacked": [0, 300]}"# => { unpacked: vec![0, 300] }
        r#"{"fixed32s": [0, "1"]}"# => { fixed32s: vec![0, 1] }
        r#"{"doubles": [0, 1.5]}"# => { doubles: vec![0.0, 1.5] }
        r#"{"colors": ["RED", "GREEN", 2]}"# => { colors: vec![0, 1, 2] }
        r#"{"strings": ["Hello", ""]}"# => { strings: vec!["Hello".to_owned(), String::new()] }
        r#"{"bytesList": ["AAEC", "AQI="]}"# => { bytes_list: vec![Bytes::from_static(&[0, 1, 2]), Bytes::from_static(&[1, 2])] }
        r#"{"inners": [{"a": 1}, {}]}"# => { inners: vec![inner(1), inner(0)] }
        r#"{"int32Map": {"1": 2, "-3": 0}}"# => { int32_map: HashMap::from([(1, 2), (-3, 0)]) }
        r#"{"int32Map": {"\u0031": 2}}"# => { int32_map: HashMap::from([(1, 2)]) }
        r#"{"int64Map": {"1": "2"}}"# => { int64_map: HashMap::from([(1, 2)]) }
        r#"{"int64Map": {"\u0031": 2}}"# => { int64_map: HashMap::from([(1, 2)]) }
        r#"{"uint32Map": {"0": 2}}"# => { uint32_map: HashMap::from([(0, 2)]) }
        r#"{"uint64Map": {"18446744073709551615": 2}}"# => { uint64_map: HashMap::from([(u64::MAX, 2)]) }
        r#"{"sint32Map": {"-1": -2}}"# => { sint32_map: HashMap::from([(-1, -2)]) }
        r#"{"fixed64Map": {"1": 2}}"# => { fixed64_map: HashMap::from([(1, 2)]) }
        r#"{"boolMap": {"true": true, "false": false}}"# => { bool_map: HashMap::from([(true, true), (false, false)]) }
        r#"{"boolMap": {"tr\u0075e": true}}"# => { bool_map: HashMap::from([(true, true)]) }
        r#"{"stringMap": {"": "a"}}"# => { string_map: HashMap::from([(String::new(), "a".to_owned())]) }
        r#"{"innerMap": {"a": {"a": 1}}}"# => { inner_map: HashMap::from([("a".to_owned(), inner(1))]) }
        r#"{"colorMap": {"a": "BLUE"}}"# => { color_map: HashMap::from([("a".to_owned(), 2)]) }
    }
}

#[test]
fn a_oneof_and_optional_fields_keep_their_default_values() {
    accepts! {
        r#"{"oneUint32": 0}"# => { choice: Some(Choice::OneUint32(0)) }
        r#"{"oneInner": {}}"# => { choice: Some(Choice::OneInner(Box::new(inner(0)))) }
        r#"{"oneString": ""}"# => { choice: Some(Choice::OneString(String::new())) }
        r#"{"oneBytes": ""}"# => { choice: Some(Choice::OneBytes(Bytes::new())) }
        r#"{"oneBool": false}"# => { choice: Some(Choice::OneBool(false)) }
        r#"{"oneDouble": 0.0}"# => { choice: Some(Choice::OneDouble(0.0)) }
        r#"{"oneColor": "RED"}"# => { choice: Some(Choice::OneColor(0)) }
        r#"{"oneNull": null}"# => { choice: Some(Choice::OneNull(0)) }
        r#"{"oneNull": "NULL_VALUE"}"# => { choice: Some(Choice::OneNull(0)) }
        r#"{"oneValue": null}"# => { choice: Some(Choice::OneValue(value(Kind::NullValue(0)))) }
        r#"{"oneUint32": null, "oneString": "test"}"# => { choice: Some(Choice::OneString("test".to_owned())) }
        r#"{"oneString": "test", "oneUint32": null}"# => { choice: Some(Choice::OneString("test".to_owned())) }
        r#"{"optionalInt32": 0, "optionalString": ""}"# => { optional_int32: Some(0), optional_string: Some(String::new()) }
    }
}

#[test]
fn null_is_no_value_for_fields_of_any_kind() {
    let names = [
        "int32",
        "int64",
        "uint32",
        "uint64",
        "sint32",
        "sint64",
        "fixed32",
        "fixed64",
        "sfixed32",
        "sfixed64",
        "float",
        "double",
        "bool",
        "string",
        "bytes",
        "color",
        "inner",
        "int32s",
        "floats",
        "bools",
        "strings",
        "bytesList",
        "colors",
        "inners",
        "int32Map",
        "boolMap",
        "innerMap",
        "boolWrapper",
        "int64Wrapper",
        "stringWrapper",
        "int64Wrappers",
        "duration",
        "timestamp",
        "fieldMask",
        "struct",
        "any",
        "listValue",
        "empty",
        "durations",
        "values",
        "optionalInt32",
        "oneUint32",
        "oneInner",
    ];
    let nulls = names.map(|name| format!("{name:?}: null")).join(",");
    assert_eq!(read(&format!("{{{nulls}}}")).unwrap(), All::default());
}

#[test]
fn wrappers_as_what_they_wrap() {
    accepts! {
        r#"{"boolWrapper": false}"# => { bool_wrapper: Some(false) }
        r#"{"int32Wrapper": 0}"# => { int32_wrapper: Some(0) }
        r#"{"int64Wrapper": "-1"}"# => { int64_wrapper: Some(-1) }
        r#"{"uint32Wrapper": 0}"# => { uint32_wrapper: Some(0) }
        r#"{"uint64Wrapper": 1}"# => { uint64_wrapper: Some(1) }
        r#"{"floatWrapper": 1.5}"# => { float_wrapper: Some(1.5) }
        r#"{"doubleWrapper": "Infinity"}"# => { double_wrapper: Some(f64::INFINITY) }
        r#"{"stringWrapper": ""}"# => { string_wrapper: Some(String::new()) }
        r#"{"bytesWrapper": "AQI="}"# => { bytes_wrapper: Some(vec![1, 2]) }
        r#"{"int64Wrappers": [0, "1"]}"# => { int64_wrappers: vec![0, 1] }
    }
}

#[test]
fn durations_and_timestamps() {
    let at = |seconds, nanos| Some(Timestamp { seconds, nanos });
    let of = |seconds, nanos| Some(Duration { seconds, nanos });
    accepts! {
        r#"{"duration": "-315576000000.999999999s"}"# => { duration: of(-315_576_000_000, -999_999_999) }
        r#"{"duration": "315576000000.999999999s"}"# => { duration: of(315_576_000_000, 999_999_999) }
        r#"{"duration": "-0.5s"}"# => { duration: of(0, -500_000_000) }
        r#"{"duration": "0s"}"# => { duration: of(0, 0) }
        r#"{"durations": ["1.5s", "-1.5s"]}"# => { durations: vec![of(1, 500_000_000).unwrap(), of(-1, -500_000_000).unwrap()] }
        r#"{"timestamp": "0001-01-01T00:00:00Z"}"# => { timestamp: at(-62_135_596_800, 0) }
        r#"{"timestamp": "9999-12-31T23:59:59.999999999Z"}"# => { timestamp: at(253_402_300_799, 999_999_999) }
        r#"{"timestamp": "1993-02-10T00:00:00.000Z"}"# => { timestamp: at(729_302_400, 0) }
        r#"{"timestamp": "1970-01-01T08:00:01+08:00"}"# => { timestamp: at(1, 0) }
        r#"{"timestamp": "1969-12-31T16:00:01-08:00"}"# => { timestamp: at(1, 0) }
        r#"{"timestamp": "1969-12-31T23:59:59.5Z"}"# => { timestamp: at(-1, 500_000_000) }
        r#"{"timestamp": "2024-02-29T00:00:00Z"}"# => { timestamp: at(1_709_164_800, 0) }
    }
}

#[test]
fn field_masks_structs_and_values() {
    let mask = |paths: &[&str]| {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        Some(FieldMask { paths })
    };
    let all_kinds = object([
        ("null", value(Kind::NullValue(0))),
        ("integer", number(1234.0)),
        ("bool", value(Kind::BoolValue(true))),
        ("number", number(1234.5678)),
        ("string", text("Hello world!")),
        (
            "list",
            value(Kind::ListValue(list(vec![number(1234.0), text("5678")]))),
        ),
        (
            "object",
            value(Kind::StructValue(object([("value", number(0.0))]))),
        ),
    ]);
    accepts! {
        r#"{"fieldMask": "foo,barBaz"}"# => { field_mask: mask(&["foo", "bar_baz"]) }
        r#"{"fieldMask": "user.displayName"}"# => { field_mask: mask(&["user.display_name"]) }
        r#"{"fieldMask": ""}"# => { field_mask: mask(&[]) }
        r#"{"struct": {"null": null, "integer": 1234, "bool": true, "number": 1234.5678,
            "string": "Hello world!", "list": [1234, "5678"], "object": {"value": 0}}}"# => { r#struct: Some(all_kinds.clone()) }
        r#"{"struct": {"list": []}}"# => { r#struct: Some(object([("list", value(Kind::ListValue(list(vec![]))))])) }
        r#"{"struct": {}}"# => { r#struct: Some(Struct { fields: BTreeMap::new() }) }
        r#"{"value": 1}"# => { value: Some(number(1.0)) }
        r#"{"value": 1.5}"# => { value: Some(number(1.5)) }
        r#"{"value": false}"# => { value: Some(value(Kind::BoolValue(false))) }
        r#"{"value": null}"# => { value: Some(value(Kind::NullValue(0))) }
        r#"{"value": "hello"}"# => { value: Some(text("hello")) }
        r#"{"value": [0, "hello"]}"# => { value: Some(value(Kind::ListValue(list(vec![number(0.0), text("hello")])))) }
        r#"{"value": {"value": 1}}"# => { value: Some(value(Kind::StructValue(object([("value", number(1.0))])))) }
        r#"{"values": [["a"], null]}"# => { values: vec![value(Kind::ListValue(list(vec![text("a")]))), value(Kind::NullValue(0))] }
        r#"{"listValues": [["a"]]}"# => { list_values: vec![list(vec![text("a")])] }
        r#"{"listValue": [null, {}]}"# => { list_value: Some(list(vec![value(Kind::NullValue(0)), value(Kind::StructValue(object([])))])) }
        r#"{"empty": {}}"# => { empty: Some(()) }
        r#"{"nullValue": null}"# => { null_value: 0 }
    }
}

#[test]
fn spaces_between_tokens_mean_nothing() {
    let expected = All {
        int32: 1,
        int64: 2,
        ..All::default()
    };
    for json in [
        r#"{"int32":1,"int64":2}"#,
        r#" { "int32" : 1 , "int64" : 2 } "#,
        "{\n\"int32\"\n:\n1\n,\n\"int64\"\n:\n2\n}\n",
        "\r\n{\t\"int32\"  :  1\n  ,\n  \"int64\"  :  2\n}\t\n",
    ] {
        assert_eq!(read(json).unwrap(), expected, "{json:?}");
    }
}

#[test]
fn unknown_fields_are_skipped_where_the_server_says_so() {
    let lenient = transcoder_with("All", JsonOptions::new().ignore_unknown_fields(true));
    for json in [
        r#"{"unknown": 1}"#,
        r#"{"unknown": "a"}"#,
        r#"{"unknown": true}"#,
        r#"{"unknown": null}"#,
        r#"{"unknown": {"a": [1, {}]}}"#,
        r#"{"unknown": 1, "unknown": 2}"#,
        r#"{"color": "PURPLE"}"#,
        r#"{"colors": ["PURPLE"]}"#,
        r#"{"colorMap": {"a": "PURPLE"}}"#,
        r#"{"oneColor": "PURPLE"}"#,
    ] {
        let protobuf = lenient.decode_request(json.as_bytes()).unwrap();
        assert_eq!(All::decode(protobuf).unwrap(), All::default(), "{json}");
    }
    let colors = lenient.decode_request(br#"{"colors": ["RED", "PURPLE", "BLUE"]}"#);
    assert_eq!(All::decode(colors.unwrap()).unwrap().colors, [0, 2]);
}
