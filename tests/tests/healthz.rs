//! Health checks as HTTP has them.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use rpc_runtime::Server;
use rpc_runtime::health::Health;
use rpc_runtime::middleware::Authenticate;
use rpc_tests::{LIMIT, TestServer, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a server answers to a request without body: the status, the headers and the body.
async fn http(server: &TestServer, request: &str, headers: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(server.socket_addr()).await.unwrap();
    let request = format!("{request} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    let code = head.split(' ').nth(1).unwrap().parse().unwrap();
    (code, head.to_lowercase(), body.to_owned())
}

#[tokio::test]
async fn the_code_says_whether_the_server_or_a_service_serves() {
    within(LIMIT, async {
        let health = Health::new();
        let server = TestServer::start_with(|server| server.health(health.clone())).await;
        for path in ["/healthz", "/healthz/", "/healthz/probe.Probe"] {
            let (code, head, body) = http(&server, &format!("GET {path}"), "").await;
            assert_eq!((code, body.as_str()), (200, "SERVING\n"), "{path}");
            assert!(head.contains("content-type: text/plain"), "{head}");
            assert!(head.contains("cache-control: no-store"), "{head}");
        }
        health.set_not_serving("probe.Probe");
        let (code, _, body) = http(&server, "GET /healthz/probe.Probe", "").await;
        assert_eq!((code, body.as_str()), (503, "NOT_SERVING\n"));
        let (code, _, body) = http(&server, "GET /healthz/probe.Prope", "").await;
        assert_eq!(code, 404);
        assert!(body.contains("probe.Prope"), "{body}");
    })
    .await;
}

#[tokio::test]
async fn who_accepts_json_gets_json_and_who_asks_for_the_head_gets_no_body() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let accept = "accept: text/html, application/json;q=0.9\r\n";
        let (code, head, body) = http(&server, "GET /healthz", accept).await;
        assert_eq!((code, body.as_str()), (200, "{\"status\":\"SERVING\"}\n"));
        assert!(head.contains("content-type: application/json"), "{head}");
        let (code, _, body) = http(&server, "HEAD /healthz", "").await;
        assert_eq!((code, body.as_str()), (200, ""));
    })
    .await;
}

#[tokio::test]
async fn interceptors_decide_who_may_ask() {
    within(LIMIT, async {
        let authenticate = Authenticate::bearer([("probe", "t0ken")]);
        let server = TestServer::start_with(|server| server.intercept(authenticate)).await;
        assert_eq!(http(&server, "GET /healthz", "").await.0, 401);
        let token = "authorization: Bearer t0ken\r\n";
        assert_eq!(http(&server, "GET /healthz", token).await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_there_without_health() {
    within(LIMIT, async {
        let server = TestServer::start_with(Server::without_health).await;
        assert_eq!(http(&server, "GET /healthz", "").await.0, 404);
        let server = TestServer::start().await;
        assert_eq!(http(&server, "GET /healthzz", "").await.0, 404);
    })
    .await;
}
