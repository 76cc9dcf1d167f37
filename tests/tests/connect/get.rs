//! Methods without side effects, called with GET.

use std::io::Write;

use flate2::write::GzEncoder;
use futures_core::Stream;
use rpc_runtime::{Compression, Context, Status, rpc_service};
use rpc_tests::TestServer;
use rpc_tests::kinds::{Kinds, Pair};

use crate::harness::{Client, start_with};

/// Gives back what it is sent.
struct Pairs;

#[rpc_service(unimplemented)]
impl Kinds for Pairs {
    async fn pair(&self, _: Context, request: Pair) -> Result<Pair, Status> {
        Ok(request)
    }

    async fn pairs(
        &self,
        _: Context,
        request: Pair,
    ) -> Result<impl Stream<Item = Result<Pair, Status>> + Send + 'static, Status> {
        Ok(tokio_stream::iter([Ok(request)]))
    }
}

const PAIR: &str = "GET /kinds.Kinds/Pair";

async fn client() -> (TestServer, Client) {
    let server = start_with(|server| server.compression([Compression::Gzip]).service(Pairs)).await;
    let client = Client::connect(&server).await;
    (server, client)
}

#[tokio::test]
async fn the_message_is_in_the_query() {
    let (_server, mut client) = client().await;
    for query in [
        "encoding=json&message=%7B%22first%22%3A1%7D",
        "message=%7B%22first%22:+1%7D&encoding=json&connect=v1",
        "encoding=json&base64=1&message=eyJmaXJzdCI6MX0",
        "encoding=json&base64=1&message=eyJmaXJzdCI6MX0%3D",
    ] {
        let answer = client.call(&format!("{PAIR}?{query}"), &[], b"").await;
        assert_eq!(
            (answer.status, answer.text()),
            (200, r#"{"first":1}"#),
            "{query}"
        );
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    let answer = client
        .call(
            &format!("{PAIR}?encoding=proto&base64=1&message=CAE"),
            &[],
            b"",
        )
        .await;
    assert_eq!((answer.status, &answer.body[..]), (200, &[8, 1][..]));
    assert_eq!(answer.header("content-type"), Some("application/proto"));
    assert_eq!(answer.header("vary"), Some("accept, accept-encoding"));
}

#[tokio::test]
async fn a_message_in_the_query_may_be_compressed() {
    let (_server, mut client) = client().await;
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(br#"{"first":1}"#).unwrap();
    let packed = encoder.finish().unwrap();
    let message: String = packed.iter().map(|byte| format!("%{byte:02x}")).collect();
    let query = format!("encoding=json&compression=gzip&message={message}");
    let answer = client.call(&format!("{PAIR}?{query}"), &[], b"").await;
    assert_eq!((answer.status, answer.text()), (200, r#"{"first":1}"#));
}

#[tokio::test]
async fn a_stream_of_replies_is_what_a_browser_can_subscribe_to() {
    let (_server, mut client) = client().await;
    let path = "GET /kinds.Kinds/Pairs?encoding=json&message=%7B%22first%22%3A1%7D";
    let answer = client.call(path, &["accept: text/event-stream"], b"").await;
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    assert_eq!(
        answer.text(),
        "data: {\"first\":1}\n\nevent: end\ndata: {}\n\n"
    );
}

#[tokio::test]
async fn a_method_that_may_have_side_effects_is_not_called() {
    let (server, mut client) = client().await;
    let answer = client
        .call(
            "GET /probe.Probe/Echo?encoding=json&message=%7B%7D",
            &[],
            b"",
        )
        .await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("allow"), Some("POST"));
    assert!(
        answer.text().contains("NO_SIDE_EFFECTS"),
        "{}",
        answer.text()
    );
    assert_eq!(server.probe.counts().started, 0);
}

#[tokio::test]
async fn wrong_queries_are_told_what_is_wrong() {
    let (_server, mut client) = client().await;
    for (query, status, error) in [
        ("encoding=json", 400, "the query has no message"),
        (
            "encoding=json&message=%7B",
            400,
            "EOF while parsing an object",
        ),
        ("encoding=json&base64=1&message=!", 400, "not base64"),
        (
            "encoding=json&message=%7B%7D&connect=v2",
            400,
            "version 1 of the Connect",
        ),
        (
            "encoding=json&message=%7B%7D&compression=br",
            501,
            "compressed with",
        ),
        ("encoding=xml&message=x", 400, "?encoding=json&message="),
        ("message=x", 400, "?encoding=json&message="),
    ] {
        let answer = client.call(&format!("{PAIR}?{query}"), &[], b"").await;
        assert_eq!(answer.status, status, "{query}");
        assert!(answer.text().contains(error), "{query}: {}", answer.text());
    }
    assert_eq!(client.call(PAIR, &[], b"").await.status, 400);
}

#[tokio::test]
async fn other_methods_of_http_are_told_which_ones_there_are() {
    let (_server, mut client) = client().await;
    for (path, allowed) in [
        ("/kinds.Kinds/Pair", "GET, POST"),
        ("/probe.Probe/Echo", "POST"),
    ] {
        for method in ["PUT", "HEAD", "OPTIONS"] {
            client.send(&format!("{method} {path}"), &[], b"").await;
            let answer = client.head().await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
            let length = answer.header("content-length").unwrap();
            if method != "HEAD" {
                client.skip(length.parse().unwrap()).await;
            }
        }
    }
}
