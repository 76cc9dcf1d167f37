//! JSON that has to be refused.

use rpc_runtime::Code;

use crate::harness::{read, transcoder};

#[track_caller]
fn refuses(table: &[&str]) {
    for json in table {
        match read(json) {
            Ok(message) => panic!("{json} is accepted as {message:?}"),
            Err(status) => assert_eq!(status.code(), Code::InvalidArgument, "{json}: {status}"),
        }
    }
}

#[test]
fn what_is_no_json() {
    refuses(&[
        "",
        " ",
        "{",
        "{}{}",
        "{} x",
        r#"{"string": "abc\"#,
        r#"{int32: 1}"#,
        r#"{"int32":1,}"#,
        r#"{"int32":1 , }"#,
        "{\n  \"int32\":1,\n}",
        "{\n  // a comment\n  \"int32\": 1\n}",
        r#"{"int32": 1 "int64": 2}"#,
        "{\n  \"int32\": 1\n  \"int64\": 2\n}",
        r#"{'string': "Hello world!"}"#,
        r#"{'string': 'Hello world!'}"#,
        "{\"int32s\": [\n  1,\n  2,\n]}",
        r#"{"string": 'Hello world!'}"#,
        r#"{"int32s": [1, 2, 3, 4,]}"#,
        r#"{"int32s": [1, 2, 3, 4 , ]}"#,
        r#"{"int32Map": {1: 2}}"#,
        r#"{"boolMap": {true: true}}"#,
        r#"{"int32Map": {null: 1}}"#,
    ]);
}

#[test]
fn what_is_no_object_where_a_message_is_wanted() {
    refuses(&[
        "null",
        "1",
        "[]",
        r#""""#,
        r#"{"inner": []}"#,
        r#"{"inner": 1}"#,
        r#"{"inner": "a"}"#,
        r#"{"empty": []}"#,
        r#"{"struct": []}"#,
        r#"{"listValue": {}}"#,
        r#"{"any": "a"}"#,
    ]);
}

#[test]
fn fields_that_are_unknown_or_given_twice() {
    refuses(&[
        r#"{"unknown": 1}"#,
        r#"{"unknown": null}"#,
        r#"{"inner": {"unknown": 1}}"#,
        r#"{"empty": {"a": 1}}"#,
        r#"{"[kinds.extension]": 1}"#,
        r#"{"int32": 1, "int32": 1}"#,
        r#"{"int32": null, "int32": 1}"#,
        r#"{"inner": {"a": 1}, "inner": {}}"#,
        r#"{"boolWrapper": true, "bool_wrapper": false}"#,
        r#"{"bool_wrapper": true, "boolWrapper": false}"#,
        r#"{"oneUint32": 1, "oneString": "test"}"#,
        r#"{"oneNull": null, "oneString": "test"}"#,
        r#"{"int32Map": {"1": 1, "1": 2}}"#,
        r#"{"int32Map": {"1": 1, "1e0": 2}}"#,
        r#"{"stringMap": {"a": "b", "\u0061": "b"}}"#,
        r#"{"struct": {"a": 1, "a": 2}}"#,
    ]);
}

#[test]
fn integers_that_are_none_or_out_of_range() {
    refuses(&[
        r#"{"int32": 2147483648}"#,
        r#"{"int32": -2147483649}"#,
        r#"{"int32": 2147483648.0}"#,
        r#"{"int32": 1e300}"#,
        r#"{"uint32": 4294967296}"#,
        r#"{"uint32": -1}"#,
        r#"{"int64": "9223372036854775808"}"#,
        r#"{"int64": 9223372036854775808}"#,
        r#"{"int64": 9223372036854775808.0}"#,
        // Nobody can tell what was rounded to these.
        r#"{"int64": 9007199254740993.0}"#,
        r#"{"int64": -1e18}"#,
        r#"{"int64": "1e400"}"#,
        r#"{"int64": "1e99999999999"}"#,
        r#"{"int64": "15e-1"}"#,
        r#"{"int64": "9223372036854775808e0"}"#,
        r#"{"int64": "-9223372036854775809"}"#,
        r#"{"int64": -9223372036854775809}"#,
        r#"{"uint64": "18446744073709551616"}"#,
        r#"{"uint64": 18446744073709551616}"#,
        r#"{"fixed32": -1}"#,
        r#"{"sfixed32": 2147483648}"#,
        r#"{"sint64": "9223372036854775808"}"#,
        r#"{"int32": 0.5}"#,
        r#"{"uint32": 0.5}"#,
        r#"{"int64": "0.5"}"#,
        r#"{"uint64": "0.5"}"#,
        r#"{"int32": "3x3"}"#,
        r#"{"int64": "3x3"}"#,
        r#"{"int32": ""}"#,
        r#"{"int32": +1}"#,
        r#"{"int32": "+1"}"#,
        r#"{"int32": 01}"#,
        r#"{"int32": -01}"#,
        r#"{"int32": "01"}"#,
        r#"{"int32": " 1"}"#,
        r#"{"int32": "1 "}"#,
        r#"{"int32": "NaN"}"#,
        r#"{"int32": true}"#,
        r#"{"int32": {}}"#,
        r#"{"int32Map": {" 1": 2}}"#,
        r#"{"int32Map": {"true": 2}}"#,
    ]);
}

#[test]
fn floating_point_numbers_that_are_out_of_range_or_not_quoted() {
    refuses(&[
        r#"{"float": 3.502823e+38}"#,
        r#"{"float": -3.502823e+38}"#,
        r#"{"float": "3.502823e+38"}"#,
        r#"{"double": 1.89769e+308}"#,
        r#"{"double": -1.89769e+308}"#,
        r#"{"double": "1.89769e+308"}"#,
        r#"{"float": NaN}"#,
        r#"{"float": Infinity}"#,
        r#"{"double": -Infinity}"#,
        r#"{"double": "nan"}"#,
        r#"{"double": "inf"}"#,
        r#"{"double": "+Infinity"}"#,
        r#"{"double": ".5"}"#,
        r#"{"double": "1."}"#,
        r#"{"double": ""}"#,
        r#"{"double": true}"#,
    ]);
}

#[test]
fn truth_strings_and_bytes_of_other_forms() {
    refuses(&[
        r#"{"bool": 0}"#,
        r#"{"bool": 1}"#,
        r#"{"bool": True}"#,
        r#"{"bool": TRUE}"#,
        r#"{"bool": False}"#,
        r#"{"bool": FALSE}"#,
        r#"{"bool": "true"}"#,
        r#"{"string": 12345}"#,
        r#"{"string": true}"#,
        r#"{"string": "\U8C37\U6b4C"}"#,
        r#"{"string": "\uXXXX\u6B4C"}"#,
        r#"{"string": "\u8C3"}"#,
        r#"{"string": "\uD800"}"#,
        r#"{"string": "\uDC00"}"#,
        r#"{"string": "\uDE01\uD83D"}"#,
        "{\"string\": \"a\nb\"}",
        r#"{"bytes": "!"}"#,
        r#"{"bytes": "A"}"#,
        r#"{"bytes": "+_8="}"#,
        r#"{"bytes": "AQI=="}"#,
        r#"{"bytes": 1}"#,
    ]);
}

#[test]
fn enums_of_other_forms() {
    refuses(&[
        r#"{"color": GREEN}"#,
        r#"{"color": "green"}"#,
        r#"{"color": "PURPLE"}"#,
        r#"{"color": "1"}"#,
        r#"{"color": 1.5}"#,
        r#"{"color": 2147483648}"#,
        r#"{"color": true}"#,
        r#"{"nullValue": "null"}"#,
    ]);
}

#[test]
fn elements_of_another_type_and_null() {
    refuses(&[
        r#"{"int32s": 1}"#,
        r#"{"int32s": {}}"#,
        r#"{"int32s": [1, false, 3, 4]}"#,
        r#"{"int32s": [1, 2, "name", 4]}"#,
        r#"{"int32s": [1, 2, 3, {"a": 4}]}"#,
        r#"{"int32s": [[1]]}"#,
        r#"{"strings": ["1", 2, "3", "4"]}"#,
        r#"{"strings": ["1", "2", false, "4"]}"#,
        r#"{"strings": ["1", {"a": 4}]}"#,
        r#"{"uint32Map": {1: 2}}"#,
        r#"{"int64Map": {1: 2}}"#,
        r#"{"uint64Map": {1: 2}}"#,
        r#"{"inners": [{"a": 1}, 2]}"#,
        r#"{"inners": [{"a": 1}, false]}"#,
        r#"{"inners": [{"a": 1}, "2"]}"#,
        r#"{"int32s": [1, null, 2]}"#,
        r#"{"unpacked": [1, null, 2]}"#,
        r#"{"inners": [{"a":1}, null, {"a":2}]}"#,
        r#"{"int64Wrappers": [null]}"#,
        r#"{"durations": [null]}"#,
        r#"{"int32Map": []}"#,
        r#"{"int32Map": {"0": null}}"#,
        r#"{"innerMap": {"0": null}}"#,
    ]);
}

#[test]
fn durations_and_timestamps_of_other_forms() {
    refuses(&[
        r#"{"duration": "1"}"#,
        r#"{"duration": "s"}"#,
        r#"{"duration": ".5s"}"#,
        r#"{"duration": "1.s"}"#,
        r#"{"duration": "+1s"}"#,
        r#"{"duration": "--1s"}"#,
        r#"{"duration": "1.0000000001s"}"#,
        r#"{"duration": "-315576000001.000000000s"}"#,
        r#"{"duration": "315576000001.000000000s"}"#,
        r#"{"duration": "99999999999999999999s"}"#,
        r#"{"duration": 1}"#,
        r#"{"timestamp": "0000-01-01T00:00:00Z"}"#,
        r#"{"timestamp": "10000-01-01T00:00:00Z"}"#,
        r#"{"timestamp": "0001-01-01T00:00:00"}"#,
        r#"{"timestamp": "0001-01-01 00:00:00Z"}"#,
        r#"{"timestamp": "0001-01-01T00:00:00z"}"#,
        r#"{"timestamp": "0001-01-01t00:00:00Z"}"#,
        r#"{"timestamp": "0001-01-01T00:00:00+00:01"}"#,
        r#"{"timestamp": "2023-02-29T00:00:00Z"}"#,
        r#"{"timestamp": "2024-13-01T00:00:00Z"}"#,
        r#"{"timestamp": "2024-01-01T24:00:00Z"}"#,
        r#"{"timestamp": "2024-01-01T00:00:00.Z"}"#,
        r#"{"timestamp": "2024-01-01T00:00:00.0000000001Z"}"#,
        r#"{"timestamp": "2024-01-01T00:00:00+0100"}"#,
        r#"{"timestamp": "2024-01-01T00:00:00+25:00"}"#,
        r#"{"timestamp": "2024-01-01"}"#,
        r#"{"timestamp": "2024-01-01T00:00:0谷Z"}"#,
        r#"{"timestamp": 0}"#,
        r#"{"fieldMask": "foo,bar_bar"}"#,
        r#"{"fieldMask": ["foo"]}"#,
    ]);
}

#[test]
fn text_that_is_not_utf8() {
    let error = transcoder("All").decode_request(b"{\"string\": \"\xff\"}");
    assert_eq!(
        error.unwrap_err().to_string(),
        "INVALID_ARGUMENT: the JSON of kinds.All is not UTF-8 behind byte 12"
    );
}
