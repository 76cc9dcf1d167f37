//! Clients over a limit of connections are told so in the words of their protocol.

use rpc_runtime::{Channel, Code, Server};
use rpc_tests::{JsonRpcPeer, LIMIT, TestServer, within};

use crate::harness::{Attacker, http2};

const SAYS: &str = "1 (max_connections)";

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
