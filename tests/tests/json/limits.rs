//! What JSON and messages may cost.

use std::thread;

use prost::Message;
use rpc_runtime::json::JsonOptions;
use rpc_runtime::prost_types::Any;
use rpc_runtime::{Code, Status};

use crate::harness::{read, transcoder, transcoder_with, write_encoded};

/// Runs a test where the stack is as small as that of a thread of the runtime.
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(2 * 1024 * 1024);
    thread.spawn(test).unwrap().join().unwrap();
}

/// `around` repeated with `core` in the middle; it has a `#` where the next one goes.
fn nested(depth: usize, around: &str, core: &str) -> String {
    let (before, after) = around.split_once('#').unwrap();
    format!("{}{core}{}", before.repeat(depth), after.repeat(depth))
}

#[test]
fn what_nests_to_the_limit_is_read_and_deeper_is_refused() {
    on_a_small_stack(|| {
        for (around, levels, core) in [
            (r#"{"inner":{"all":#}}"#, 2, "{}"),
            (r#"{"inners":[{"all":#}]}"#, 3, "{}"),
            (r#"{"innerMap":{"":{"all":#}}}"#, 3, "{}"),
        ] {
            assert!(read(&nested(99 / levels, around, core)).is_ok(), "{around}");
            let status = read(&nested(100 / levels + 1, around, core)).unwrap_err();
            assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
            assert!(
                status
                    .message()
                    .contains("it nests deeper than 100 levels at line 1"),
                "{status}"
            );
        }
    });
}

#[test]
fn any_depth_of_anything_costs_no_stack() {
    on_a_small_stack(|| {
        for (around, core) in [
            (r#"{"inner":{"all":#}}"#, "{}"),
            (r#"{"inners":[{"all":#}]}"#, "{}"),
            (r#"{"value":[#]}"#, "1"),
            (r#"{"value":{"a":#}}"#, "1"),
            (r#"{"any":{"@type":"a/kinds.All",#}}"#, ""),
            (r#"{"any":{#,"@type":"a/kinds.All"}}"#, "\"int32\":1"),
            ("[#]", ""),
        ] {
            // Only the innermost parts repeat; the outermost is one of these each time.
            let (first, last) = around.split_at(around.find(':').map_or(0, |colon| colon + 1));
            let json = match last.starts_with(['[', '{']) {
                true => format!(
                    "{first}{}}}",
                    nested(100_000, &last[..last.len() - 1], core)
                ),
                false => nested(100_000, around, core),
            };
            let status = read(&json).unwrap_err();
            assert!(
                matches!(
                    status.code(),
                    Code::ResourceExhausted | Code::InvalidArgument
                ),
                "{status}"
            );
        }
        let ignored = format!(r#"{{"x":{}}}"#, nested(1_000_000, "[#]", ""));
        let lenient = transcoder_with("All", JsonOptions::new().ignore_unknown_fields(true));
        assert!(
            lenient
                .decode_request(ignored.as_bytes())
                .unwrap()
                .is_empty()
        );
    });
}

#[test]
fn a_reply_that_nests_deeper_than_the_limit_has_no_json() {
    on_a_small_stack(|| {
        let mut bytes = Vec::new();
        for depth in 1..200 {
            // Each the field `inner` of the one around it, or the field `all`: both are behind key 2.
            let field = if depth % 2 == 1 {
                17 << 3 | 2
            } else {
                2 << 3 | 2
            };
            let mut outer = Vec::new();
            prost::encoding::encode_varint(field, &mut outer);
            prost::encoding::encode_varint(bytes.len() as u64, &mut outer);
            outer.extend(bytes);
            bytes = outer;
            let written = write_encoded(if depth % 2 == 1 { "All" } else { "Anything" }, &bytes);
            if depth % 2 == 1 {
                assert_eq!(written.is_ok(), depth < 100, "{depth}: {written:?}");
            }
        }
        let mut any = Any::default();
        for _ in 0..10_000 {
            any = Any {
                type_url: "a/google.protobuf.Any".to_owned(),
                value: any.encode_to_vec(),
            };
        }
        let status = write_encoded("Anything", &any.encode_to_vec()).unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        assert!(
            status
                .message()
                .contains("messages nest deeper than 100 levels")
        );
    });
}

#[test]
fn what_is_kept_until_a_type_is_known_is_bounded() {
    let around = r#"{"value":#,"@type":"a/google.protobuf.Any"}"#;
    let large = format!(
        r#"{{"string":"{}","@type":"a/kinds.All"}}"#,
        "a".repeat(100_000)
    );
    let anything = transcoder("Anything");
    assert!(
        anything
            .decode_request(nested(5, around, &large).as_bytes())
            .is_ok()
    );
    let json = nested(40, around, &large);
    let status: Status = anything.decode_request(json.as_bytes()).unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(
        status
            .message()
            .contains("\"@type\" should be the first key"),
        "{status}"
    );
    // As deep, with the types first.
    let around = r#"{"@type":"a/google.protobuf.Any","value":#}"#;
    let large = large
        .replace(r#","@type":"a/kinds.All"}"#, "}")
        .replace("{", r#"{"@type":"a/kinds.All","#);
    assert!(
        anything
            .decode_request(nested(40, around, &large).as_bytes())
            .is_ok()
    );
}

#[test]
fn json_over_max_message_size_is_refused() {
    let large = |size| format!(r#"{{"string":"{}"}}"#, "a".repeat(size));
    let limit = 4 * 1024 * 1024;
    assert!(read(&large(limit - 13)).is_ok());
    let status = read(&large(limit - 12)).unwrap_err();
    assert_eq!(
        status.to_string(),
        "RESOURCE_EXHAUSTED: kinds.All has 4194305 bytes of JSON, over the limit max_message_size of 4194304"
    );
}

#[test]
fn protobuf_over_max_message_size_is_refused_though_its_json_is_not() {
    // A zero is two characters with its comma, and three bytes with the key of its field.
    let json = format!(
        r#"{{"int64Wrappers":[{}]}}"#,
        vec!["0"; 1_500_000].join(",")
    );
    assert_eq!(
        read(&json).unwrap_err().to_string(),
        "RESOURCE_EXHAUSTED: kinds.All has 4500000 bytes of protobuf, over the limit max_message_size of 4194304"
    );
}
