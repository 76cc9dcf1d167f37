//! JSON-RPC over HTTP POST, as jsonrpsee's client and as curl speak it.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use flate2::write::GzEncoder;
use jsonrpsee_core::client::{BatchResponse, ClientT, Error};
use jsonrpsee_core::params::{ArrayParams, BatchRequestBuilder, ObjectParams};
use jsonrpsee_core::rpc_params;
use jsonrpsee_http_client::{HttpClient, HttpClientBuilder};
use rpc_runtime::jsonrpc::code;
use rpc_runtime::middleware::Authenticate;
use rpc_runtime::{Code, Protocol, Server};
use rpc_tests::{Http1Client, LIMIT, TestServer, within};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ECHO: &str = r#"{"jsonrpc":"2.0","method":"Probe.Echo","params":{"data":"AAAA"},"id":1}"#;

/// Sends a request over HTTP/1.1 as curl does, and gives the status and the body of the response.
async fn post(address: SocketAddr, path: &str, headers: &str, body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server may have refused the body.
    let _ = stream.write_all(body).await;
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    if status == 200 {
        assert!(head.contains("content-type: application/json"), "{head}");
    }
    (status, body.to_owned())
}

const JSON: &str = "content-type: application/json\r\n";

fn jsonrpsee(server: &TestServer) -> HttpClient {
    let url = format!("http://{}", server.socket_addr());
    HttpClientBuilder::default().build(url).unwrap()
}

fn by_name(values: &[(&str, &str)]) -> ObjectParams {
    let mut params = ObjectParams::new();
    for (name, value) in values {
        params.insert(name, value).unwrap();
    }
    params
}

#[tokio::test]
async fn jsonrpsee_calls_methods_by_name_and_by_position() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = jsonrpsee(&server);
        let params = by_name(&[("data", "AQI=")]);
        let reply: Value = client.request("probe.Probe/Echo", params).await.unwrap();
        assert_eq!(reply, json!({"data": "AQI="}));
        let reply: Value = client
            .request("Probe.Echo", rpc_params!["AQI="])
            .await
            .unwrap();
        assert_eq!(reply, json!({"data": "AQI="}));
        let reply: Value = client
            .request("Probe.Echo", ArrayParams::new())
            .await
            .unwrap();
        assert_eq!(reply, json!({}));
    })
    .await;
}

#[tokio::test]
async fn jsonrpsee_sees_errors_with_code_message_and_data() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = jsonrpsee(&server);
        let mut params = ObjectParams::new();
        params.insert("code", 5).unwrap();
        params.insert("message", "no user 7").unwrap();
        let failed = client.request::<Value, _>("Probe.Fail", params).await;
        let Err(Error::Call(error)) = failed else {
            panic!("{failed:?}");
        };
        assert_eq!(
            (i64::from(error.code()), error.message()),
            (-32005, "no user 7")
        );
        let data: Value = serde_json::from_str(error.data().unwrap().get()).unwrap();
        assert_eq!(data, json!({"status": "NOT_FOUND"}));
        let failed = client
            .request::<Value, _>("Probe.None", rpc_params![])
            .await;
        let Err(Error::Call(error)) = failed else {
            panic!("{failed:?}");
        };
        assert_eq!(i64::from(error.code()), code::METHOD_NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn jsonrpsee_sends_notifications_and_batches() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = jsonrpsee(&server);
        client
            .notification("Probe.Echo", rpc_params![])
            .await
            .unwrap();
        assert_eq!(server.probe.counts().finished, 1);
        let mut batch = BatchRequestBuilder::new();
        for data in ["AAAA", "BBBB"] {
            batch
                .insert("Probe.Echo", by_name(&[("data", data)]))
                .unwrap();
        }
        batch.insert("Probe.None", rpc_params![]).unwrap();
        let answers: BatchResponse<'_, Value> = client.batch_request(batch).await.unwrap();
        assert_eq!(
            (answers.num_successful_calls(), answers.num_failed_calls()),
            (2, 1)
        );
        let data: Vec<_> = answers
            .into_iter()
            .map(|answer| {
                answer
                    .map(|reply| reply["data"].clone())
                    .map_err(|error| i64::from(error.code()))
            })
            .collect();
        let expected = [
            Ok(json!("AAAA")),
            Ok(json!("BBBB")),
            Err(code::METHOD_NOT_FOUND),
        ];
        assert_eq!(data, expected);
    })
    .await;
}

#[tokio::test]
async fn the_body_of_a_post_is_a_request_or_a_batch() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let answer = r#"{"jsonrpc":"2.0","result":{"data":"AAAA"},"id":1}"#;
        let notification = r#"{"jsonrpc":"2.0","method":"Probe.Echo"}"#;
        for (body, status, expected) in [
            (ECHO.to_owned(), 200, answer.to_owned()),
            (format!(" \r\n{ECHO}\r\n "), 200, answer.to_owned()),
            (format!("[{ECHO}]"), 200, format!("[{answer}]")),
            (
                format!("[{ECHO},{notification}]"),
                200,
                format!("[{answer}]"),
            ),
            (notification.to_owned(), 204, String::new()),
            (format!("[{notification}]"), 204, String::new()),
        ] {
            for path in ["/", "/rpc"] {
                let answered = post(server.socket_addr(), path, JSON, body.as_bytes()).await;
                assert_eq!(answered, (status, expected.clone()), "{body}");
            }
        }
        for (body, code) in [
            ("", code::PARSE_ERROR),
            ("{", code::PARSE_ERROR),
            ("1", code::INVALID_REQUEST),
            ("[]", code::INVALID_REQUEST),
            ("{} {}", code::PARSE_ERROR),
        ] {
            let (status, body) = post(server.socket_addr(), "/", JSON, body.as_bytes()).await;
            let answer: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(
                (status, &answer["error"]["code"], &answer["id"]),
                (200, &json!(code), &Value::Null)
            );
        }
    })
    .await;
}

#[tokio::test]
async fn calls_of_a_batch_run_at_a_time() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let hold = |id| json!({"jsonrpc": "2.0", "method": "Probe.Hold", "id": id});
        let batch = Value::from([1, 2, 3].map(hold).to_vec()).to_string();
        let address = server.socket_addr();
        let posted = tokio::spawn(async move { post(address, "/", JSON, batch.as_bytes()).await });
        server.probe.until_running(3).await;
        server.probe.release_all();
        let (status, body) = posted.await.unwrap();
        let answers: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, answers.as_array().unwrap().len()), (200, 3));
    })
    .await;
}

#[tokio::test]
async fn headers_are_the_metadata_of_the_calls() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let headers = [JSON, "authorization: Bearer t0ken\r\nx-tenant: blue\r\n"].concat();
        let body = br#"{"jsonrpc":"2.0","method":"Probe.Inspect","id":1}"#;
        let (_, body) = post(server.socket_addr(), "/", &headers, body).await;
        let answer: Value = serde_json::from_str(&body).unwrap();
        let seen = &answer["result"]["metadata"];
        assert_eq!(
            seen,
            &json!({"authorization": "Bearer t0ken", "x-tenant": "blue"})
        );
    })
    .await;
}

#[tokio::test]
async fn interceptors_see_the_calls_and_refuse_those_without_a_token() {
    within(LIMIT, async {
        let tokens = Authenticate::bearer([("billing", "t0ken")]);
        let server = TestServer::start_with(|server| server.intercept(tokens)).await;
        let (_, refused) = post(server.socket_addr(), "/", JSON, ECHO.as_bytes()).await;
        let refused: Value = serde_json::from_str(&refused).unwrap();
        assert_eq!(refused["error"]["code"], code::of(Code::Unauthenticated));
        let headers = [JSON, "authorization: Bearer t0ken\r\n"].concat();
        let (_, answer) = post(server.socket_addr(), "/", &headers, ECHO.as_bytes()).await;
        assert!(answer.contains("AAAA"), "{answer}");
        assert_eq!(server.probe.counts().started, 1);
    })
    .await;
}

#[tokio::test]
async fn a_body_over_a_limit_is_refused_by_http_and_in_json() {
    within(LIMIT, async {
        let configure = |server: Server| {
            let server = server.max_message_size(1000).max_batch_length(2);
            server.frame_timeout(Duration::from_millis(50))
        };
        let server = TestServer::start_with(configure).await;
        let long = format!("[\"{}\"]", "x".repeat(1000));
        let (status, body) = post(server.socket_addr(), "/", JSON, long.as_bytes()).await;
        assert_eq!(status, 413);
        assert!(body.contains("max_message_size of 1000 bytes"), "{body}");
        let batch = format!("[{ECHO},{ECHO},{ECHO}]");
        let (status, body) = post(server.socket_addr(), "/", JSON, batch.as_bytes()).await;
        assert_eq!(status, 200);
        assert!(body.contains("max_batch_length of 2"), "{body}");
        assert_eq!(server.probe.counts().started, 0);
    })
    .await;
}

#[tokio::test]
async fn only_json_is_taken_for_json_rpc() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        for (content_type, expected) in [
            ("content-type: application/json; charset=utf-8\r\n", 200),
            ("content-type: application/json-rpc\r\n", 200),
            ("content-type: text/plain\r\n", 415),
            ("", 415),
        ] {
            let (status, _) = post(server.socket_addr(), "/", content_type, ECHO.as_bytes()).await;
            assert_eq!(status, expected, "{content_type}");
        }
        let without = TestServer::start_with(|server| server.without(Protocol::JsonRpc)).await;
        let (status, _) = post(without.socket_addr(), "/", JSON, ECHO.as_bytes()).await;
        assert_ne!(status, 200);
    })
    .await;
}

fn gzip(plain: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn requests_may_be_compressed() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let zstd = |plain: &str| zstd::bulk::compress(plain.as_bytes(), 0).unwrap();
        for (name, compress) in [("gzip", gzip as fn(&str) -> Vec<u8>), ("zstd", zstd)] {
            let headers = format!("{JSON}content-encoding: {name}\r\n");
            for request in [ECHO.to_owned(), format!("[{ECHO}]")] {
                let request = compress(&request);
                let (status, body) = post(server.socket_addr(), "/", &headers, &request).await;
                assert_eq!(status, 200, "{name}: {body}");
                assert!(body.contains(r#""result":{"data":"AAAA"}"#), "{body}");
            }
        }
        let headers = [JSON, "content-encoding: identity\r\n"].concat();
        let (_, body) = post(server.socket_addr(), "/", &headers, ECHO.as_bytes()).await;
        assert!(body.contains("AAAA"), "{body}");
    })
    .await;
}

#[tokio::test]
async fn a_compressed_request_is_held_to_the_limits_of_a_plain_one() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.max_message_size(1000)).await;
        let headers = [JSON, "content-encoding: gzip\r\n"].concat();
        let large = gzip(&format!("{ECHO}{}", " ".repeat(1000)));
        assert!(large.len() < 1000);
        for (body, status, says) in [
            (
                &large[..],
                413,
                "max_message_size of 1000 bytes after decompression",
            ),
            (ECHO.as_bytes(), 400, "cannot be decompressed with gzip"),
        ] {
            let (answered, body) = post(server.socket_addr(), "/", &headers, body).await;
            assert_eq!(answered, status);
            assert!(body.contains(says), "{body}");
        }
        assert_eq!(server.probe.counts().started, 0);
    })
    .await;
}

#[tokio::test]
async fn who_compresses_otherwise_is_told_what_is_taken() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut client = Http1Client::connect(&server).await;
        let headers = ["content-type: application/json", "content-encoding: br"];
        let answer = client.call("POST /", &headers, ECHO.as_bytes()).await;
        assert_eq!(answer.status, 415);
        assert_eq!(
            answer.header("accept-encoding"),
            Some("zstd, gzip, identity")
        );
        let error: Value = serde_json::from_str(answer.text()).unwrap();
        assert_eq!(error["error"]["code"], code::INVALID_REQUEST);
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.contains("compressed with \"br\""), "{message}");
        assert!(message.contains("takes zstd, gzip, identity"), "{message}");
    })
    .await;
}

#[tokio::test]
async fn who_posts_no_json_is_told_what_to_send() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let form = "content-type: application/x-www-form-urlencoded\r\n";
        for path in ["/", "/rpc"] {
            let (status, body) = post(server.socket_addr(), path, form, ECHO.as_bytes()).await;
            assert_eq!(status, 415);
            assert!(
                body.contains("use content-type: application/json"),
                "{body}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn who_does_not_post_is_told_to() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut http = Http1Client::connect(&server).await;
        for path in ["/", "/rpc"] {
            let first = format!("PUT {path}");
            let answer = http.call(&first, &["content-length: 0"], b"").await;
            assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
            assert!(
                answer.text().contains("sent with POST"),
                "{}",
                answer.text()
            );
        }
    })
    .await;
}
