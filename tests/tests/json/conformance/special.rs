//! `json_any_test.cc`, `json_field_mask_test.cc`, `json_struct_test.cc`, `json_value_test.cc` and
//! `json_wrapper_test.cc`: the other well-known types.

use rpc_runtime::prost_types::value::Kind;
use rpc_runtime::prost_types::{FieldMask, Value};
use rpc_tests::conformance3::All;

use super::{Syntax, has_no_json, reads, refuses};

#[test]
fn messages_of_a_type_that_they_name() {
    reads(
        &[Syntax::Proto3],
        &[
            (
                "Any",
                r#"{"optionalAny": {"@type": "type.googleapis.com/conformance3.All", "optionalInt32": 12345}}"#,
                r#"{"optionalAny":{"@type":"type.googleapis.com/conformance3.All","optionalInt32":12345}}"#,
            ),
            (
                "AnyNested",
                r#"{"optionalAny": {"@type": "type.googleapis.com/google.protobuf.Any", "value": {"@type": "type.googleapis.com/conformance3.All", "optionalInt32": 12345}}}"#,
                r#"{"optionalAny":{"@type":"type.googleapis.com/google.protobuf.Any","value":{"@type":"type.googleapis.com/conformance3.All","optionalInt32":12345}}}"#,
            ),
            (
                "AnyUnorderedTypeTag",
                r#"{"optionalAny": {"optionalInt32": 12345, "@type": "type.googleapis.com/conformance3.All"}}"#,
                r#"{"optionalAny":{"@type":"type.googleapis.com/conformance3.All","optionalInt32":12345}}"#,
            ),
            (
                "AnyWithInt32ValueWrapper",
                r#"{"optionalAny": {"@type": "type.googleapis.com/google.protobuf.Int32Value", "value": 12345}}"#,
                r#"{"optionalAny":{"@type":"type.googleapis.com/google.protobuf.Int32Value","value":12345}}"#,
            ),
            (
                "AnyWithDuration",
                r#"{"optionalAny": {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "1.5s"}}"#,
                r#"{"optionalAny":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1.500s"}}"#,
            ),
            (
                "AnyWithTimestamp",
                r#"{"optionalAny": {"@type": "type.googleapis.com/google.protobuf.Timestamp", "value": "1970-01-01T00:00:00Z"}}"#,
                r#"{"optionalAny":{"@type":"type.googleapis.com/google.protobuf.Timestamp","value":"1970-01-01T00:00:00Z"}}"#,
            ),
            (
                "AnyWithFieldMask",
                r#"{"optionalAny": {"@type": "type.googleapis.com/google.protobuf.FieldMask", "value": "foo,barBaz"}}"#,
                r#"{"optionalAny":{"@type":"type.googleapis.com/google.protobuf.FieldMask","value":"foo,barBaz"}}"#,
            ),
            (
                "AnyWithStruct",
                r#"{"optionalAny": {"@type": "type.googleapis.com/google.protobuf.Struct", "value": {"foo": 1}}}"#,
                r#"{"optionalAny":{"@type":"type.googleapis.com/google.protobuf.Struct","value":{"foo":1.0}}}"#,
            ),
            (
                "AnyWithValueForJsonObject",
                r#"{"optionalAny": {"@type": "type.googleapis.com/google.protobuf.Value", "value": {"foo": 1}}}"#,
                r#"{"optionalAny":{"@type":"type.googleapis.com/google.protobuf.Value","value":{"foo":1.0}}}"#,
            ),
            (
                "AnyWithValueForInteger",
                r#"{"optionalAny": {"@type": "type.googleapis.com/google.protobuf.Value", "value": 1}}"#,
                r#"{"optionalAny":{"@type":"type.googleapis.com/google.protobuf.Value","value":1.0}}"#,
            ),
            (
                "AnyWithNoType",
                r#"{"optionalAny": {}}"#,
                r#"{"optionalAny":{}}"#,
            ),
            ("AnyNull", r#"{"optionalAny": null}"#, "{}"),
            (
                "AnyEmpty",
                r#"{"optionalAny": {"@type": "type.googleapis.com/google.protobuf.Empty"}}"#,
                r#"{"optionalAny":{"@type":"type.googleapis.com/google.protobuf.Empty"}}"#,
            ),
        ],
    );
    refuses(
        &[Syntax::Proto3],
        &[
            (
                "AnyWktRepresentationWithEmptyTypeAndValue",
                r#"{"optionalAny": {"@type": "", "value": ""}}"#,
            ),
            (
                "AnyWktRepresentationWithBadType",
                r#"{"optionalAny": {"@type": "not_a_url", "value": ""}}"#,
            ),
        ],
    );
}

#[test]
fn field_masks() {
    reads(
        &[Syntax::Proto3],
        &[
            (
                "FieldMask",
                r#"{"optionalFieldMask": "foo,barBaz"}"#,
                r#"{"optionalFieldMask":"foo,barBaz"}"#,
            ),
            (
                "EmptyFieldMask",
                r#"{"optionalFieldMask": ""}"#,
                r#"{"optionalFieldMask":""}"#,
            ),
        ],
    );
    refuses(
        &[Syntax::Proto3],
        &[(
            "FieldMaskInvalidCharacter",
            r#"{"optionalFieldMask": "foo,bar_bar"}"#,
        )],
    );
    let mask = |path: &str| All {
        optional_field_mask: Some(FieldMask {
            paths: vec![path.to_owned()],
        }),
        ..All::default()
    };
    has_no_json(&[
        ("FieldMaskPathsDontRoundTrip", mask("fooBar")),
        ("FieldMaskNumbersDontRoundTrip", mask("foo_3_bar")),
        ("FieldMaskTooManyUnderscore", mask("foo__bar")),
    ]);
}

#[test]
fn structs() {
    reads(
        &[Syntax::Proto3],
        &[
            (
                "Struct",
                r#"{"optionalStruct": {"nullValue": null, "intValue": 1234, "boolValue": true, "doubleValue": 1234.5678, "stringValue": "Hello world!", "listValue": [1234, "5678"], "objectValue": {"value": 0}}}"#,
                r#"{"optionalStruct":{"nullValue":null,"intValue":1234.0,"boolValue":true,"doubleValue":1234.5678,"stringValue":"Hello world!","listValue":[1234.0,"5678"],"objectValue":{"value":0.0}}}"#,
            ),
            (
                "StructWithEmptyListValue",
                r#"{"optionalStruct": {"listValue": []}}"#,
                r#"{"optionalStruct":{"listValue":[]}}"#,
            ),
        ],
    );
}

#[test]
fn values_of_any_form() {
    reads(
        &[Syntax::Proto3],
        &[
            (
                "ValueAcceptInteger",
                r#"{"optionalValue": 1}"#,
                r#"{"optionalValue":1.0}"#,
            ),
            (
                "ValueAcceptFloat",
                r#"{"optionalValue": 1.5}"#,
                r#"{"optionalValue":1.5}"#,
            ),
            (
                "ValueAcceptBool",
                r#"{"optionalValue": false}"#,
                r#"{"optionalValue":false}"#,
            ),
            (
                "ValueAcceptNull",
                r#"{"optionalValue": null}"#,
                r#"{"optionalValue":null}"#,
            ),
            (
                "ValueAcceptString",
                r#"{"optionalValue": "hello"}"#,
                r#"{"optionalValue":"hello"}"#,
            ),
            (
                "ValueAcceptList",
                r#"{"optionalValue": [0, "hello"]}"#,
                r#"{"optionalValue":[0.0,"hello"]}"#,
            ),
            (
                "ValueAcceptObject",
                r#"{"optionalValue": {"value": 1}}"#,
                r#"{"optionalValue":{"value":1.0}}"#,
            ),
            (
                "RepeatedValue",
                r#"{"repeatedValue": [["a"]]}"#,
                r#"{"repeatedValue":[["a"]]}"#,
            ),
            (
                "RepeatedListValue",
                r#"{"repeatedListValue": [["a"]]}"#,
                r#"{"repeatedListValue":[["a"]]}"#,
            ),
            (
                "NullValueInOtherOneofOldFormat",
                r#"{"oneofNullValue": "NULL_VALUE"}"#,
                r#"{"oneofNullValue":null}"#,
            ),
            (
                "NullValueInOtherOneofNewFormat",
                r#"{"oneofNullValue": null}"#,
                r#"{"oneofNullValue":null}"#,
            ),
            (
                "NullValueInNormalMessage",
                r#"{"optionalNullValue": null}"#,
                "{}",
            ),
        ],
    );
    let number = |number| All {
        optional_value: Some(Value {
            kind: Some(Kind::NumberValue(number)),
        }),
        ..All::default()
    };
    has_no_json(&[
        ("ValueRejectNanNumberValue", number(f64::NAN)),
        ("ValueRejectInfNumberValue", number(f64::INFINITY)),
    ]);
}

#[test]
fn wrappers() {
    reads(
        &[Syntax::Proto3],
        &[
            (
                "OptionalBoolWrapper",
                r#"{"optionalBoolWrapper": false}"#,
                r#"{"optionalBoolWrapper":false}"#,
            ),
            (
                "OptionalInt32Wrapper",
                r#"{"optionalInt32Wrapper": 0}"#,
                r#"{"optionalInt32Wrapper":0}"#,
            ),
            (
                "OptionalUint32Wrapper",
                r#"{"optionalUint32Wrapper": 0}"#,
                r#"{"optionalUint32Wrapper":0}"#,
            ),
            (
                "OptionalInt64Wrapper",
                r#"{"optionalInt64Wrapper": 0}"#,
                r#"{"optionalInt64Wrapper":"0"}"#,
            ),
            (
                "OptionalUint64Wrapper",
                r#"{"optionalUint64Wrapper": 0}"#,
                r#"{"optionalUint64Wrapper":"0"}"#,
            ),
            (
                "OptionalFloatWrapper",
                r#"{"optionalFloatWrapper": 0}"#,
                r#"{"optionalFloatWrapper":0.0}"#,
            ),
            (
                "OptionalDoubleWrapper",
                r#"{"optionalDoubleWrapper": 0}"#,
                r#"{"optionalDoubleWrapper":0.0}"#,
            ),
            (
                "OptionalStringWrapper",
                r#"{"optionalStringWrapper": ""}"#,
                r#"{"optionalStringWrapper":""}"#,
            ),
            (
                "OptionalBytesWrapper",
                r#"{"optionalBytesWrapper": ""}"#,
                r#"{"optionalBytesWrapper":""}"#,
            ),
            (
                "OptionalWrapperTypesWithNonDefaultValue",
                r#"{"optionalBoolWrapper": true, "optionalInt32Wrapper": 1, "optionalUint32Wrapper": 1, "optionalInt64Wrapper": "1", "optionalUint64Wrapper": "1", "optionalFloatWrapper": 1, "optionalDoubleWrapper": 1, "optionalStringWrapper": "1", "optionalBytesWrapper": "AQI="}"#,
                r#"{"optionalBoolWrapper":true,"optionalInt32Wrapper":1,"optionalInt64Wrapper":"1","optionalUint32Wrapper":1,"optionalUint64Wrapper":"1","optionalFloatWrapper":1.0,"optionalDoubleWrapper":1.0,"optionalStringWrapper":"1","optionalBytesWrapper":"AQI="}"#,
            ),
            (
                "RepeatedBoolWrapper",
                r#"{"repeatedBoolWrapper": [true, false]}"#,
                r#"{"repeatedBoolWrapper":[true,false]}"#,
            ),
            (
                "RepeatedInt32Wrapper",
                r#"{"repeatedInt32Wrapper": [0, 1]}"#,
                r#"{"repeatedInt32Wrapper":[0,1]}"#,
            ),
            (
                "RepeatedUint32Wrapper",
                r#"{"repeatedUint32Wrapper": [0, 1]}"#,
                r#"{"repeatedUint32Wrapper":[0,1]}"#,
            ),
            (
                "RepeatedInt64Wrapper",
                r#"{"repeatedInt64Wrapper": [0, 1]}"#,
                r#"{"repeatedInt64Wrapper":["0","1"]}"#,
            ),
            (
                "RepeatedUint64Wrapper",
                r#"{"repeatedUint64Wrapper": [0, 1]}"#,
                r#"{"repeatedUint64Wrapper":["0","1"]}"#,
            ),
            (
                "RepeatedFloatWrapper",
                r#"{"repeatedFloatWrapper": [0, 1]}"#,
                r#"{"repeatedFloatWrapper":[0.0,1.0]}"#,
            ),
            (
                "RepeatedDoubleWrapper",
                r#"{"repeatedDoubleWrapper": [0, 1]}"#,
                r#"{"repeatedDoubleWrapper":[0.0,1.0]}"#,
            ),
            (
                "RepeatedStringWrapper",
                r#"{"repeatedStringWrapper": ["", "AQI="]}"#,
                r#"{"repeatedStringWrapper":["","AQI="]}"#,
            ),
            (
                "RepeatedBytesWrapper",
                r#"{"repeatedBytesWrapper": ["", "AQI="]}"#,
                r#"{"repeatedBytesWrapper":["","AQI="]}"#,
            ),
            (
                "WrapperTypesWithNullValue",
                r#"{"optionalBoolWrapper": null, "optionalInt32Wrapper": null, "optionalUint32Wrapper": null, "optionalInt64Wrapper": null, "optionalUint64Wrapper": null, "optionalFloatWrapper": null, "optionalDoubleWrapper": null, "optionalStringWrapper": null, "optionalBytesWrapper": null, "repeatedBoolWrapper": null, "repeatedInt32Wrapper": null, "repeatedUint32Wrapper": null, "repeatedInt64Wrapper": null, "repeatedUint64Wrapper": null, "repeatedFloatWrapper": null, "repeatedDoubleWrapper": null, "repeatedStringWrapper": null, "repeatedBytesWrapper": null}"#,
                "{}",
            ),
        ],
    );
}
