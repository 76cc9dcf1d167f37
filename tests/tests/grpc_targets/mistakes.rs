//! Servers that are none of gRPC's, or answer against its rules: what their callers are told.

use rpc_runtime::{Code, Stage, Status};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy, Size};
use rpc_tests::{LIMIT, TestServer, within, without_http};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::raw::{DATA, END_STREAM, RawConnection, RawServer};

fn check(status: &Status, code: Code, texts: &[&str]) {
    assert_eq!(status.code(), code, "{status}");
    for text in texts {
        assert!(status.message().contains(text), "{text:?}: {status}");
    }
}

/// How `connect` fails at a server that answers with these bytes.
async fn connect_error(answer: &'static [u8]) -> Status {
    let server = RawServer::bind().await;
    let connecting = tokio::spawn(server.channel().connect());
    let mut stream = server.accept().await;
    stream.read_u8().await.unwrap();
    stream.write_all(answer).await.unwrap();
    let status = connecting.await.unwrap().unwrap_err();
    assert_eq!(status.stage(), Some(Stage::Connect));
    assert!(!status.may_have_run());
    status
}

#[tokio::test]
async fn a_server_of_http1_is_told_apart() {
    within(LIMIT, async {
        let status = connect_error(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let texts = ["HTTP/1", "\"HTTP/1.1 400 Bad Request\"", "the right port?"];
        check(&status, Code::Unavailable, &texts);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_expects_tls_is_told_apart() {
    within(LIMIT, async {
        // The alert "record overflow".
        let status = connect_error(&[0x15, 3, 3, 0, 2, 2, 22]).await;
        check(&status, Code::Unavailable, &["TLS", "grpcs://"]);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_speaks_something_else_is_asked_about() {
    within(LIMIT, async {
        let status = connect_error(b"220 mail.example.com ESMTP\r\n").await;
        check(
            &status,
            Code::Unavailable,
            &["HTTP/2", "is it a gRPC server?"],
        );
    })
    .await;
}

#[tokio::test]
async fn a_server_of_ours_without_http_is_told_apart() {
    within(LIMIT, async {
        let server = TestServer::start_with(without_http).await;
        let target = format!("grpc://{}", server.socket_addr());
        let status = ProbeAsyncClientProxy::connect(target).await.unwrap_err();
        let texts = ["without a word", "rpc://", "grpcs://"];
        check(&status, Code::Unavailable, &texts);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    within(LIMIT, async {
        let server = RawServer::bind().await;
        let limit = std::time::Duration::from_millis(50);
        let status = server.channel().connect_timeout(limit).connect().await;
        let texts = ["50ms", "connect_timeout", "gRPC server?"];
        check(&status.unwrap_err(), Code::Unavailable, &texts);
    })
    .await;
}

/// How a call ends that is answered by `answer`, which has the request's stream.
async fn call_error(answer: impl AsyncFnOnce(&mut RawConnection, u32)) -> Status {
    let server = RawServer::bind().await;
    let channel = server.channel().max_message_size(1000).connect_lazy();
    let probe = ProbeAsyncClientProxy::with(channel.unwrap());
    let call = probe.echo(Payload::default()).start();
    let mut connection = server.open().await;
    let id = connection.request().await;
    answer(&mut connection, id).await;
    call.await.unwrap_err()
}

#[tokio::test]
async fn an_answer_of_http_alone_has_the_code_that_it_stands_for() {
    within(LIMIT, async {
        let cases = [
            ("401", Code::Unauthenticated),
            ("404", Code::Unimplemented),
            ("503", Code::Unavailable),
            ("500", Code::Unknown),
        ];
        for (http, code) in cases {
            let headers = [(":status", http), ("content-type", "text/html")];
            let status = call_error(async |connection, id| {
                connection.headers(id, END_STREAM, &headers).await;
            });
            check(&status.await, code, &["HTTP status", http]);
        }
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_is_no_grpc_names_its_content_type() {
    within(LIMIT, async {
        let headers = [(":status", "200"), ("content-type", "text/html")];
        let status = call_error(async |connection, id| {
            connection.headers(id, 0, &headers).await;
        });
        check(
            &status.await,
            Code::Unknown,
            &["\"text/html\"", "gRPC server?"],
        );
    })
    .await;
}

#[tokio::test]
async fn an_answer_without_a_status_is_unknown() {
    within(LIMIT, async {
        let status = call_error(async |connection, id| {
            connection.begin(id).await;
            connection.send(DATA, END_STREAM, id, &[0; 5]).await;
        });
        check(&status.await, Code::Unknown, &["grpc-status"]);
    })
    .await;
}

#[tokio::test]
async fn a_status_in_place_of_a_reply_needs_no_message() {
    within(LIMIT, async {
        let headers = [
            (":status", "200"),
            ("content-type", "application/grpc"),
            ("grpc-status", "7"),
            ("grpc-message", "not%20you"),
        ];
        let status = call_error(async |connection, id| {
            connection.headers(id, END_STREAM, &headers).await;
        });
        check(&status.await, Code::PermissionDenied, &["not you"]);
    })
    .await;
}

#[tokio::test]
async fn a_call_takes_one_reply_exactly() {
    within(LIMIT, async {
        let none = call_error(async |connection, id| {
            connection.begin(id).await;
            connection
                .headers(id, END_STREAM, &[("grpc-status", "0")])
                .await;
        });
        check(&none.await, Code::Internal, &["without a reply"]);
        let several = call_error(async |connection, id| {
            connection.begin(id).await;
            connection.send(DATA, 0, id, &[0; 10]).await;
        });
        check(&several.await, Code::Internal, &["several replies"]);
    })
    .await;
}

#[tokio::test]
async fn a_reply_over_the_limit_is_refused_by_its_prefix() {
    within(LIMIT, async {
        let status = call_error(async |connection, id| {
            connection.begin(id).await;
            connection.send(DATA, 0, id, &[0, 0, 0, 4, 0]).await;
            // The rest is not wanted.
            let reset = connection.until(crate::raw::RST_STREAM).await;
            assert_eq!(reset.id, id);
        });
        let texts = ["1024 bytes", "client's limit max_message_size of 1000"];
        check(&status.await, Code::ResourceExhausted, &texts);
    })
    .await;
}

#[tokio::test]
async fn a_reply_that_is_cut_or_compressed_in_secret_is_an_error() {
    within(LIMIT, async {
        let cut = call_error(async |connection, id| {
            connection.begin(id).await;
            connection.send(DATA, 0, id, &[0, 0, 0, 0, 2, b'x']).await;
            connection
                .headers(id, END_STREAM, &[("grpc-status", "0")])
                .await;
        });
        check(&cut.await, Code::Internal, &["within a message"]);
        let secret = call_error(async |connection, id| {
            connection.begin(id).await;
            connection.send(DATA, 0, id, &[1, 0, 0, 0, 1, b'x']).await;
        });
        check(&secret.await, Code::Internal, &["grpc-encoding"]);
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_is_reset_ends_with_the_code_that_stands_for_it() {
    within(LIMIT, async {
        let cases = [
            (2, Code::Internal),
            (8, Code::Cancelled),
            (11, Code::ResourceExhausted),
            (12, Code::PermissionDenied),
        ];
        for (reason, code) in cases {
            let status = call_error(async |connection, id| connection.reset(id, reason).await);
            let status = status.await;
            check(&status, code, &["reset the stream"]);
            assert!(status.may_have_run());
        }
    })
    .await;
}

#[tokio::test]
async fn a_stream_of_replies_ends_with_its_connection_after_what_arrived() {
    within(LIMIT, async {
        let server = RawServer::bind().await;
        let probe = ProbeAsyncClientProxy::with(server.channel().connect_lazy().unwrap());
        let replies = tokio::spawn(async move { probe.subscribe(Size::default()).await });
        let mut connection = server.open().await;
        let mut replies = replies.await.unwrap().unwrap();
        // It is sent when it was polled, whoever reads.
        let id = connection.request().await;
        connection.begin(id).await;
        connection.send(DATA, 0, id, &[0; 10]).await;
        assert_eq!(replies.message().await.unwrap(), Some(Payload::default()));
        drop(connection);
        assert_eq!(replies.message().await.unwrap(), Some(Payload::default()));
        let status = replies.message().await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.may_have_run());
    })
    .await;
}
