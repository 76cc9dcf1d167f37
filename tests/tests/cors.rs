//! Which web pages may call a server, whatever they call it by.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::time::Duration;

use rpc_runtime::{Cors, ServeError, Server};
use rpc_tests::{Http1Answer, Http1Client, TestServer};

const PAGE: &str = "https://app.example.com";
const OTHER: &str = "https://evil.example.com";

const ECHO: &str = "/probe.Probe/Echo";

/// A call of each protocol that browsers speak: its path, content type and body.
const CALLS: [(&str, &str, &str); 3] = [
    (ECHO, "application/grpc-web", "\0\0\0\0\0"),
    (ECHO, "application/json", "{}"),
    (
        "/",
        "application/json",
        r#"{"jsonrpc":"2.0","method":"Probe.Echo","id":1}"#,
    ),
];

async fn start_with(cors: Cors) -> TestServer {
    TestServer::start_with(|server| server.cors(cors)).await
}

fn of_page() -> Cors {
    Cors::origins(["http://localhost:5173", PAGE])
}

/// What a browser asks before a page of this origin may post.
async fn ask(server: &TestServer, origin: &str) -> Http1Answer {
    let mut client = Http1Client::connect(server).await;
    let headers = [
        &format!("origin: {origin}")[..],
        "access-control-request-method: POST",
        "access-control-request-headers: content-type,x-grpc-web,authorization",
    ];
    client.call(&format!("OPTIONS {ECHO}"), &headers, b"").await
}

async fn post(server: &TestServer, call: (&str, &str, &str), headers: &[&str]) -> Http1Answer {
    let (path, content_type, body) = call;
    let mut client = Http1Client::connect(server).await;
    let content_type = format!("content-type: {content_type}");
    let headers = [&[&*content_type], headers].concat();
    let first = format!("POST {path}");
    client.call(&first, &headers, body.as_bytes()).await
}

#[tokio::test]
async fn no_page_may_call_unless_the_server_lets_it() {
    let silent = TestServer::start().await;
    let listed = start_with(of_page()).await;
    for (server, origin) in [(&silent, PAGE), (&listed, OTHER), (&listed, "null")] {
        let answer = ask(server, origin).await;
        assert_eq!(answer.status, 403);
        assert_eq!(answer.header("access-control-allow-origin"), None);
        let text = answer.text();
        assert!(
            text.contains(origin) && text.contains("Server::cors"),
            "{text}"
        );
        for call in CALLS {
            let answer = post(server, call, &[&format!("origin: {origin}")]).await;
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
}

#[tokio::test]
async fn a_browser_is_told_what_a_page_may_send() {
    let server = start_with(of_page().max_age(Duration::from_secs(60))).await;
    let answer = ask(&server, PAGE).await;
    assert_eq!((answer.status, &answer.body[..]), (204, &b""[..]));
    for (name, value) in [
        ("access-control-allow-origin", Some(PAGE)),
        ("access-control-allow-methods", Some("GET, POST")),
        (
            "access-control-allow-headers",
            Some("content-type,x-grpc-web,authorization"),
        ),
        ("access-control-max-age", Some("60")),
        ("access-control-allow-credentials", None),
        ("vary", Some("origin")),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
}

#[tokio::test]
async fn a_page_may_read_replies_with_all_their_headers() {
    let server = start_with(of_page()).await;
    for call in CALLS {
        let headers = [&format!("origin: {PAGE}")[..], "x-tenant: blue"];
        let answer = post(&server, call, &headers).await;
        assert_eq!(answer.status, 200, "{call:?}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
        assert_eq!(answer.header("vary"), Some("origin"));
    }
    let (path, content_type, _) = CALLS[0];
    let fails = ("/probe.Probe/Nothing", content_type, "");
    let answer = post(&server, fails, &[&format!("origin: {PAGE}")]).await;
    let exposed = answer.header("access-control-expose-headers").unwrap();
    assert_eq!(exposed, "grpc-status, grpc-message");
    let call = (path, content_type, "\0\0\0\0\0");
    let headers = [&format!("origin: {PAGE}")[..], "x-tenant: blue"];
    let answer = post(&server, call, &headers).await;
    let exposed = answer.header("access-control-expose-headers").unwrap();
    assert!(
        exposed.split(", ").any(|name| name == "x-tenant"),
        "{exposed}"
    );
}

#[tokio::test]
async fn caches_are_told_that_pages_differ_and_only_if_they_do() {
    let listed = start_with(of_page()).await;
    let any = start_with(Cors::any_origin()).await;
    for (server, vary) in [(&listed, Some("origin")), (&any, None)] {
        let mut client = Http1Client::connect(server).await;
        let answer = client.call("GET /healthz", &[], b"").await;
        assert_eq!((answer.status, answer.header("vary")), (200, vary));
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    let answer = ask(&any, "null").await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-max-age"), Some("7200"));
}

#[tokio::test]
async fn credentials_are_allowed_if_the_server_says_so() {
    let server = start_with(of_page().allow_credentials(true)).await;
    let asked = ask(&server, PAGE).await;
    let answered = post(&server, CALLS[1], &[&format!("origin: {PAGE}")]).await;
    for answer in [asked, answered] {
        let allowed = answer.header("access-control-allow-credentials");
        assert_eq!(allowed, Some("true"));
    }
    let refused = ask(&server, OTHER).await;
    assert_eq!(refused.header("access-control-allow-credentials"), None);
}

#[tokio::test]
async fn what_cannot_be_allowed_is_an_error_at_the_start() {
    for (cors, says) in [
        (
            Cors::origins(["app.example.com"]),
            "\"app.example.com\" is not an origin",
        ),
        (
            Cors::any_origin().allow_credentials(true),
            "list the origins",
        ),
    ] {
        let error = Server::new().cors(cors).bind("127.0.0.1:0").await;
        let error = error.unwrap_err();
        assert!(matches!(error, ServeError::Cors { .. }));
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[tokio::test]
async fn options_that_no_browser_asks_with_are_not_answered() {
    let server = start_with(of_page()).await;
    let mut client = Http1Client::connect(&server).await;
    let origin = format!("origin: {PAGE}");
    for headers in [
        &[][..],
        &[&*origin],
        &["access-control-request-method: POST"],
    ] {
        let answer = client.call(&format!("OPTIONS {ECHO}"), headers, b"").await;
        assert_eq!(answer.status, 405);
    }
}
