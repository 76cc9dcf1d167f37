//! `json_duration_test.cc` and `json_timestamp_test.cc`.

use rpc_runtime::prost_types::{Duration, Timestamp};
use rpc_tests::conformance3::All;

use super::{Syntax, has_no_json, reads, refuses};

#[test]
fn durations() {
    reads(
        &[Syntax::Proto3],
        &[
            (
                "DurationMinValue",
                r#"{"optionalDuration": "-315576000000.999999999s"}"#,
                r#"{"optionalDuration":"-315576000000.999999999s"}"#,
            ),
            (
                "DurationMaxValue",
                r#"{"optionalDuration": "315576000000.999999999s"}"#,
                r#"{"optionalDuration":"315576000000.999999999s"}"#,
            ),
            (
                "DurationRepeatedValue",
                r#"{"repeatedDuration": ["1.5s", "-1.5s"]}"#,
                r#"{"repeatedDuration":["1.500s","-1.500s"]}"#,
            ),
            ("DurationNull", r#"{"optionalDuration": null}"#, "{}"),
            (
                "DurationNegativeSeconds",
                r#"{"optionalDuration": "-5s"}"#,
                r#"{"optionalDuration":"-5s"}"#,
            ),
            (
                "DurationNegativeNanos",
                r#"{"optionalDuration": "-0.5s"}"#,
                r#"{"optionalDuration":"-0.500s"}"#,
            ),
            (
                "DurationHasZeroFractionalDigit",
                r#"{"optionalDuration": "1.000000000s"}"#,
                r#"{"optionalDuration":"1s"}"#,
            ),
            (
                "DurationHas3FractionalDigits",
                r#"{"optionalDuration": "1.010000000s"}"#,
                r#"{"optionalDuration":"1.010s"}"#,
            ),
            (
                "DurationHas6FractionalDigits",
                r#"{"optionalDuration": "1.000010000s"}"#,
                r#"{"optionalDuration":"1.000010s"}"#,
            ),
            (
                "DurationHas9FractionalDigits",
                r#"{"optionalDuration": "1.000000010s"}"#,
                r#"{"optionalDuration":"1.000000010s"}"#,
            ),
        ],
    );
    refuses(
        &[Syntax::Proto3],
        &[
            ("DurationMissingS", r#"{"optionalDuration": "1"}"#),
            (
                "DurationJsonInputTooSmall",
                r#"{"optionalDuration": "-315576000001.000000000s"}"#,
            ),
            (
                "DurationJsonInputTooLarge",
                r#"{"optionalDuration": "315576000001.000000000s"}"#,
            ),
        ],
    );
}

#[test]
fn durations_that_json_does_not_have() {
    let of = |seconds, nanos| All {
        optional_duration: Some(Duration { seconds, nanos }),
        ..All::default()
    };
    has_no_json(&[
        ("DurationProtoInputTooSmall", of(-315_576_000_001, 0)),
        ("DurationProtoInputTooLarge", of(315_576_000_001, 0)),
        ("DurationProtoNanosWrongSign", of(1, -1)),
        ("DurationProtoNanosWrongSignNegativeSecs", of(-1, 1)),
        ("DurationProtoNanosTooSmall", of(-1, -1_000_000_000)),
        ("DurationProtoNanosTooLarge", of(1, 1_000_000_000)),
    ]);
}

#[test]
fn timestamps() {
    reads(
        &[Syntax::Proto3],
        &[
            (
                "TimestampMinValue",
                r#"{"optionalTimestamp": "0001-01-01T00:00:00Z"}"#,
                r#"{"optionalTimestamp":"0001-01-01T00:00:00Z"}"#,
            ),
            (
                "TimestampMaxValue",
                r#"{"optionalTimestamp": "9999-12-31T23:59:59.999999999Z"}"#,
                r#"{"optionalTimestamp":"9999-12-31T23:59:59.999999999Z"}"#,
            ),
            (
                "TimestampRepeatedValue",
                r#"{"repeatedTimestamp": ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"]}"#,
                r#"{"repeatedTimestamp":["0001-01-01T00:00:00Z","9999-12-31T23:59:59.999999999Z"]}"#,
            ),
            (
                "TimestampEpochValue",
                r#"{"optionalTimestamp": "1970-01-01T00:00:00.000Z"}"#,
                r#"{"optionalTimestamp":"1970-01-01T00:00:00Z"}"#,
            ),
            (
                "TimestampNanoAfterEpochlValue",
                r#"{"optionalTimestamp": "1970-01-01T00:00:00.000000001Z"}"#,
                r#"{"optionalTimestamp":"1970-01-01T00:00:00.000000001Z"}"#,
            ),
            (
                "TimestampNanoBeforeEpochValue",
                r#"{"optionalTimestamp": "1969-12-31T23:59:59.999999999Z"}"#,
                r#"{"optionalTimestamp":"1969-12-31T23:59:59.999999999Z"}"#,
            ),
            (
                "TimestampLittleAfterEpochlValue",
                r#"{"optionalTimestamp": "1970-01-01T00:00:01.000000001Z"}"#,
                r#"{"optionalTimestamp":"1970-01-01T00:00:01.000000001Z"}"#,
            ),
            (
                "TimestampLittleBeforeEpochValue",
                r#"{"optionalTimestamp": "1969-12-31T23:59:58.999999999Z"}"#,
                r#"{"optionalTimestamp":"1969-12-31T23:59:58.999999999Z"}"#,
            ),
            (
                "TimestampTenAndHalfSecondsAfterEpochValue",
                r#"{"optionalTimestamp": "1970-01-01T00:00:10.500Z"}"#,
                r#"{"optionalTimestamp":"1970-01-01T00:00:10.500Z"}"#,
            ),
            (
                "TimestampTenAndHalfSecondsBeforeEpochValue",
                r#"{"optionalTimestamp": "1969-12-31T23:59:49.500Z"}"#,
                r#"{"optionalTimestamp":"1969-12-31T23:59:49.500Z"}"#,
            ),
            (
                "TimestampLeap",
                r#"{"optionalTimestamp": "1993-02-10T00:00:00.000Z"}"#,
                r#"{"optionalTimestamp":"1993-02-10T00:00:00Z"}"#,
            ),
            (
                "TimestampWithPositiveOffset",
                r#"{"optionalTimestamp": "1970-01-01T08:00:01+08:00"}"#,
                r#"{"optionalTimestamp":"1970-01-01T00:00:01Z"}"#,
            ),
            (
                "TimestampWithNegativeOffset",
                r#"{"optionalTimestamp": "1969-12-31T16:00:01-08:00"}"#,
                r#"{"optionalTimestamp":"1970-01-01T00:00:01Z"}"#,
            ),
            ("TimestampNull", r#"{"optionalTimestamp": null}"#, "{}"),
            (
                "TimestampZeroNormalized",
                r#"{"optionalTimestamp": "1969-12-31T16:00:00-08:00"}"#,
                r#"{"optionalTimestamp":"1970-01-01T00:00:00Z"}"#,
            ),
            (
                "TimestampHasZeroFractionalDigit",
                r#"{"optionalTimestamp": "1970-01-01T00:00:00.000000000Z"}"#,
                r#"{"optionalTimestamp":"1970-01-01T00:00:00Z"}"#,
            ),
            (
                "TimestampHas3FractionalDigits",
                r#"{"optionalTimestamp": "1970-01-01T00:00:00.010000000Z"}"#,
                r#"{"optionalTimestamp":"1970-01-01T00:00:00.010Z"}"#,
            ),
            (
                "TimestampHas6FractionalDigits",
                r#"{"optionalTimestamp": "1970-01-01T00:00:00.000010000Z"}"#,
                r#"{"optionalTimestamp":"1970-01-01T00:00:00.000010Z"}"#,
            ),
            (
                "TimestampHas9FractionalDigits",
                r#"{"optionalTimestamp": "1970-01-01T00:00:00.000000010Z"}"#,
                r#"{"optionalTimestamp":"1970-01-01T00:00:00.000000010Z"}"#,
            ),
            (
                "TimestampJsonInputLeapFeb29",
                r#"{"optionalTimestamp": "2000-02-29T00:00:00Z"}"#,
                r#"{"optionalTimestamp":"2000-02-29T00:00:00Z"}"#,
            ),
            (
                "TimestampWithOffsetShiftsDay",
                r#"{"optionalTimestamp": "1970-01-02T01:00:00+02:00"}"#,
                r#"{"optionalTimestamp":"1970-01-01T23:00:00Z"}"#,
            ),
            (
                "TimestampWithOffsetBoundaryInBoundsMin",
                r#"{"optionalTimestamp": "0001-01-01T00:00:00-00:01"}"#,
                r#"{"optionalTimestamp":"0001-01-01T00:01:00Z"}"#,
            ),
            (
                "TimestampWithOffsetBoundaryInBoundsMax",
                r#"{"optionalTimestamp": "9999-12-31T23:59:59+00:01"}"#,
                r#"{"optionalTimestamp":"9999-12-31T23:58:59Z"}"#,
            ),
            (
                "TimestampWithComplexOffset",
                r#"{"optionalTimestamp": "1970-01-01T00:00:00-11:30"}"#,
                r#"{"optionalTimestamp":"1970-01-01T11:30:00Z"}"#,
            ),
        ],
    );
}

#[test]
fn timestamps_of_other_forms() {
    refuses(
        &[Syntax::Proto3],
        &[
            (
                "TimestampJsonInputTooSmall",
                r#"{"optionalTimestamp": "0000-01-01T00:00:00Z"}"#,
            ),
            (
                "TimestampJsonInputTooLarge",
                r#"{"optionalTimestamp": "10000-01-01T00:00:00Z"}"#,
            ),
            (
                "TimestampJsonInputMissingZ",
                r#"{"optionalTimestamp": "0001-01-01T00:00:00"}"#,
            ),
            (
                "TimestampJsonInputMissingT",
                r#"{"optionalTimestamp": "0001-01-01 00:00:00Z"}"#,
            ),
            (
                "TimestampJsonInputLowercaseZ",
                r#"{"optionalTimestamp": "0001-01-01T00:00:00z"}"#,
            ),
            (
                "TimestampJsonInputLowercaseT",
                r#"{"optionalTimestamp": "0001-01-01t00:00:00Z"}"#,
            ),
            (
                "TimestampJsonInputMonthTooLarge",
                r#"{"optionalTimestamp": "1970-13-01T00:00:00Z"}"#,
            ),
            (
                "TimestampJsonInputMonthZero",
                r#"{"optionalTimestamp": "1970-00-01T00:00:00Z"}"#,
            ),
            (
                "TimestampJsonInputDayTooLarge",
                r#"{"optionalTimestamp": "1970-01-32T00:00:00Z"}"#,
            ),
            (
                "TimestampJsonInputDayZero",
                r#"{"optionalTimestamp": "1970-01-00T00:00:00Z"}"#,
            ),
            (
                "TimestampJsonInputHourTooLarge",
                r#"{"optionalTimestamp": "1970-01-01T24:00:00Z"}"#,
            ),
            (
                "TimestampJsonInputHourTooLarge25",
                r#"{"optionalTimestamp": "1970-01-01T25:00:00Z"}"#,
            ),
            (
                "TimestampJsonInputMinuteTooLarge",
                r#"{"optionalTimestamp": "1970-01-01T00:60:00Z"}"#,
            ),
            (
                "TimestampJsonInputSecondTooLarge",
                r#"{"optionalTimestamp": "1970-01-01T00:00:60Z"}"#,
            ),
            (
                "TimestampJsonInputInvalidOffsetHour",
                r#"{"optionalTimestamp": "1970-01-01T00:00:00+24:00"}"#,
            ),
            (
                "TimestampJsonInputInvalidOffsetMinute",
                r#"{"optionalTimestamp": "1970-01-01T00:00:00+00:60"}"#,
            ),
            (
                "TimestampJsonInputOffsetBoundaryUnderflow",
                r#"{"optionalTimestamp": "0001-01-01T00:00:00+00:01"}"#,
            ),
            (
                "TimestampJsonInputOffsetBoundaryOverflow",
                r#"{"optionalTimestamp": "9999-12-31T23:59:59-00:01"}"#,
            ),
            (
                "TimestampJsonInputInvalidNanos",
                r#"{"optionalTimestamp": "1970-01-01T00:00:00.1234567890Z"}"#,
            ),
            (
                "TimestampJsonInputInvalidCharsInNanos",
                r#"{"optionalTimestamp": "1970-01-01T00:00:00.123aZ"}"#,
            ),
            (
                "TimestampJsonInputYearTooShort",
                r#"{"optionalTimestamp": "999-01-01T00:00:00Z"}"#,
            ),
            (
                "TimestampJsonInputYearTooLong",
                r#"{"optionalTimestamp": "00001-01-01T00:00:00Z"}"#,
            ),
            (
                "TimestampJsonInputMonthTooShort",
                r#"{"optionalTimestamp": "1970-1-01T00:00:00Z"}"#,
            ),
            (
                "TimestampJsonInputDayTooShort",
                r#"{"optionalTimestamp": "1970-01-1T00:00:00Z"}"#,
            ),
            (
                "TimestampJsonInputNonLeapFeb29",
                r#"{"optionalTimestamp": "2001-02-29T00:00:00Z"}"#,
            ),
            (
                "TimestampWithMissingColonInOffset",
                r#"{"optionalTimestamp": "1970-01-01T08:00:01+0800"}"#,
            ),
        ],
    );
}

#[test]
fn timestamps_that_json_does_not_have() {
    let at = |seconds, nanos| All {
        optional_timestamp: Some(Timestamp { seconds, nanos }),
        ..All::default()
    };
    has_no_json(&[
        ("TimestampProtoInputTooSmall", at(-62_135_596_801, 0)),
        ("TimestampProtoInputTooLarge", at(253_402_300_800, 0)),
        ("TimestampProtoNegativeNanos", at(5000, -1)),
        ("TimestampProtoNanoTooLarge", at(5000, 1_000_000_000)),
    ]);
}
