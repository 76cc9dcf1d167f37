//! `json_bool_test.cc`, `json_enum_test.cc`, `json_unknown_enum_test.cc` and `json_string_test.cc`.

use super::{BOTH, Syntax, ignores, reads, refuses};

/// A default value, which only proto2 writes.
fn reads_default(name: &str, input: &str, in_proto2: &str) {
    reads(&[Syntax::Proto2], &[(name, input, in_proto2)]);
    reads(&[Syntax::Proto3], &[(name, input, "{}")]);
}

#[test]
fn truth() {
    reads(
        &BOTH,
        &[(
            "BoolFieldTrue",
            r#"{"optionalBool":true}"#,
            r#"{"optionalBool":true}"#,
        )],
    );
    reads_default(
        "BoolFieldFalse",
        r#"{"optionalBool":false}"#,
        r#"{"optionalBool":false}"#,
    );
    refuses(
        &BOTH,
        &[
            ("BoolFieldIntegerZero", r#"{"optionalBool":0}"#),
            ("BoolFieldIntegerOne", r#"{"optionalBool":1}"#),
            ("BoolFieldCamelCaseTrue", r#"{"optionalBool":True}"#),
            ("BoolFieldCamelCaseFalse", r#"{"optionalBool":False}"#),
            ("BoolFieldAllCapitalTrue", r#"{"optionalBool":TRUE}"#),
            ("BoolFieldAllCapitalFalse", r#"{"optionalBool":FALSE}"#),
            ("BoolFieldDoubleQuotedTrue", r#"{"optionalBool":"true"}"#),
            ("BoolFieldDoubleQuotedFalse", r#"{"optionalBool":"false"}"#),
        ],
    );
}

#[test]
fn enums_by_name_and_number() {
    reads(
        &BOTH,
        &[(
            "EnumFieldNumericValueNonZero",
            r#"{"optionalNestedEnum": 1}"#,
            r#"{"optionalNestedEnum":"BAR"}"#,
        )],
    );
    reads_default(
        "EnumField",
        r#"{"optionalNestedEnum": "FOO"}"#,
        r#"{"optionalNestedEnum":"FOO"}"#,
    );
    reads_default(
        "EnumFieldNumericValueZero",
        r#"{"optionalNestedEnum": 0}"#,
        r#"{"optionalNestedEnum":"FOO"}"#,
    );
    reads(
        &[Syntax::Proto3],
        &[
            (
                "EnumFieldWithAlias",
                r#"{"optionalAliasedEnum": "ALIAS_BAZ"}"#,
                r#"{"optionalAliasedEnum":"ALIAS_BAZ"}"#,
            ),
            (
                "EnumFieldWithAliasUseAlias",
                r#"{"optionalAliasedEnum": "MOO"}"#,
                r#"{"optionalAliasedEnum":"ALIAS_BAZ"}"#,
            ),
            (
                "EnumFieldWithAliasLowerCase",
                r#"{"optionalAliasedEnum": "moo"}"#,
                r#"{"optionalAliasedEnum":"ALIAS_BAZ"}"#,
            ),
            (
                "EnumFieldWithAliasDifferentCase",
                r#"{"optionalAliasedEnum": "bAz"}"#,
                r#"{"optionalAliasedEnum":"ALIAS_BAZ"}"#,
            ),
            (
                "EnumFieldUnknownValue",
                r#"{"optionalNestedEnum": 123}"#,
                r#"{"optionalNestedEnum":123}"#,
            ),
        ],
    );
    refuses(
        &BOTH,
        &[
            ("EnumFieldNotQuoted", r#"{"optionalNestedEnum": FOO}"#),
            (
                "EnumFieldSingleElementArrayEnumName",
                r#"{"optionalNestedEnum": ["FOO"]}"#,
            ),
            (
                "EnumFieldSingleElementArrayNumericValue",
                r#"{"optionalNestedEnum": [2]}"#,
            ),
            ("EnumFieldTrueValue", r#"{"optionalNestedEnum": true}"#),
            ("EnumFieldFalseValue", r#"{"optionalNestedEnum": false}"#),
        ],
    );
}

#[test]
fn unknown_names_of_enums() {
    refuses(
        &BOTH,
        &[
            (
                "RejectUnknownEnumStringValueInOptionalField",
                r#"{"optional_nested_enum": "UNKNOWN_ENUM_VALUE"}"#,
            ),
            (
                "RejectUnknownEnumStringValueInRepeatedField",
                r#"{"repeated_nested_enum": ["UNKNOWN_ENUM_VALUE"]}"#,
            ),
            (
                "RejectUnknownEnumStringValueInMapValue",
                r#"{"map_string_nested_enum": {"key": "UNKNOWN_ENUM_VALUE"}}"#,
            ),
        ],
    );
    ignores(&[
        (
            "IgnoreUnknownEnumStringValueInOptionalField",
            r#"{"optional_nested_enum": "UNKNOWN_ENUM_VALUE"}"#,
            "{}",
        ),
        (
            "IgnoreUnknownEnumStringValueInRepeatedField",
            r#"{"repeated_nested_enum": ["UNKNOWN_ENUM_VALUE"]}"#,
            "{}",
        ),
        (
            "IgnoreUnknownEnumStringValueInMapValue",
            r#"{"map_string_nested_enum": {"key": "UNKNOWN_ENUM_VALUE"}}"#,
            "{}",
        ),
        (
            "IgnoreUnknownEnumStringValueInRepeatedPart",
            r#"{"repeated_nested_enum": ["FOO", "UNKNOWN_ENUM_VALUE", "FOO"]}"#,
            r#"{"repeatedNestedEnum":["FOO","FOO"]}"#,
        ),
        (
            "IgnoreUnknownEnumStringValueInMapPart",
            r#"{"map_string_nested_enum": {"key1": "FOO", "key2": "UNKNOWN_ENUM_VALUE"}}"#,
            r#"{"mapStringNestedEnum":{"key1":"FOO"}}"#,
        ),
    ]);
}

#[test]
fn strings() {
    reads(
        &BOTH,
        &[
            (
                "StringField",
                r#"{"optionalString": "Hello world!"}"#,
                r#"{"optionalString":"Hello world!"}"#,
            ),
            (
                "StringFieldUnicode",
                r#"{"optionalString": "谷歌"}"#,
                r#"{"optionalString":"谷歌"}"#,
            ),
            (
                "StringFieldEscape",
                r#"{"optionalString": "\"\\\/\b\f\n\r\t"}"#,
                r#"{"optionalString":"\"\\/\b\f\n\r\t"}"#,
            ),
            (
                "StringFieldUnicodeEscape",
                r#"{"optionalString": "\u8C37\u6B4C"}"#,
                r#"{"optionalString":"谷歌"}"#,
            ),
            (
                "StringFieldUnicodeEscapeWithLowercaseHexLetters",
                r#"{"optionalString": "\u8c37\u6b4c"}"#,
                r#"{"optionalString":"谷歌"}"#,
            ),
            (
                "StringFieldSurrogatePair",
                r#"{"optionalString": "\uD83D\uDE01"}"#,
                r#"{"optionalString":"😁"}"#,
            ),
            (
                "StringFieldEmbeddedNull",
                r#"{"optionalString": "Hello\u0000world!"}"#,
                r#"{"optionalString":"Hello\u0000world!"}"#,
            ),
        ],
    );
    refuses(
        &BOTH,
        &[
            (
                "StringFieldUppercaseEscapeLetter",
                r#"{"optionalString": "\U8C37\U6b4C"}"#,
            ),
            (
                "StringFieldInvalidEscape",
                r#"{"optionalString": "\uXXXX\u6B4C"}"#,
            ),
            (
                "StringFieldUnterminatedEscape",
                r#"{"optionalString": "\u8C3"}"#,
            ),
            (
                "StringFieldUnpairedHighSurrogate",
                r#"{"optionalString": "\uD800"}"#,
            ),
            (
                "StringFieldUnpairedLowSurrogate",
                r#"{"optionalString": "\uDC00"}"#,
            ),
            (
                "StringFieldSurrogateInWrongOrder",
                r#"{"optionalString": "\uDE01\uD83D"}"#,
            ),
            ("StringFieldNotAString", r#"{"optionalString": 12345}"#),
            (
                "StringFieldSingleQuoteKey",
                r#"{'optionalString': "Hello world!"}"#,
            ),
            (
                "StringFieldSingleQuoteValue",
                r#"{"optionalString": 'Hello world!'}"#,
            ),
            (
                "StringFieldSingleQuoteBoth",
                "{'optionalString': 'Hello world!'}",
            ),
        ],
    );
}

#[test]
fn bytes_in_either_alphabet() {
    reads(
        &BOTH,
        &[
            (
                "BytesField",
                r#"{"optionalBytes": "AQI="}"#,
                r#"{"optionalBytes":"AQI="}"#,
            ),
            (
                "BytesFieldBase64Url",
                r#"{"optionalBytes": "-_"}"#,
                r#"{"optionalBytes":"+w=="}"#,
            ),
        ],
    );
}
