//! Calls with streams, in envelopes.

use prost::Message;
use rpc_runtime::Code;
use rpc_tests::streams::{CountRequest, Number};

use crate::harness::{Client, envelope, envelopes, start, texts};

const COUNT: &str = "/streams.Streams/Count";
const SUM: &str = "/streams.Streams/Sum";
const CHAT: &str = "/streams.Streams/Chat";
const JSON: &str = "application/connect+json";

fn owned(expected: &[(u8, &str)]) -> Vec<(u8, String)> {
    let expected = expected.iter();
    expected
        .map(|(flags, text)| (*flags, (*text).to_owned()))
        .collect()
}

#[tokio::test]
async fn a_stream_of_replies_ends_with_its_trailers() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let request = envelope(0, br#"{"upTo": 2}"#);
    let answer = client.post(COUNT, JSON, &request).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some(JSON));
    assert_eq!(answer.header("counts"), Some("from one"));
    let expected = [(0, r#"{"value":"1"}"#), (0, r#"{"value":"2"}"#), (2, "{}")];
    assert_eq!(texts(&answer.body), owned(&expected));
}

#[tokio::test]
async fn messages_may_be_protobuf_but_the_end_is_json() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let request = CountRequest {
        up_to: 1,
        ..CountRequest::default()
    };
    let request = envelope(0, &request.encode_to_vec());
    let answer = client
        .post(COUNT, "application/connect+proto", &request)
        .await;
    assert_eq!(
        answer.header("content-type"),
        Some("application/connect+proto")
    );
    let number = Number { value: 1 }.encode_to_vec();
    assert_eq!(envelopes(&answer.body), [(0, number), (2, b"{}".to_vec())]);
}

#[tokio::test]
async fn an_error_ends_the_stream_behind_what_was_sent() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let code = Code::Aborted.value();
    let request = envelope(0, format!(r#"{{"upTo": 1, "code": {code}}}"#).as_bytes());
    let answer = client.post(COUNT, JSON, &request).await;
    assert_eq!(answer.status, 200);
    let expected = [
        (0, r#"{"value":"1"}"#),
        (
            2,
            r#"{"error":{"code":"aborted","message":"counted far enough"}}"#,
        ),
    ];
    assert_eq!(texts(&answer.body), owned(&expected));
}

#[tokio::test]
async fn an_error_before_the_stream_is_its_end_too() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    for (path, request, error) in [
        (COUNT, envelope(0, b"{"), r#""code":"invalid_argument""#),
        (COUNT, Vec::new(), "takes one request, and none came"),
        (
            COUNT,
            envelope(0, b"{}").repeat(2),
            "takes one request, and more came",
        ),
        (
            COUNT,
            envelope(1, b"{}"),
            "connect-content-encoding says nothing",
        ),
        (
            COUNT,
            envelope(2, b"{}"),
            "0x02, where 0x00 and 0x01 (compressed) are allowed",
        ),
        (COUNT, b"\0\0\0".to_vec(), "ended within a message"),
        (
            "/streams.Streams/Missing",
            Vec::new(),
            r#""code":"unimplemented""#,
        ),
    ] {
        let answer = client.post(path, JSON, &request).await;
        assert_eq!(answer.status, 200, "{error}");
        let texts = texts(&answer.body);
        let [(2, end)] = &texts[..] else {
            panic!("{texts:?} is not an end alone");
        };
        assert!(
            end.starts_with(r#"{"error":{"#) && end.contains(error),
            "{end}"
        );
    }
}

#[tokio::test]
async fn a_stream_of_requests_has_one_reply() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let requests = [1, 2, 3].map(|value| envelope(0, format!(r#"{{"value":{value}}}"#).as_bytes()));
    let answer = client.post(SUM, JSON, &requests.concat()).await;
    let expected = [(0, r#"{"value":"6"}"#), (2, "{}")];
    assert_eq!(texts(&answer.body), owned(&expected));
}

#[tokio::test]
async fn a_wrong_message_within_a_stream_ends_it() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let requests = [
        envelope(0, br#"{"value":1}"#),
        envelope(0, br#"{"value":{}}"#),
    ];
    let answer = client.post(SUM, JSON, &requests.concat()).await;
    let texts = texts(&answer.body);
    assert!(
        texts[0].1.contains("field value: invalid type: map"),
        "{texts:?}"
    );
}

#[tokio::test]
async fn both_sides_may_stream() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let requests =
        ["YQ==", "Yg=="].map(|data| envelope(0, format!(r#"{{"data":"{data}"}}"#).as_bytes()));
    let answer = client.post(CHAT, JSON, &requests.concat()).await;
    let expected = [
        (0, r#"{"data":"YQ=="}"#),
        (0, r#"{"data":"Yg=="}"#),
        (2, "{}"),
    ];
    assert_eq!(texts(&answer.body), owned(&expected));
}

#[tokio::test]
async fn replies_are_sent_as_they_are_made() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let headers = ["content-type: application/connect+json"];
    let request = envelope(0, br#"{"upTo": 1, "hangs": true}"#);
    client
        .send(&format!("POST {COUNT}"), &headers, &request)
        .await;
    client.head().await;
    let first = client.chunk().await.unwrap();
    assert_eq!(texts(&first), owned(&[(0, r#"{"value":"1"}"#)]));
}

#[tokio::test]
async fn a_timeout_ends_a_stream() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let headers = [
        "content-type: application/connect+json",
        "connect-timeout-ms: 50",
    ];
    let request = envelope(0, br#"{"hangs": true}"#);
    let answer = client
        .call(&format!("POST {COUNT}"), &headers, &request)
        .await;
    let texts = texts(&answer.body);
    assert!(
        texts[0].1.contains(r#""code":"deadline_exceeded""#),
        "{texts:?}"
    );
}
