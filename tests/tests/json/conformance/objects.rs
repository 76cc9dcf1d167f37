//! `json_hello_world_test.cc` and `json_field_name_test.cc`: names of fields, and the syntax of objects.

use rpc_runtime::json::JsonOptions;

use super::{BOTH, Syntax, ignores, reads, refuses};

#[test]
fn the_smallest_of_all() {
    reads(
        &BOTH,
        &[(
            "HelloWorld",
            r#"{"optionalString":"Hello, World!"}"#,
            r#"{"optionalString":"Hello, World!"}"#,
        )],
    );
    refuses(&BOTH, &[("RejectTopLevelNull", "null")]);
}

#[test]
fn unknown_fields_of_any_form_are_ignored_where_that_is_asked_for() {
    ignores(&[
        ("IgnoreUnknownJsonNumber", r#"{"unknown": 1}"#, "{}"),
        ("IgnoreUnknownJsonString", r#"{"unknown": "a"}"#, "{}"),
        ("IgnoreUnknownJsonTrue", r#"{"unknown": true}"#, "{}"),
        ("IgnoreUnknownJsonFalse", r#"{"unknown": false}"#, "{}"),
        ("IgnoreUnknownJsonNull", r#"{"unknown": null}"#, "{}"),
        ("IgnoreUnknownJsonObject", r#"{"unknown": {"a": 1}}"#, "{}"),
    ]);
}

#[test]
fn names_in_json_and_those_of_the_proto() {
    const SNAKE: &str = r#"{"fieldname1":1,"fieldName2":2,"FieldName3":3,"fieldName4":4}"#;
    const NUMBERS: &str = r#"{"field0name5":5,"field0Name6":6}"#;
    const MIXED: &str = r#"{"fieldName7":7,"FieldName8":8,"fieldName9":9,"FieldName10":10,"FIELDNAME11":11,"FIELDName12":12}"#;
    const DOUBLE: &str = r#"{"FieldName13":13,"FieldName14":14,"fieldName15":15,"fieldName16":16,"fieldName17":17,"FieldName18":18}"#;
    const ALL: &str = r#"{"fieldname1":1,"fieldName2":2,"FieldName3":3,"fieldName4":4,"field0name5":5,"field0Name6":6,"fieldName7":7,"FieldName8":8,"fieldName9":9,"FieldName10":10,"FIELDNAME11":11,"FIELDName12":12,"FieldName13":13,"FieldName14":14,"fieldName15":15,"fieldName16":16,"fieldName17":17,"FieldName18":18}"#;
    reads(
        &BOTH,
        &[
            ("FieldNameInSnakeCase", SNAKE, SNAKE),
            ("FieldNameWithNumbers", NUMBERS, NUMBERS),
            ("FieldNameWithMixedCases", MIXED, MIXED),
            ("FieldNameWithDoubleUnderscores", DOUBLE, DOUBLE),
            (
                "OriginalProtoFieldName",
                r#"{
                    "fieldname1": 1,
                    "field_name2": 2,
                    "_field_name3": 3,
                    "field__name4_": 4,
                    "field0name5": 5,
                    "field_0_name6": 6,
                    "fieldName7": 7,
                    "FieldName8": 8,
                    "field_Name9": 9,
                    "Field_Name10": 10,
                    "FIELD_NAME11": 11,
                    "FIELD_name12": 12,
                    "__field_name13": 13,
                    "__Field_name14": 14,
                    "field__name15": 15,
                    "field__Name16": 16,
                    "field_name17__": 17,
                    "Field_name18__": 18
                }"#,
                ALL,
            ),
            (
                "FieldNameEscaped",
                r#"{"fieldn\u0061me1": 1}"#,
                r#"{"fieldname1":1}"#,
            ),
            ("FieldNameInLowerCamelCase", SNAKE, SNAKE),
            ("FieldNameWithNumbersValidator", NUMBERS, NUMBERS),
            ("FieldNameWithMixedCasesValidator", MIXED, MIXED),
            ("FieldNameWithDoubleUnderscoresValidator", DOUBLE, DOUBLE),
        ],
    );
}

#[test]
fn spaces_between_tokens_mean_nothing() {
    const BOTH_FIELDS: &str = r#"{"optionalInt32":1,"optionalInt64":"2"}"#;
    reads(
        &BOTH,
        &[
            (
                "OneLineNoSpaces",
                r#"{"optionalInt32":1,"optionalInt64":2}"#,
                BOTH_FIELDS,
            ),
            (
                "OneLineWithSpaces",
                r#"{ "optionalInt32" : 1 , "optionalInt64" : 2 }"#,
                BOTH_FIELDS,
            ),
            (
                "MultilineNoSpaces",
                "{\n\"optionalInt32\"\n:\n1\n,\n\"optionalInt64\"\n:\n2\n}",
                BOTH_FIELDS,
            ),
            (
                "MultilineWithSpaces",
                "{\n  \"optionalInt32\"  :  1\n  ,\n  \"optionalInt64\"  :  2\n}\n",
                BOTH_FIELDS,
            ),
        ],
    );
}

#[test]
fn what_is_no_json() {
    refuses(
        &BOTH,
        &[
            ("StringEndsWithEscapeChar", r#"{"optionalString": "abc\"#),
            ("FieldNameNotQuoted", "{fieldname1: 1}"),
            ("TrailingCommaInAnObject", r#"{"fieldname1":1,}"#),
            ("TrailingCommaInAnObjectWithSpace", r#"{"fieldname1":1 ,}"#),
            (
                "TrailingCommaInAnObjectWithSpaceCommaSpace",
                r#"{"fieldname1":1 , }"#,
            ),
            (
                "TrailingCommaInAnObjectWithNewlines",
                "{\n  \"fieldname1\":1,\n}",
            ),
            (
                "JsonWithComments",
                "{\n  // This is a comment.\n  \"fieldname1\": 1\n}",
            ),
            (
                "MissingCommaOneLine",
                r#"{ "optionalInt32": 1 "optionalInt64": 2 }"#,
            ),
            (
                "MissingCommaMultiline",
                "{\n  \"optionalInt32\": 1\n  \"optionalInt64\": 2\n}",
            ),
        ],
    );
}

#[test]
fn fields_that_are_given_twice_are_refused_which_the_suite_leaves_open() {
    refuses(
        &BOTH,
        &[
            (
                "FieldNameDuplicate",
                r#"{"optionalNestedMessage": {"a": 1}, "optionalNestedMessage": {}}"#,
            ),
            (
                "FieldNameDuplicateDifferentCasing1",
                r#"{"optional_nested_message": {"a": 1}, "optionalNestedMessage": {}}"#,
            ),
            (
                "FieldNameDuplicateDifferentCasing2",
                r#"{"optionalNestedMessage": {"a": 1}, "optional_nested_message": {}}"#,
            ),
        ],
    );
}

#[test]
fn default_values_are_written_where_they_differ_from_none() {
    reads(
        &[Syntax::Proto3],
        &[("SkipsDefaultPrimitive", r#"{"FieldName13": 0}"#, "{}")],
    );
    reads(
        &[Syntax::Proto2],
        &[(
            "StoresDefaultPrimitive",
            r#"{"FieldName13": 0}"#,
            r#"{"FieldName13":0}"#,
        )],
    );
}

#[test]
fn extensions_have_their_full_name_in_brackets() {
    // Generated code does not have them, so only the two forms are compared.
    let transcoder = Syntax::Proto2.transcoder(JsonOptions::new());
    let json = r#"{"[conformance2.extension_int32]":1}"#;
    let protobuf = transcoder.decode_request(json.as_bytes()).unwrap();
    assert_eq!(
        Syntax::Proto2.write(&protobuf).unwrap(),
        json,
        "FieldNameExtension"
    );
}
