//! The tests of `json_struct_test.cc` and `json_value_test.cc` that nest 25 or 200 levels deep.

use rpc_runtime::Code;
use rpc_runtime::json::JsonOptions;

use super::{Syntax, reads};

/// A list, or an object, in others around it.
fn nested(field: &str, (open, close): (&str, &str), core: &str, depth: usize) -> String {
    let (open, close) = (open.repeat(depth), close.repeat(depth));
    format!(r#"{{"{field}":{open}{core}{close}}}"#)
}

const LISTS: (&str, &str) = ("[", "]");
const OBJECTS: (&str, &str) = (r#"{"n":"#, "}");

#[test]
fn values_may_nest_25_levels_deep() {
    let one = r#"{"value":1.0}"#;
    for (name, json) in [
        (
            "ListValueDeepNesting25",
            nested("optionalValue", LISTS, "1.0", 25),
        ),
        (
            "ValueDeepNesting25",
            nested("optionalValue", OBJECTS, one, 25),
        ),
        (
            "StructDeepNesting25",
            nested("optionalStruct", OBJECTS, one, 25),
        ),
    ] {
        reads(&[Syntax::Proto3], &[(name, &json, &json)]);
    }
}

#[test]
fn values_may_not_nest_200_levels_deep() {
    let one = r#"{"value":1.0}"#;
    for (name, json) in [
        (
            "ListValueDeepNesting200",
            nested("optionalValue", LISTS, "1.0", 200),
        ),
        (
            "ValueDeepNesting200",
            nested("optionalValue", OBJECTS, one, 200),
        ),
        (
            "StructDeepNesting200",
            nested("optionalStruct", OBJECTS, one, 200),
        ),
    ] {
        let transcoder = Syntax::Proto3.transcoder(JsonOptions::new());
        let status = transcoder.decode_request(json.as_bytes()).unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{name}: {status}");
    }
}
