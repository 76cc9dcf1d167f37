//! Errors say what is wrong, in which field, and where in the text.

use rpc_runtime::codegen::{MethodDescriptor, MethodKind};
use rpc_runtime::json::{JsonOptions, Transcoder};

use crate::harness::{read, transcoder};

#[test]
fn an_error_names_the_field_the_line_and_the_column() {
    for (json, error) in [
        (
            "{\n  \"int32\": true\n}",
            "field int32: invalid type: boolean `true`, expected an integer at line 2 column 15",
        ),
        (
            r#"{"inners": [{}, {"all": {"int32s": [1, "x"]}}]}"#,
            "field inners[1].all.int32s[1]: invalid value: string \"x\", expected an integer at line 1 column 42",
        ),
        (
            r#"{"innerMap": {"k": {"a": 1.5}}}"#,
            "field innerMap[\"k\"].a: invalid value: floating point `1.5`, expected an integer at line 1 column 28",
        ),
        (
            r#"{"int32": 2147483648}"#,
            "field int32: the number 2147483648 is out of range for Int32 at line 1 column 20",
        ),
        (
            r#"{"color": "PURPLE"}"#,
            "field color: kinds.Color has no value \"PURPLE\" at line 1 column 18",
        ),
        (
            r#"{"color": true}"#,
            "field color: invalid type: boolean `true`, expected the name or number of a value of kinds.Color \
             at line 1 column 14",
        ),
        (
            r#"{"inner": {"b": 1}}"#,
            "field inner: kinds.Inner has no field \"b\" at line 1 column 14",
        ),
        (
            r#"{"inner": {"alll": {}}}"#,
            "field inner: kinds.Inner has no field \"alll\"; did you mean \"all\"? at line 1 column 17",
        ),
        (
            r#"{"bytes": "!"}"#,
            "field bytes: the string is not base64: Invalid symbol 33, offset 0. at line 1 column 13",
        ),
        (
            r#"{"timestamp": "yesterday"}"#,
            "field timestamp: invalid value: string \"yesterday\", expected a time such as \
             \"2030-01-31T08:30:00.25Z\" from the years 1 to 9999 at line 1 column 25",
        ),
        (
            r#"{"oneUint32": 1, "oneBool": true}"#,
            "field oneBool: another field of the same oneof has a value already at line 1 column 33",
        ),
    ] {
        let expected = format!("INVALID_ARGUMENT: the JSON is no kinds.All, {error}");
        assert_eq!(read(json).unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_reply_that_a_client_cannot_read_is_the_servers_fault() {
    let status = transcoder("Pair").decode_reply(b"{").unwrap_err();
    assert_eq!(
        status.to_string(),
        "INTERNAL: the JSON is no kinds.Pair: EOF while parsing an object at line 1 column 1"
    );
}

#[test]
fn a_method_without_descriptors_has_no_json() {
    static METHOD: MethodDescriptor = MethodDescriptor::new("a.A", "B", "a.A/B", MethodKind::Unary);
    let error = Transcoder::for_method(&METHOD, JsonOptions::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "INTERNAL: a.A/B has no descriptors, which JSON needs: rpc-build embeds them in generated code"
    );
}

#[test]
fn an_error_repeats_no_more_than_the_ends_of_a_long_value() {
    let long = "9".repeat(3_000_000);
    for (json, begins, ends) in [
        (
            format!(r#"{{"timestamp": "{long}"}}"#),
            "field timestamp: invalid value: string \"99",
            "\"2030-01-31T08:30:00.25Z\" from the years 1 to 9999 at line 1 column ",
        ),
        (
            format!(r#"{{"any": {{"@type": "{long}"}}}}"#),
            "field any: \"@type\" is \"99",
            "which has no slash before the name of the type at line 1 column ",
        ),
        (
            format!(r#"{{"any": {{"@type": "a/{long}"}}}}"#),
            "field any: the type \"99",
            "at line 1 column ",
        ),
        (
            format!(r#"{{"inner": "{long}"}}"#),
            "field inner: invalid type: string \"99",
            "expected an object with the fields of kinds.Inner at line 1 column ",
        ),
        (
            format!(r#"{{"color": "{long}"}}"#),
            "field color: kinds.Color has no value \"99",
            "99\" at line 1 column ",
        ),
        (
            format!(r#"{{"innerMap": {{"{long}": 1}}}}"#),
            "field innerMap[\"99",
            "expected an object with the fields of kinds.Inner at line 1 column ",
        ),
        (
            format!(r#"{{"{long}": 1}}"#),
            "kinds.All has no field \"99",
            "99\" at line 1 column ",
        ),
    ] {
        let status = read(&json).unwrap_err();
        let message = status.message();
        assert!(message.len() < 1_500, "{} bytes", message.len());
        assert!(message.contains(begins), "{message}");
        let without_column = message.trim_end_matches(|last: char| last.is_ascii_digit());
        assert!(without_column.ends_with(ends), "{message}");
    }
}
