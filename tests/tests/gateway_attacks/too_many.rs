//! Clients over a limit of connections are told so in the words of their protocol.

use rpc_runtime::{Channel, Code, Cors, Server};
use rpc_tests::probe::ProbeAsyncClientProxy;
use rpc_tests::{Http1Client, JsonRpcPeer, LIMIT, TestServer, within};
use serde_json::{Value, json};

use crate::harness::{Attacker, http2};

const SAYS: &str = "1 (max_connections)";
const JSON: &str = "application/json";

/// A server whose only connection is taken.
async fn full() -> (TestServer, rpc_tests::probe::ProbeAsyncClientProxy) {
    let server = TestServer::start_with(|server: Server| server.max_connections(1)).await;
    let client = server.client().await;
    (server, client)
}

#[tokio::test]
async fn who_speaks_http1_is_answered_with_503() {
    within(LIMIT, async {
        let (server, _client) = full().await;
        let mut refused = Attacker::connect(server.socket_addr()).await;
        refused.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let said = refused.rest().await;
        assert!(said.starts_with("HTTP/1.1 503 "), "{said}");
        assert!(said.contains(SAYS), "{said}");
    })
    .await;
}

#[tokio::test]
async fn requests_over_http1_are_answered_in_the_words_of_their_protocol() {
    within(LIMIT, async {
        let (server, _client) = full().await;
        let mut connect = Http1Client::connect(&server).await;
        let answer = connect.post("/probe.Probe/Echo", JSON, b"{}").await;
        assert_eq!(answer.status, 503);
        let json: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(json["code"], "unavailable");
        assert!(json["message"].as_str().unwrap().contains(SAYS), "{json}");

        let mut json_rpc = Http1Client::connect(&server).await;
        let call = r#"{"jsonrpc":"2.0","method":"Probe.Echo","id":1}"#;
        let answer = json_rpc.post("/", JSON, call.as_bytes()).await;
        assert_eq!(answer.status, 503);
        let json: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(
            (&json["id"], &json["error"]["data"]["executed"]),
            (&Value::Null, &json!(false))
        );
        assert_eq!(answer.header("connection"), Some("close"));
    })
    .await;
}

#[tokio::test]
async fn a_web_page_may_read_why_it_is_refused() {
    const PAGE: &str = "https://app.example.com";
    within(LIMIT, async {
        let limited = |server: Server| server.max_connections(1).cors(Cors::origins([PAGE]));
        let server = TestServer::start_with(limited).await;
        let _client = server.client().await;
        let of_page = format!("origin: {PAGE}");
        let asks = [&*of_page, "access-control-request-method: POST"];
        let mut browser = Http1Client::connect(&server).await;
        let asked = browser.call("OPTIONS /probe.Probe/Echo", &asks, b"").await;
        assert_eq!(asked.status, 204);
        let mut browser = Http1Client::connect(&server).await;
        let headers = [&*of_page, "content-type: application/json"];
        let answered = browser
            .call("POST /probe.Probe/Echo", &headers, b"{}")
            .await;
        assert_eq!(answered.status, 503);
        for answer in [asked, answered] {
            assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
        }
        let mut other = Http1Client::connect(&server).await;
        let answered = other
            .call("GET /", &["origin: https://evil.example.com"], b"")
            .await;
        assert_eq!(answered.status, 503);
        assert_eq!(answered.header("access-control-allow-origin"), None);
    })
    .await;
}

#[tokio::test]
async fn who_speaks_http2_is_told_by_a_goaway_that_nothing_was_executed() {
    within(LIMIT, async {
        let (server, _client) = full().await;
        let client = http2(server.socket_addr()).await;
        let request = http::Request::post("http://localhost/").body(()).unwrap();
        let error = match client.ready().await {
            Ok(mut client) => {
                let (response, _) = client.send_request(request, true).unwrap();
                response.await.unwrap_err()
            }
            Err(error) => error,
        };
        assert!(error.is_go_away() && error.is_remote(), "{error}");
        assert!(error.to_string().contains(SAYS), "{error}");
        let target = format!("grpc://{}", server.socket_addr());
        let status = Channel::builder(target).connect().await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(!status.may_have_run());
        assert!(status.message().contains(SAYS), "{status}");
    })
    .await;
}

#[tokio::test]
async fn who_speaks_json_rpc_is_answered_with_an_error() {
    within(LIMIT, async {
        let (server, _client) = full().await;
        let mut refused = JsonRpcPeer::connect(server.socket_addr()).await;
        refused.send("{").await;
        let answer = refused.answer().await;
        assert_eq!(answer["error"]["data"]["executed"], false, "{answer}");
        assert!(answer.to_string().contains(SAYS), "{answer}");
        assert_eq!(refused.rest().await, "");
    })
    .await;
}

#[tokio::test]
async fn a_proxy_that_speaks_json_rpc_knows_that_nothing_was_executed() {
    within(LIMIT, async {
        let (server, _client) = full().await;
        for scheme in ["jsonrpc", "jsonrpc+http"] {
            let target = format!("{scheme}://{}", server.socket_addr());
            let client = ProbeAsyncClientProxy::connect(target).await.unwrap();
            let status = client.inspect(()).await.unwrap_err();
            assert_eq!(status.code(), Code::Unavailable, "{scheme}: {status}");
            assert!(status.message().contains(SAYS), "{scheme}: {status}");
            assert!(!status.may_have_run(), "{scheme}: {status}");
        }
    })
    .await;
}
