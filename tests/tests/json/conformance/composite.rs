//! `json_map_test.cc`, `json_message_test.cc`, `json_oneof_test.cc`, `json_repeated_test.cc` and
//! `json_null_test.cc`.

use super::{BOTH, reads, refuses};

#[test]
fn maps() {
    reads(
        &BOTH,
        &[
            (
                "Int32MapField",
                r#"{"mapInt32Int32": {"1": 2, "3": 4}}"#,
                r#"{"mapInt32Int32":{"1":2,"3":4}}"#,
            ),
            (
                "Uint32MapField",
                r#"{"mapUint32Uint32": {"1": 2, "3": 4}}"#,
                r#"{"mapUint32Uint32":{"1":2,"3":4}}"#,
            ),
            (
                "Int64MapField",
                r#"{"mapInt64Int64": {"1": 2, "3": 4}}"#,
                r#"{"mapInt64Int64":{"1":"2","3":"4"}}"#,
            ),
            (
                "Uint64MapField",
                r#"{"mapUint64Uint64": {"1": 2, "3": 4}}"#,
                r#"{"mapUint64Uint64":{"1":"2","3":"4"}}"#,
            ),
            (
                "BoolMapField",
                r#"{"mapBoolBool": {"true": true, "false": false}}"#,
                r#"{"mapBoolBool":{"true":true,"false":false}}"#,
            ),
            (
                "MessageMapField",
                r#"{"mapStringNestedMessage": {"hello": {"a": 1234}, "world": {"a": 5678}}}"#,
                r#"{"mapStringNestedMessage":{"hello":{"a":1234},"world":{"a":5678}}}"#,
            ),
            (
                "Int32MapEscapedKey",
                r#"{"mapInt32Int32": {"\u0031": 2}}"#,
                r#"{"mapInt32Int32":{"1":2}}"#,
            ),
            (
                "Int64MapEscapedKey",
                r#"{"mapInt64Int64": {"\u0031": 2}}"#,
                r#"{"mapInt64Int64":{"1":"2"}}"#,
            ),
            (
                "BoolMapEscapedKey",
                r#"{"mapBoolBool": {"tr\u0075e": true}}"#,
                r#"{"mapBoolBool":{"true":true}}"#,
            ),
        ],
    );
    refuses(
        &BOTH,
        &[
            (
                "Int32MapFieldKeyNotQuoted",
                r#"{"mapInt32Int32": {1: 2, 3: 4}}"#,
            ),
            (
                "Uint32MapFieldKeyNotQuoted",
                r#"{"mapUint32Uint32": {1: 2, 3: 4}}"#,
            ),
            (
                "Int64MapFieldKeyNotQuoted",
                r#"{"mapInt64Int64": {1: 2, 3: 4}}"#,
            ),
            (
                "Uint64MapFieldKeyNotQuoted",
                r#"{"mapUint64Uint64": {1: 2, 3: 4}}"#,
            ),
            (
                "BoolMapFieldKeyNotQuoted",
                r#"{"mapBoolBool": {true: true, false: false}}"#,
            ),
        ],
    );
}

#[test]
fn messages() {
    reads(
        &BOTH,
        &[(
            "MessageField",
            r#"{"optionalNestedMessage": {"a": 1234}}"#,
            r#"{"optionalNestedMessage":{"a":1234}}"#,
        )],
    );
}

#[test]
fn oneofs_which_null_does_not_set_and_default_values_do() {
    reads(
        &BOTH,
        &[
            (
                "OneofFieldNullFirst",
                r#"{"oneofUint32": null, "oneofString": "test"}"#,
                r#"{"oneofString":"test"}"#,
            ),
            (
                "OneofFieldNullSecond",
                r#"{"oneofString": "test", "oneofUint32": null}"#,
                r#"{"oneofString":"test"}"#,
            ),
            (
                "OneofZeroUint32",
                r#"{"oneofUint32": 0}"#,
                r#"{"oneofUint32":0}"#,
            ),
            (
                "OneofZeroMessage",
                r#"{"oneofNestedMessage": {}}"#,
                r#"{"oneofNestedMessage":{}}"#,
            ),
            (
                "OneofZeroString",
                r#"{"oneofString": ""}"#,
                r#"{"oneofString":""}"#,
            ),
            (
                "OneofZeroBytes",
                r#"{"oneofBytes": ""}"#,
                r#"{"oneofBytes":""}"#,
            ),
            (
                "OneofZeroBool",
                r#"{"oneofBool": false}"#,
                r#"{"oneofBool":false}"#,
            ),
            (
                "OneofZeroUint64",
                r#"{"oneofUint64": 0}"#,
                r#"{"oneofUint64":"0"}"#,
            ),
            (
                "OneofZeroFloat",
                r#"{"oneofFloat": 0.0}"#,
                r#"{"oneofFloat":0.0}"#,
            ),
            (
                "OneofZeroDouble",
                r#"{"oneofDouble": 0.0}"#,
                r#"{"oneofDouble":0.0}"#,
            ),
            (
                "OneofZeroEnum",
                r#"{"oneofEnum":"FOO"}"#,
                r#"{"oneofEnum":"FOO"}"#,
            ),
        ],
    );
}

#[test]
fn two_fields_of_a_oneof_are_refused_which_the_suite_leaves_open() {
    refuses(
        &BOTH,
        &[
            (
                "OneofFieldDuplicate",
                r#"{"oneofUint32": 1, "oneofString": "test"}"#,
            ),
            (
                "OneofFieldDuplicate2",
                r#"{"oneofString": "test", "oneofUint32": 1}"#,
            ),
        ],
    );
}

#[test]
fn lists() {
    reads(
        &BOTH,
        &[
            (
                "PrimitiveRepeatedField",
                r#"{"repeatedInt32": [1, 2, 3, 4]}"#,
                r#"{"repeatedInt32":[1,2,3,4]}"#,
            ),
            (
                "EnumRepeatedField",
                r#"{"repeatedNestedEnum": ["FOO", "BAR", "BAZ"]}"#,
                r#"{"repeatedNestedEnum":["FOO","BAR","BAZ"]}"#,
            ),
            (
                "StringRepeatedField",
                r#"{"repeatedString": ["Hello", "world"]}"#,
                r#"{"repeatedString":["Hello","world"]}"#,
            ),
            (
                "BytesRepeatedField",
                r#"{"repeatedBytes": ["AAEC", "AQI="]}"#,
                r#"{"repeatedBytes":["AAEC","AQI="]}"#,
            ),
            (
                "MessageRepeatedField",
                r#"{"repeatedNestedMessage": [{"a": 1234}, {"a": 5678}]}"#,
                r#"{"repeatedNestedMessage":[{"a":1234},{"a":5678}]}"#,
            ),
        ],
    );
}

#[test]
fn lists_with_elements_of_another_type_and_what_is_no_list() {
    refuses(
        &BOTH,
        &[
            (
                "RepeatedFieldWrongElementTypeExpectingIntegersGotBool",
                r#"{"repeatedInt32": [1, false, 3, 4]}"#,
            ),
            (
                "RepeatedFieldWrongElementTypeExpectingIntegersGotString",
                r#"{"repeatedInt32": [1, 2, "name", 4]}"#,
            ),
            (
                "RepeatedFieldWrongElementTypeExpectingIntegersGotMessage",
                r#"{"repeatedInt32": [1, 2, 3, {"a": 4}]}"#,
            ),
            (
                "RepeatedFieldWrongElementTypeExpectingStringsGotInt",
                r#"{"repeatedString": ["1", 2, "3", "4"]}"#,
            ),
            (
                "RepeatedFieldWrongElementTypeExpectingStringsGotBool",
                r#"{"repeatedString": ["1", "2", false, "4"]}"#,
            ),
            (
                "RepeatedFieldWrongElementTypeExpectingStringsGotMessage",
                r#"{"repeatedString": ["1", 2, "3", {"a": 4}]}"#,
            ),
            (
                "RepeatedFieldWrongElementTypeExpectingMessagesGotInt",
                r#"{"repeatedNestedMessage": [{"a": 1}, 2]}"#,
            ),
            (
                "RepeatedFieldWrongElementTypeExpectingMessagesGotBool",
                r#"{"repeatedNestedMessage": [{"a": 1}, false]}"#,
            ),
            (
                "RepeatedFieldWrongElementTypeExpectingMessagesGotString",
                r#"{"repeatedNestedMessage": [{"a": 1}, "2"]}"#,
            ),
            (
                "SingleValueForRepeatedFieldInt32",
                r#"{"repeatedInt32": 1}"#,
            ),
            (
                "SingleValueForRepeatedFieldMessage",
                r#"{"repeatedNestedMessage": {"a": 1}}"#,
            ),
            (
                "RepeatedFieldTrailingComma",
                r#"{"repeatedInt32": [1, 2, 3, 4,]}"#,
            ),
            (
                "RepeatedFieldTrailingCommaWithSpace",
                r#"{"repeatedInt32": [1, 2, 3, 4 ,]}"#,
            ),
            (
                "RepeatedFieldTrailingCommaWithSpaceCommaSpace",
                r#"{"repeatedInt32": [1, 2, 3, 4 , ]}"#,
            ),
            (
                "RepeatedFieldTrailingCommaWithNewlines",
                "{\"repeatedInt32\": [\n  1,\n  2,\n  3,\n  4,\n]}",
            ),
        ],
    );
}

#[test]
fn null_is_no_value_for_fields_of_any_kind() {
    const FIELDS: &[&str] = &[
        "optionalInt32",
        "optionalInt64",
        "optionalUint32",
        "optionalUint64",
        "optionalSint32",
        "optionalSint64",
        "optionalFixed32",
        "optionalFixed64",
        "optionalSfixed32",
        "optionalSfixed64",
        "optionalFloat",
        "optionalDouble",
        "optionalBool",
        "optionalString",
        "optionalBytes",
        "optionalNestedEnum",
        "optionalNestedMessage",
        "repeatedInt32",
        "repeatedInt64",
        "repeatedUint32",
        "repeatedUint64",
        "repeatedSint32",
        "repeatedSint64",
        "repeatedFixed32",
        "repeatedFixed64",
        "repeatedSfixed32",
        "repeatedSfixed64",
        "repeatedFloat",
        "repeatedDouble",
        "repeatedBool",
        "repeatedString",
        "repeatedBytes",
        "repeatedNestedEnum",
        "repeatedNestedMessage",
        "mapInt32Int32",
        "mapBoolBool",
        "mapStringNestedMessage",
    ];
    let nulls: Vec<_> = FIELDS
        .iter()
        .map(|name| format!("{name:?}: null"))
        .collect();
    let nulls = format!("{{{}}}", nulls.join(", "));
    reads(&BOTH, &[("AllFieldAcceptNull", &nulls, "{}")]);
}

#[test]
fn null_is_no_element_and_no_key_or_value_of_a_map() {
    refuses(
        &BOTH,
        &[
            (
                "RepeatedFieldPrimitiveElementIsNull",
                r#"{"repeatedInt32": [1, null, 2]}"#,
            ),
            (
                "RepeatedFieldMessageElementIsNull",
                r#"{"repeatedNestedMessage": [{"a":1}, null, {"a":2}]}"#,
            ),
            ("MapFieldKeyIsNull", r#"{"mapInt32Int32": {null: 1}}"#),
            ("MapFieldValueIsNull", r#"{"mapInt32Int32": {"0": null}}"#),
        ],
    );
}
