//! `json_integer_test.cc` and `json_float_test.cc`.

use super::{BOTH, Syntax, check_written, reads, refuses};

#[test]
fn integers_as_numbers_as_strings_and_in_any_notation() {
    reads(
        &BOTH,
        &[
            (
                "Int32FieldMaxValue",
                r#"{"optionalInt32": 2147483647}"#,
                r#"{"optionalInt32":2147483647}"#,
            ),
            (
                "Int32FieldMinValue",
                r#"{"optionalInt32": -2147483648}"#,
                r#"{"optionalInt32":-2147483648}"#,
            ),
            (
                "Uint32FieldMaxValue",
                r#"{"optionalUint32": 4294967295}"#,
                r#"{"optionalUint32":4294967295}"#,
            ),
            (
                "Int64FieldMaxValue",
                r#"{"optionalInt64": "9223372036854775807"}"#,
                r#"{"optionalInt64":"9223372036854775807"}"#,
            ),
            (
                "Int64FieldMinValue",
                r#"{"optionalInt64": "-9223372036854775808"}"#,
                r#"{"optionalInt64":"-9223372036854775808"}"#,
            ),
            (
                "Uint64FieldMaxValue",
                r#"{"optionalUint64": "18446744073709551615"}"#,
                r#"{"optionalUint64":"18446744073709551615"}"#,
            ),
            (
                "Int64FieldMaxValueNotQuoted",
                r#"{"optionalInt64": 9223372036854774784}"#,
                r#"{"optionalInt64":"9223372036854774784"}"#,
            ),
            (
                "Int64FieldMinValueNotQuoted",
                r#"{"optionalInt64": -9223372036854775808}"#,
                r#"{"optionalInt64":"-9223372036854775808"}"#,
            ),
            (
                "Uint64FieldMaxValueNotQuoted",
                r#"{"optionalUint64": 18446744073709549568}"#,
                r#"{"optionalUint64":"18446744073709549568"}"#,
            ),
            (
                "Int32FieldStringValue",
                r#"{"optionalInt32": "2147483647"}"#,
                r#"{"optionalInt32":2147483647}"#,
            ),
            (
                "Int32FieldStringValueEscaped",
                r#"{"optionalInt32": "2\u003147483647"}"#,
                r#"{"optionalInt32":2147483647}"#,
            ),
            (
                "Int32FieldQuotedExponentialValue",
                r#"{"optionalInt32": "1e5"}"#,
                r#"{"optionalInt32":100000}"#,
            ),
            (
                "Int32FieldFloatTrailingZero",
                r#"{"optionalInt32": 100000.000}"#,
                r#"{"optionalInt32":100000}"#,
            ),
            (
                "Int32FieldExponentialFormat",
                r#"{"optionalInt32": 1e5}"#,
                r#"{"optionalInt32":100000}"#,
            ),
            (
                "Int32FieldMaxFloatValue",
                r#"{"optionalInt32": 2.147483647e9}"#,
                r#"{"optionalInt32":2147483647}"#,
            ),
            (
                "Int32FieldMinFloatValue",
                r#"{"optionalInt32": -2.147483648e9}"#,
                r#"{"optionalInt32":-2147483648}"#,
            ),
            (
                "Uint32FieldMaxFloatValue",
                r#"{"optionalUint32": 4.294967295e9}"#,
                r#"{"optionalUint32":4294967295}"#,
            ),
            (
                "Int64FieldBeString",
                r#"{"optionalInt64": 1}"#,
                r#"{"optionalInt64":"1"}"#,
            ),
            (
                "Uint64FieldBeString",
                r#"{"optionalUint64": 1}"#,
                r#"{"optionalUint64":"1"}"#,
            ),
        ],
    );
    const ZERO: &str = r#"{"optionalInt32": "0"}"#;
    reads(
        &[Syntax::Proto3],
        &[("Int32FieldStringValueZero", ZERO, "{}")],
    );
    reads(
        &[Syntax::Proto2],
        &[("Int32FieldStringValueZero", ZERO, r#"{"optionalInt32":0}"#)],
    );
}

#[test]
fn integers_that_are_out_of_range() {
    refuses(
        &BOTH,
        &[
            ("Int32FieldTooLarge", r#"{"optionalInt32": 2147483648}"#),
            ("Int32FieldTooSmall", r#"{"optionalInt32": -2147483649}"#),
            ("Uint32FieldTooLarge", r#"{"optionalUint32": 4294967296}"#),
            (
                "Int64FieldTooLarge",
                r#"{"optionalInt64": "9223372036854775808"}"#,
            ),
            (
                "Int64FieldTooSmall",
                r#"{"optionalInt64": "-9223372036854775809"}"#,
            ),
            (
                "Uint64FieldTooLarge",
                r#"{"optionalUint64": "18446744073709551616"}"#,
            ),
            (
                "Uint64QuotedExponentFieldTooLarge",
                r#"{"optionalUint64": "1e536870000"}"#,
            ),
        ],
    );
}

#[test]
fn what_is_no_integer() {
    refuses(
        &BOTH,
        &[
            ("Int32FieldNotInteger", r#"{"optionalInt32": 0.5}"#),
            ("Uint32FieldNotInteger", r#"{"optionalUint32": 0.5}"#),
            ("Int64FieldNotInteger", r#"{"optionalInt64": "0.5"}"#),
            ("Uint64FieldNotInteger", r#"{"optionalUint64": "0.5"}"#),
            ("Int32FieldTrueValue", r#"{"optionalInt32": true}"#),
            ("Int32FieldFalseValue", r#"{"optionalInt32": false}"#),
            (
                "Int32FieldStringValuePartiallyNumeric",
                r#"{"optionalInt32": "12abc"}"#,
            ),
            (
                "Int32FieldStringValuePartiallyNumericSpace",
                r#"{"optionalInt32": "12 34"}"#,
            ),
            (
                "Int32FieldStringValuePartiallyNumericComma",
                r#"{"optionalInt32": "12,34"}"#,
            ),
            (
                "Int32FieldStringValuePartiallyNumericUnicode",
                r#"{"optionalInt32": "12谷歌34"}"#,
            ),
            (
                "Int32FieldStringValueNonNumeric",
                r#"{"optionalInt32": "abc"}"#,
            ),
            (
                "Int32FieldStringValueArabicIndicDigits",
                r#"{"optionalInt32": "١٢٣"}"#,
            ),
            (
                "Int64FieldStringValueFullwidthDigits",
                r#"{"optionalInt64": "１２３"}"#,
            ),
            ("Int32FieldEmptyString", r#"{"optionalInt32": ""}"#),
            ("Uint32FieldEmptyString", r#"{"optionalUint32": ""}"#),
            ("Int64FieldEmptyString", r#"{"optionalInt64": ""}"#),
            ("Uint64FieldEmptyString", r#"{"optionalUint64": ""}"#),
            ("Int32FieldNotNumber", r#"{"optionalInt32": "3x3"}"#),
            ("Uint32FieldNotNumber", r#"{"optionalUint32": "3x3"}"#),
            ("Int64FieldNotNumber", r#"{"optionalInt64": "3x3"}"#),
            ("Uint64FieldNotNumber", r#"{"optionalUint64": "3x3"}"#),
            ("Int32FieldPlusSign", r#"{"optionalInt32": +1}"#),
            ("Int32FieldLeadingZero", r#"{"optionalInt32": 01}"#),
            (
                "Int32FieldNegativeWithLeadingZero",
                r#"{"optionalInt32": -01}"#,
            ),
            ("Int32FieldLeadingSpace", r#"{"optionalInt32": " 1"}"#),
            ("Int32FieldTrailingSpace", r#"{"optionalInt32": "1 "}"#),
        ],
    );
}

#[test]
fn floating_point_numbers() {
    reads(
        &BOTH,
        &[
            (
                "FloatFieldMinPositiveValue",
                r#"{"optionalFloat": 1.175494e-38}"#,
                r#"{"optionalFloat":1.175494e-38}"#,
            ),
            (
                "FloatFieldMaxNegativeValue",
                r#"{"optionalFloat": -1.175494e-38}"#,
                r#"{"optionalFloat":-1.175494e-38}"#,
            ),
            (
                "FloatFieldMaxPositiveValue",
                r#"{"optionalFloat": 3.402823e+38}"#,
                r#"{"optionalFloat":3.402823e+38}"#,
            ),
            (
                "FloatFieldMinNegativeValue",
                r#"{"optionalFloat": 3.402823e+38}"#,
                r#"{"optionalFloat":3.402823e+38}"#,
            ),
            (
                "FloatFieldQuotedValue",
                r#"{"optionalFloat": "1"}"#,
                r#"{"optionalFloat":1.0}"#,
            ),
            (
                "FloatFieldQuotedExponentialValue",
                r#"{"optionalFloat": "1.175494e-38"}"#,
                r#"{"optionalFloat":1.175494e-38}"#,
            ),
            (
                "FloatFieldNan",
                r#"{"optionalFloat": "NaN"}"#,
                r#"{"optionalFloat":"NaN"}"#,
            ),
            (
                "FloatFieldInfinity",
                r#"{"optionalFloat": "Infinity"}"#,
                r#"{"optionalFloat":"Infinity"}"#,
            ),
            (
                "FloatFieldNegativeInfinity",
                r#"{"optionalFloat": "-Infinity"}"#,
                r#"{"optionalFloat":"-Infinity"}"#,
            ),
            (
                "DoubleFieldMinPositiveValue",
                r#"{"optionalDouble": 2.22507e-308}"#,
                r#"{"optionalDouble":2.22507e-308}"#,
            ),
            (
                "DoubleFieldMaxNegativeValue",
                r#"{"optionalDouble": -2.22507e-308}"#,
                r#"{"optionalDouble":-2.22507e-308}"#,
            ),
            (
                "DoubleFieldMaxPositiveValue",
                r#"{"optionalDouble": 1.79769e+308}"#,
                r#"{"optionalDouble":1.79769e+308}"#,
            ),
            (
                "DoubleFieldMinNegativeValue",
                r#"{"optionalDouble": -1.79769e+308}"#,
                r#"{"optionalDouble":-1.79769e+308}"#,
            ),
            (
                "DoubleFieldQuotedValue",
                r#"{"optionalDouble": "1"}"#,
                r#"{"optionalDouble":1.0}"#,
            ),
            (
                "DoubleFieldQuotedExponentialValue",
                r#"{"optionalDouble": "2.22507e-308"}"#,
                r#"{"optionalDouble":2.22507e-308}"#,
            ),
            (
                "DoubleFieldNan",
                r#"{"optionalDouble": "NaN"}"#,
                r#"{"optionalDouble":"NaN"}"#,
            ),
            (
                "DoubleFieldInfinity",
                r#"{"optionalDouble": "Infinity"}"#,
                r#"{"optionalDouble":"Infinity"}"#,
            ),
            (
                "DoubleFieldNegativeInfinity",
                r#"{"optionalDouble": "-Infinity"}"#,
                r#"{"optionalDouble":"-Infinity"}"#,
            ),
        ],
    );
}

#[test]
fn what_is_no_floating_point_number() {
    refuses(
        &BOTH,
        &[
            ("FloatFieldNanNotQuoted", r#"{"optionalFloat": NaN}"#),
            (
                "FloatFieldInfinityNotQuoted",
                r#"{"optionalFloat": Infinity}"#,
            ),
            (
                "FloatFieldNegativeInfinityNotQuoted",
                r#"{"optionalFloat": -Infinity}"#,
            ),
            ("FloatFieldTooSmall", r#"{"optionalFloat": -3.502823e+38}"#),
            ("FloatFieldTooLarge", r#"{"optionalFloat": 3.502823e+38}"#),
            ("FloatFieldEmptyString", r#"{"optionalFloat": ""}"#),
            (
                "FloatFieldStringValuePartiallyNumeric",
                r#"{"optionalFloat": "12abc"}"#,
            ),
            (
                "FloatFieldStringValueNonNumeric",
                r#"{"optionalFloat": "abc"}"#,
            ),
            (
                "FloatFieldStringValuePartiallyNumericSpace",
                r#"{"optionalFloat": "12 34"}"#,
            ),
            (
                "FloatFieldStringValuePartiallyNumericComma",
                r#"{"optionalFloat": "12,34"}"#,
            ),
            (
                "FloatFieldStringValuePartiallyNumericUnicode",
                r#"{"optionalFloat": "12谷歌34"}"#,
            ),
            ("FloatFieldTrueValue", r#"{"optionalFloat": true}"#),
            ("FloatFieldFalseValue", r#"{"optionalFloat": false}"#),
            ("DoubleFieldNanNotQuoted", r#"{"optionalDouble": NaN}"#),
            (
                "DoubleFieldInfinityNotQuoted",
                r#"{"optionalDouble": Infinity}"#,
            ),
            (
                "DoubleFieldNegativeInfinityNotQuoted",
                r#"{"optionalDouble": -Infinity}"#,
            ),
            (
                "DoubleFieldTooSmall",
                r#"{"optionalDouble": -1.89769e+308}"#,
            ),
            ("DoubleFieldTooLarge", r#"{"optionalDouble": 1.89769e+308}"#),
            ("DoubleFieldEmptyString", r#"{"optionalDouble": ""}"#),
            (
                "DoubleFieldStringValuePartiallyNumeric",
                r#"{"optionalDouble": "12abc"}"#,
            ),
            (
                "DoubleFieldStringValueNonNumeric",
                r#"{"optionalDouble": "abc"}"#,
            ),
            ("DoubleFieldTrueValue", r#"{"optionalDouble": true}"#),
            ("DoubleFieldFalseValue", r#"{"optionalDouble": false}"#),
        ],
    );
}

#[test]
fn all_that_are_not_a_number_have_one_name() {
    const FLOAT: u8 = 11 << 3 | 5;
    const DOUBLE: u8 = 12 << 3 | 1;
    for syntax in BOTH {
        for (name, bits) in [
            ("FloatFieldNormalizeQuietNan", 0x7FA1_2345_u32),
            ("FloatFieldNormalizeSignalingNan", 0xFFB5_4321),
        ] {
            let protobuf = [&[FLOAT][..], &bits.to_le_bytes()].concat();
            check_written(syntax, name, &protobuf, r#"{"optionalFloat":"NaN"}"#);
        }
        for (name, bits) in [
            ("DoubleFieldNormalizeQuietNan", 0x7FFA_1234_5678_9ABC_u64),
            ("DoubleFieldNormalizeSignalingNan", 0xFFFB_CBA9_8765_4321),
        ] {
            let protobuf = [&[DOUBLE][..], &bits.to_le_bytes()].concat();
            check_written(syntax, name, &protobuf, r#"{"optionalDouble":"NaN"}"#);
        }
    }
}
