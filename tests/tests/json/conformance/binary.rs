//! The binary tests whose output is JSON too (`binary_valid_data_*_test.cc`, `binary_oneof_test.cc` and
//! `binary_merge_test.cc`), and those of bytes that are no message (`binary_premature_eof_test.cc`,
//! `binary_illegal_tags_test.cc` and `binary_utf8_test.cc`).

use super::{BOTH, Syntax, check_written};
use crate::conformance::values::{KINDS, Kind, Wire, delimited, field, key, kind, varint};

/// `{"name":value}`.
fn object(name: &str, value: &str) -> String {
    format!(r#"{{"{name}":{value}}}"#)
}

#[test]
fn a_field_has_every_value_in_every_encoding() {
    for syntax in BOTH {
        for kind in KINDS {
            for (index, (encoded, json)) in kind.values().iter().enumerate() {
                let is_default = index == 0 && kind.name != "NestedMessage";
                let expected = match syntax {
                    Syntax::Proto3 if is_default => "{}".to_owned(),
                    _ => object(&format!("optional{}", kind.name), json),
                };
                let name = format!("ValidDataScalar.{}[{index}]", kind.name);
                let protobuf = field(kind.number, kind.wire, encoded);
                check_written(syntax, &name, &protobuf, &expected);
            }
        }
    }
}

#[test]
fn a_value_that_is_the_default_only_in_32_bits_is_one() {
    // ValidDataScalar.INT32 and .UINT32 of 2^33.
    for kind in [kind("Int32"), kind("Uint32")] {
        let protobuf = field(kind.number, kind.wire, &varint(1 << 33));
        check_written(Syntax::Proto3, kind.name, &protobuf, "{}");
        let expected = object(&format!("optional{}", kind.name), "0");
        check_written(Syntax::Proto2, kind.name, &protobuf, &expected);
    }
}

#[test]
fn of_several_values_of_a_field_the_last_counts() {
    for syntax in BOTH {
        for kind in KINDS.iter().filter(|kind| kind.name != "NestedMessage") {
            let values = kind.values();
            let (_, last) = &values[values.len() - 1];
            let fields = values
                .iter()
                .map(|(value, _)| field(kind.number, kind.wire, value));
            let protobuf = fields.collect::<Vec<_>>().concat();
            let name = format!("RepeatedScalarSelectsLast.{}", kind.name);
            let expected = object(&format!("optional{}", kind.name), last);
            check_written(syntax, &name, &protobuf, &expected);
        }
    }
}

#[test]
fn lists_are_read_packed_and_not() {
    for syntax in BOTH {
        for kind in KINDS {
            let values = kind.values();
            let json: Vec<_> = values.iter().map(|(_, json)| json.as_str()).collect();
            let json = format!("[{}]", json.join(","));
            let expected = object(&format!("repeated{}", kind.name), &json);
            let fields = values
                .iter()
                .map(|(value, _)| field(kind.repeated(), kind.wire, value));
            let unpacked = fields.collect::<Vec<_>>().concat();
            let name = format!("ValidDataRepeated.{}", kind.name);
            check_written(syntax, &name, &unpacked, &expected);
            if kind.wire != Wire::Delimited {
                let all = values
                    .iter()
                    .map(|(value, _)| &value[..])
                    .collect::<Vec<_>>();
                let packed = field(kind.repeated(), Wire::Delimited, &delimited(&all.concat()));
                check_written(syntax, &format!("{name}.PackedInput"), &packed, &expected);
            }
        }
    }
}

/// The maps of the messages: their number, and the kinds of their keys and values.
const MAPS: [(u32, &str, &str); 17] = [
    (56, "Int32", "Int32"),
    (57, "Int64", "Int64"),
    (58, "Uint32", "Uint32"),
    (59, "Uint64", "Uint64"),
    (60, "Sint32", "Sint32"),
    (61, "Sint64", "Sint64"),
    (62, "Fixed32", "Fixed32"),
    (63, "Fixed64", "Fixed64"),
    (64, "Sfixed32", "Sfixed32"),
    (65, "Sfixed64", "Sfixed64"),
    (66, "Int32", "Float"),
    (67, "Int32", "Double"),
    (68, "Bool", "Bool"),
    (69, "String", "String"),
    (70, "String", "Bytes"),
    (71, "String", "NestedMessage"),
    (72, "String", "NestedEnum"),
];

#[test]
fn entries_of_maps_in_any_form() {
    for (number, key_kind, value_kind) in MAPS {
        let name = format!("map{key_kind}{value_kind}");
        let (key_kind, value_kind) = (kind(key_kind), kind(value_kind));
        let key = |value: &(Vec<u8>, String)| field(1, key_kind.wire, &value.0);
        let value = |value: &(Vec<u8>, String)| field(2, value_kind.wire, &value.0);
        let entry = |parts: &[Vec<u8>]| field(number, Wire::Delimited, &delimited(&parts.concat()));
        let (no_key, a_key) = (key_kind.default(), key_kind.other());
        let (no_value, a_value) = (value_kind.default(), value_kind.other());
        let json = |key: &(Vec<u8>, String), value: &(Vec<u8>, String)| {
            object(&name, &object(key.1.trim_matches('"'), &value.1))
        };
        let (nothing, something) = (json(&no_key, &no_value), json(&a_key, &a_value));
        for (case, protobuf, expected) in [
            (
                "Default",
                entry(&[key(&no_key), value(&no_value)]),
                &nothing,
            ),
            ("MissingDefault", entry(&[]), &nothing),
            (
                "NonDefault",
                entry(&[key(&a_key), value(&a_value)]),
                &something,
            ),
            (
                "Unordered",
                entry(&[value(&a_value), key(&a_key)]),
                &something,
            ),
            (
                "DuplicateKey",
                [
                    entry(&[key(&a_key), value(&no_value)]),
                    entry(&[key(&a_key), value(&a_value)]),
                ]
                .concat(),
                &something,
            ),
            (
                "DuplicateKeyInMapEntry",
                entry(&[key(&no_key), key(&a_key), value(&a_value)]),
                &something,
            ),
            (
                "DuplicateValueInMapEntry",
                entry(&[key(&a_key), value(&no_value), value(&a_value)]),
                &something,
            ),
        ] {
            for syntax in BOTH {
                check_written(
                    syntax,
                    &format!("ValidDataMap.{name}.{case}"),
                    &protobuf,
                    expected,
                );
            }
        }
    }
}

/// The fields of the oneof: their number, name, and kind.
const ONEOF: [(u32, &str, &str); 9] = [
    (111, "oneofUint32", "Uint32"),
    (112, "oneofNestedMessage", "NestedMessage"),
    (113, "oneofString", "String"),
    (114, "oneofBytes", "Bytes"),
    (115, "oneofBool", "Bool"),
    (116, "oneofUint64", "Uint64"),
    (117, "oneofFloat", "Float"),
    (118, "oneofDouble", "Double"),
    (119, "oneofEnum", "NestedEnum"),
];

#[test]
fn fields_of_a_oneof_replace_each_other() {
    for (index, (number, name, of)) in ONEOF.iter().enumerate() {
        let of = kind(of);
        let (none, some) = (of.default(), of.other());
        let encoded = |value: &(Vec<u8>, String)| field(*number, of.wire, &value.0);
        let (other_number, _, other) = ONEOF[usize::from(index == 0)];
        let other = field(other_number, kind(other).wire, &kind(other).default().0);
        for (case, protobuf, expected) in [
            ("DefaultValue", encoded(&none), &none.1),
            ("NonDefaultValue", encoded(&some), &some.1),
            (
                "MultipleValuesForSameField",
                [encoded(&none), encoded(&some)].concat(),
                &some.1,
            ),
            (
                "MultipleValuesForDifferentField",
                [other, encoded(&some)].concat(),
                &some.1,
            ),
        ] {
            for syntax in BOTH {
                let case = format!("ValidDataOneof.{name}.{case}");
                check_written(syntax, &case, &protobuf, &object(name, expected));
            }
        }
    }
}

#[test]
fn parts_of_a_message_are_merged_but_for_values_of_a_map() {
    let message = |parts: &[Vec<u8>]| delimited(&parts.concat());
    let number = |field_number, value| field(field_number, Wire::Varint, &varint(value));
    let corecursive = |parts: &[Vec<u8>]| message(&[field(2, Wire::Delimited, &message(parts))]);
    let two = |number, one: Vec<u8>, other: Vec<u8>| {
        [one, other]
            .map(|part| field(number, Wire::Delimited, &part))
            .concat()
    };
    let merged = two(
        18,
        corecursive(&[number(1, 1234), number(2, 1234), number(31, 1234)]),
        corecursive(&[number(1, 4321), number(3, 4321), number(31, 4321)]),
    );
    let in_oneof = two(
        112,
        corecursive(&[number(1, 1), number(2, 1)]),
        corecursive(&[number(2, 2)]),
    );
    let value = |parts: &[Vec<u8>]| {
        let key = field(1, Wire::Delimited, &delimited(b""));
        message(&[key, field(2, Wire::Delimited, &corecursive(parts))])
    };
    let in_map = two(
        71,
        value(&[number(1, 1), number(31, 1)]),
        value(&[number(2, 1), number(31, 1)]),
    );
    for syntax in BOTH {
        for (name, protobuf, expected) in [
            (
                "RepeatedScalarMessageMerge",
                &merged,
                r#"{"optionalNestedMessage":{"corecursive":{"optionalInt32":4321,"optionalInt64":"1234","optionalUint32":4321,"repeatedInt32":[1234,4321]}}}"#,
            ),
            (
                "ValidDataOneof.MESSAGE.Merge",
                &in_oneof,
                r#"{"oneofNestedMessage":{"corecursive":{"optionalInt32":1,"optionalInt64":"2"}}}"#,
            ),
            (
                "ValidDataMap.STRING.MESSAGE.MergeValue",
                &in_map,
                r#"{"mapStringNestedMessage":{"":{"corecursive":{"optionalInt64":"1","repeatedInt32":[1]}}}}"#,
            ),
        ] {
            check_written(syntax, name, protobuf, expected);
        }
    }
}

/// A number that no field has.
const UNKNOWN: u32 = 666;

#[test]
fn messages_that_are_cut_off_have_no_json() {
    let mut cut = Vec::new();
    for Kind { number, wire, .. } in KINDS.iter().copied() {
        let incomplete: &[u8] = match wire {
            Wire::Varint | Wire::Delimited => &[0x80],
            Wire::Fixed64 => b"abcdefg",
            Wire::Fixed32 => b"abc",
        };
        for number in [number, number + 30, UNKNOWN] {
            cut.push(key(number, wire));
            cut.push(field(number, wire, incomplete));
            if wire == Wire::Delimited {
                cut.push(field(number, wire, &[1]));
            }
        }
        if wire != Wire::Delimited {
            // In the middle of a value, and of a list that is packed.
            cut.push(field(number + 30, Wire::Delimited, &delimited(incomplete)));
            cut.push(field(number + 30, Wire::Delimited, &[1]));
        }
    }
    // Within a message.
    cut.push(field(
        18,
        Wire::Delimited,
        &delimited(&field(1, Wire::Varint, &[0x80])),
    ));
    refuses(&BOTH, "PrematureEof", &cut);
}

#[test]
fn fields_of_number_zero_have_no_json() {
    let zeros = [
        &b"\x01DEADBEEF"[..],
        b"\x02\x01\x01",
        b"\x03\x04",
        b"\x05DEAD",
    ];
    refuses(&BOTH, "IllegalZeroFieldNum", &zeros.map(<[u8]>::to_vec));
}

#[test]
fn strings_that_are_not_utf8_have_no_json() {
    let string = |number, text: &[u8]| field(number, Wire::Delimited, &delimited(text));
    let entry = |key: &[u8], value: &[u8]| string(69, &[string(1, key), string(2, value)].concat());
    let text = b"\xa0\xb0\xc0\xd0";
    let wrong = [
        string(14, text),
        string(44, text),
        string(113, text),
        entry(text, b"foo"),
        entry(b"foo", text),
    ];
    refuses(&[Syntax::Proto3], "Utf8String", &wrong);
}

#[track_caller]
fn refuses(syntaxes: &[Syntax], name: &str, table: &[Vec<u8>]) {
    for syntax in syntaxes {
        for protobuf in table {
            let written = syntax.write(protobuf);
            assert!(
                written.is_err(),
                "{name}, {syntax:?}, {protobuf:?}: {written:?}"
            );
        }
    }
}
