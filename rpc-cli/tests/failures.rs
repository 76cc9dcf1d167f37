//! What is said when there is no connection, or one with somebody else.
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod support;

use std::fs;
use std::net::SocketAddr;

use rpc_runtime::{Protocol, ServerTls};
use rpc_tests::{Authority, TestServer, TestStreams, without_http};
use support::{LIMIT, rpc, server, start};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

const PROBE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/proto/probe.proto");

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connection_asks_whether_the_server_runs() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for scheme in ["rpc://", "grpc://", "http://", "jsonrpc://"] {
        let target = format!("{scheme}{address}");
        let ran = rpc(&["call", &target, "a.B/C", "--proto", PROBE]).await;
        ran.fails(3, &[&target, "refused", "is the server running"]);
    }
    let target = format!("http://{address}");
    rpc(&["list", &target])
        .await
        .fails(3, &[&target, "refused"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_does_not_exist_and_a_target_that_is_none_are_named() {
    let ran = rpc(&["list", "no-such-host.invalid:8000"]).await;
    ran.fails(
        3,
        &[
            "cannot resolve the host \"no-such-host.invalid\"",
            "check the name",
        ],
    );
    let ran = rpc(&["list", "localhost"]).await;
    ran.fails(2, &["the target \"localhost\" has no port", "grpc://"]);
    let ran = rpc(&["list", "unix:/no/such/socket"]).await;
    ran.fails(3, &["cannot connect", "is this its socket"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_protocol_is_found_out_and_named() {
    let native = TestServer::start_with(without_http).await;
    let address = native.address();
    rpc(&["list", &format!("grpc://{address}")])
        .await
        .fails(3, &["gRPC", &format!("try rpc://{address}")]);

    // An HTTP server that knows none of this.
    let address = answers_with("HTTP/1.1 404 Not Found\r\ncontent-length: 6", "absent").await;
    rpc(&["list", &format!("grpc://{address}")])
        .await
        .fails(3, &["HTTP/1", &format!("try http://{address}")]);
    let ran = rpc(&[
        "call",
        &format!("http://{address}"),
        "Probe/Echo",
        "--proto",
        PROBE,
    ])
    .await;
    ran.fails(4, &["404 Not Found: absent", "does it speak Connect"]);
}

/// A server that gives this answer to whatever it is asked.
async fn answers_with(head: &'static str, body: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut input = [0; 1024];
                let _ = stream.read(&mut input).await;
                let answer = format!("{head}\r\nconnection: close\r\n\r\n{body}");
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_no_reply() {
    for (content_type, body, says) in [
        ("text/html", "<html></html>", "the server answers text/html"),
        ("application/json", "<html>....</html>", "JSON"),
    ] {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {}",
            body.len()
        );
        let address = answers_with(head.leak(), body).await;
        let target = format!("http://{address}");
        rpc(&["call", &target, "Probe/Echo", "--proto", PROBE])
            .await
            .fails(4, &[says]);
    }
    // Nor does it show that the server is well.
    let address = answers_with("HTTP/1.1 501 Not Implemented\r\ncontent-length: 2", "no").await;
    rpc(&["ping", &format!("http://{address}"), "-c", "1"])
        .await
        .fails(4, &["501 Not Implemented"]);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn of_a_socket_that_does_not_answer_no_other_protocol_is_offered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let _listener = tokio::net::UnixListener::bind(&path).unwrap();
    let target = format!("unix:{}", path.display());
    let ran = rpc(&["list", &target, "--connect-timeout", "50ms"]).await;
    ran.fails(3, &["no answer"]);
    assert!(!ran.stderr.contains("help"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timeout_of_a_call_is_also_that_of_questions_after_its_method() {
    // Accepts connections, and answers nothing.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}", listener.local_addr().unwrap());
    let ran = rpc(&["call", &target, "Probe/Echo", "--timeout", "50ms"]).await;
    ran.fails(4, &["DEADLINE_EXCEEDED", "reflection", "--timeout"]);
    let ran = rpc(&["call", &target, "Probe/Echo", "--timeout", "0s"]).await;
    ran.fails(2, &["--timeout", "longer"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_where_there_is_none_and_none_where_there_is_are_told_apart() {
    let plain = server().await;
    let address = plain.address();
    for scheme in ["rpcs", "grpcs"] {
        rpc(&["list", &format!("{scheme}://{address}"), "--insecure"])
            .await
            .fails(3, &["TLS", &format!("try rpc://{address}")]);
    }
    let identity = Authority::new().issue(&["127.0.0.1"]);
    let tls = ServerTls::from_pem(&identity.certificate, &identity.key).unwrap();
    let server = TestServer::start_with(|server| server.tls(tls)).await;
    let address = server.socket_addr();
    for scheme in ["rpc", "grpc"] {
        rpc(&["list", &format!("{scheme}://{address}")])
            .await
            .fails(3, &[&format!("try rpcs://{address}")]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_trusted_by_its_root_or_not_checked_at_all() {
    let authority = Authority::new();
    let identity = authority.issue(&["localhost"]);
    let tls = ServerTls::from_pem(&identity.certificate, &identity.key).unwrap();
    let server = TestServer::start_with(|server| server.tls(tls)).await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, pem: &str| {
        let path = folder.path().join(name);
        fs::write(&path, pem).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let root = path("root.pem", authority.root());
    let stranger = path("stranger.pem", Authority::new().root());
    for scheme in ["rpcs", "grpcs", "https"] {
        let target = format!("{scheme}://{}", server.socket_addr());
        let list = ["list", &target];
        rpc(&[&list[..], &["--insecure"]].concat()).await.ok();
        rpc(&[&list[..], &["--ca", &root, "--server-name", "localhost"]].concat())
            .await
            .ok();
        rpc(&[&list[..], &["--ca", &root]].concat())
            .await
            .fails(3, &["--server-name"]);
        rpc(&[&list[..], &["--ca", &stranger]].concat())
            .await
            .fails(3, &["UnknownIssuer", "--ca FILE"]);
        // The protocol is the right one.
        let ran = rpc(&[&list[..], &["--ca", &stranger]].concat()).await;
        assert!(!ran.stderr.contains("the server answers"), "{ran:?}");
    }
    rpc(&["list", "rpcs://localhost:1", "--ca", "/no/such.pem"])
        .await
        .fails(6, &["/no/such.pem"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_reflection_says_to_use_files() {
    let server = TestServer::start_with(|server| server.without_reflection()).await;
    for scheme in ["rpc", "grpc", "http"] {
        let target = format!("{scheme}://{}", server.address());
        rpc(&["list", &target])
            .await
            .fails(7, &["has no reflection", "--proto FILE"]);
    }
    // HTTP is answered, but not this way.
    let server = TestServer::start_with(|server| server.without(Protocol::Http)).await;
    let target = format!("http://{}", server.address());
    let ran = rpc(&["list", &target]).await;
    ran.fails(7, &["has no reflection", "415", "--proto FILE"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_cancels_the_call_at_the_server() {
    let streams = TestStreams::default();
    let served = streams.clone();
    let server = TestServer::start_with(|server| server.service(served)).await;
    for scheme in ["rpc", "grpc", "http"] {
        let target = format!("{scheme}://{}", server.address());
        let hangs = r#"{"upTo": 1, "hangs": true}"#;
        let mut child = start(&["call", &target, "Streams/Count", hangs]);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = tokio::time::timeout(LIMIT, lines.next_line())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(first.as_deref(), Some("{\"value\":\"1\"}"));
        assert_eq!(streams.alive.load(std::sync::atomic::Ordering::SeqCst), 1);
        interrupt(&child).await;
        let ended = tokio::time::timeout(LIMIT, child.wait())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(ended.code(), Some(130), "{scheme}");
        rpc_tests::within(LIMIT, async {
            while streams.alive.load(std::sync::atomic::Ordering::SeqCst) > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_the_wait_for_standard_input() {
    let server = server().await;
    let mut child = start(&["call", &server.address(), "Probe/Echo", "-"]);
    // More than a pipe holds, so it is being read when it is written.
    let mut stdin = child.stdin.take().unwrap();
    let written = tokio::time::timeout(LIMIT, stdin.write_all(&[b' '; 1 << 20]));
    written.await.unwrap().unwrap();
    interrupt(&child).await;
    let ended = tokio::time::timeout(LIMIT, child.wait()).await;
    assert!(!ended.unwrap().unwrap().success());
}

/// What Ctrl-C does.
async fn interrupt(child: &Child) {
    let pid = child.id().unwrap().to_string();
    let kill = Command::new("kill").args(["-INT", &pid]).status().await;
    assert!(kill.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_answers_one_protocol_only_is_called_by_it() {
    let server =
        TestServer::start_with(|server| server.without(Protocol::Grpc).without(Protocol::JsonRpc))
            .await;
    let ran = rpc(&[
        "call",
        &format!("http://{}", server.address()),
        "Probe/Echo",
    ])
    .await;
    assert_eq!(ran.ok(), "{}\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_a_certificate_is_shown_one() {
    let authority = Authority::new();
    let (server, client) = (authority.issue(&["127.0.0.1"]), authority.issue(&["me"]));
    let tls = ServerTls::from_pem(&server.certificate, &server.key).unwrap();
    let tls = tls.require_client_certificates(authority.root()).unwrap();
    let server = TestServer::start_with(|server| server.tls(tls)).await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, pem: &str| {
        let path = folder.path().join(name);
        fs::write(&path, pem).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let root = file("root.pem", authority.root());
    let (cert, key) = (
        file("me.pem", &client.certificate),
        file("me.key", &client.key),
    );
    // Over HTTP it is a call that is refused.
    for (scheme, code) in [("rpcs", 3), ("grpcs", 3), ("https", 4)] {
        let target = format!("{scheme}://{}", server.socket_addr());
        let list = ["list", &target, "--ca", &root];
        rpc(&[&list[..], &["--cert", &cert, "--key", &key]].concat())
            .await
            .ok();
        rpc(&list)
            .await
            .fails(code, &["CertificateRequired", "--cert"]);
    }
}
