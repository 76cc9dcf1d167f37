//! The names of fields, and their order.

use prost::Message;
use rpc_runtime::Code;
use rpc_tests::kinds::{Names, Pair};

use crate::harness::{transcoder, write_encoded};

const IN_JSON: &str = r#"{"plain1":1,"snakeCase2":2,"Leading3":3,"innerTwice4":4,"digits0name5":5,"digits0Name6":6,"camelCase7":7,"Pascal8":8,"mixedCase9":9,"UPPERCASE10":10,"@own":11}"#;

const IN_PROTO: &str = r#"{"plain1":1,"snake_case2":2,"_leading3":3,"inner__twice4_":4,"digits0name5":5,"digits_0_name6":6,"camelCase7":7,"Pascal8":8,"mixed_Case9":9,"UPPER_CASE10":10,"own11":11}"#;

#[test]
fn either_name_of_a_field_is_read_and_the_one_for_json_is_written() {
    let names = transcoder("Names");
    let one = names.decode_request(IN_JSON.as_bytes()).unwrap();
    let other = names.decode_request(IN_PROTO.as_bytes()).unwrap();
    assert_eq!(
        Names::decode(one.clone()).unwrap(),
        Names::decode(other).unwrap()
    );
    assert_eq!(write_encoded("Names", &one).unwrap(), IN_JSON);
}

#[test]
fn names_may_be_escaped() {
    let names = transcoder("Names");
    let protobuf = names.decode_request(br#"{"pl\u0061in1": 1}"#).unwrap();
    assert_eq!(Names::decode(protobuf).unwrap().plain1, 1);
}

#[test]
fn values_by_position_are_those_of_the_fields_by_number() {
    let pair = |values: &[&str]| {
        let protobuf = transcoder("Pair").decode_positional(values)?;
        Ok(Pair::decode(protobuf).unwrap())
    };
    let expected = |first, second: &str| Pair {
        first,
        second: second.to_owned(),
    };
    let status = |values: &[&str]| -> rpc_runtime::Status { pair(values).unwrap_err() };
    assert_eq!(pair(&["1", "\"two\""]).unwrap(), expected(1, "two"));
    assert_eq!(pair(&["null", "\"two\""]).unwrap(), expected(0, "two"));
    assert_eq!(pair(&["1"]).unwrap(), expected(1, ""));
    assert_eq!(pair(&[]).unwrap(), expected(0, ""));
    let errors = [
        (
            status(&["1", "\"two\"", "3"]),
            "there are 3 values, and kinds.Pair has 2 fields",
        ),
        (
            status(&["1", "2"]),
            "the JSON is no kinds.Pair, field second: invalid type: integer `2`, expected a string at line 1 column 1",
        ),
        (
            status(&["1 2"]),
            "the JSON is no kinds.Pair, field first: trailing characters at line 1 column 3",
        ),
    ];
    for (status, message) in errors {
        assert_eq!(
            (status.code(), status.message()),
            (Code::InvalidArgument, message)
        );
    }
}
