//! The examples of the JSON-RPC 2.0 specification, over TCP and over HTTP.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use prost_types::value::Kind;
use prost_types::{ListValue, Value as ProtoValue};
use rpc_runtime::{Context, Server, Status, prost_types, rpc_service};
use rpc_tests::arith::{Arith, Difference, Numbers};
use rpc_tests::{JsonRpcPeer, LIMIT, TestServer, within};
use serde_json::Value;

struct Examples;

#[rpc_service]
impl Arith for Examples {
    async fn subtract(&self, _: Context, request: Difference) -> Result<i32, Status> {
        Ok(request.minuend - request.subtrahend)
    }

    async fn sum(&self, _: Context, request: Numbers) -> Result<i32, Status> {
        let Numbers { a, b, c, d, e } = request;
        Ok(a + b + c + d + e)
    }

    async fn update(&self, _: Context, _: Numbers) -> Result<(), Status> {
        Ok(())
    }

    async fn notify_hello(&self, _: Context, _: Numbers) -> Result<(), Status> {
        Ok(())
    }

    async fn notify_sum(&self, _: Context, _: Numbers) -> Result<(), Status> {
        Ok(())
    }

    async fn get_data(&self, _: Context, (): ()) -> Result<ListValue, Status> {
        let kinds = [Kind::StringValue("hello".into()), Kind::NumberValue(5.0)];
        let values = kinds.map(|kind| ProtoValue { kind: Some(kind) });
        Ok(ListValue {
            values: values.into(),
        })
    }
}

/// What is sent, and what is answered but for the explanations of errors; the answers to a batch are
/// sorted.
const EXAMPLES: [(&str, &str); 14] = [
    (
        r#"{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}"#,
        r#"{"jsonrpc": "2.0", "result": 19, "id": 1}"#,
    ),
    (
        r#"{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}"#,
        r#"{"jsonrpc": "2.0", "result": -19, "id": 2}"#,
    ),
    (
        r#"{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}"#,
        r#"{"jsonrpc": "2.0", "result": 19, "id": 3}"#,
    ),
    (
        r#"{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}"#,
        r#"{"jsonrpc": "2.0", "result": 19, "id": 4}"#,
    ),
    (
        r#"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#,
        "",
    ),
    (r#"{"jsonrpc": "2.0", "method": "foobar"}"#, ""),
    (
        r#"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#,
        r#"{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"}"#,
    ),
    (
        r#"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#,
        r#"{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}"#,
    ),
    (
        r#"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#,
        r#"{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}"#,
    ),
    (
        r#"[
  {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
  {"jsonrpc": "2.0", "method"
]"#,
        r#"{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}"#,
    ),
    (
        "[]",
        r#"{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}"#,
    ),
    (
        "[1,2,3]",
        r#"[
  {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},
  {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},
  {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}
]"#,
    ),
    (
        r#"[
    {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
    {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
    {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
    {"foo": "boo"},
    {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
    {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
]"#,
        r#"[
    {"jsonrpc": "2.0", "result": 7, "id": "1"},
    {"jsonrpc": "2.0", "result": 19, "id": "2"},
    {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},
    {"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "5"},
    {"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"}
]"#,
    ),
    (
        r#"[
    {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
    {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}
]"#,
        "",
    ),
];

/// What an answer says that the specification says: of an error's message the words that it has for it, and
/// no data; a batch sorted.
fn plain(answer: &str) -> Option<Value> {
    if answer.is_empty() {
        return None;
    }
    let mut answer: Value = serde_json::from_str(answer).unwrap();
    match &mut answer {
        Value::Array(answers) => {
            answers.iter_mut().for_each(simplify);
            answers.sort_by_key(Value::to_string);
        }
        answer => simplify(answer),
    }
    Some(answer)
}

fn simplify(answer: &mut Value) {
    if let Some(error) = answer.get_mut("error").and_then(Value::as_object_mut) {
        error.remove("data");
        let message = error["message"].as_str().unwrap();
        error["message"] = message.split(": ").next().unwrap().into();
    }
    // Numbers of google.protobuf.Value are floating.
    if let Some(Value::Array(values)) = answer.get_mut("result") {
        for value in values.iter_mut().filter(|value| value.is_number()) {
            *value = (value.as_f64().unwrap() as i64).into();
        }
    }
}

async fn serving() -> TestServer {
    TestServer::start_with(|server: Server| server.service(Examples)).await
}

#[tokio::test]
async fn the_examples_of_the_specification_are_answered_as_it_says() {
    within(LIMIT, async {
        let server = serving().await;
        for (sent, expected) in EXAMPLES {
            let answer = JsonRpcPeer::once(server.socket_addr(), sent).await;
            assert_eq!(plain(&answer), plain(expected), "{sent}");
        }
    })
    .await;
}
