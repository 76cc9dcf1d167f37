//! Errors as JSON, with the HTTP status of their code.

use prost::Message;
use rpc_runtime::Code;
use rpc_tests::probe::Failure;

use crate::harness::{Client, start};

const FAIL: &str = "/probe.Probe/Fail";
const JSON: &str = "application/json";

#[tokio::test]
async fn each_code_has_a_name_and_an_http_status() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    for (code, name, status) in [
        // A failure is no success, whatever its code.
        (Code::Ok, "unknown", 500),
        (Code::Cancelled, "canceled", 499),
        (Code::Unknown, "unknown", 500),
        (Code::InvalidArgument, "invalid_argument", 400),
        (Code::DeadlineExceeded, "deadline_exceeded", 504),
        (Code::NotFound, "not_found", 404),
        (Code::AlreadyExists, "already_exists", 409),
        (Code::PermissionDenied, "permission_denied", 403),
        (Code::ResourceExhausted, "resource_exhausted", 429),
        (Code::FailedPrecondition, "failed_precondition", 400),
        (Code::Aborted, "aborted", 409),
        (Code::OutOfRange, "out_of_range", 400),
        (Code::Unimplemented, "unimplemented", 501),
        (Code::Internal, "internal", 500),
        (Code::Unavailable, "unavailable", 503),
        (Code::DataLoss, "data_loss", 500),
        (Code::Unauthenticated, "unauthenticated", 401),
    ] {
        let request = format!(r#"{{"code": {}, "message": "so it is"}}"#, code.value());
        let answer = client.post(FAIL, JSON, request.as_bytes()).await;
        let expected = format!(r#"{{"code":"{name}","message":"so it is"}}"#);
        assert_eq!((answer.status, answer.text()), (status, &*expected));
        assert_eq!(answer.header("content-type"), Some(JSON));
    }
}

#[tokio::test]
async fn errors_are_json_for_clients_that_speak_protobuf_too() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let request = Failure {
        code: 5,
        ..Failure::default()
    };
    let body = request.encode_to_vec();
    let answer = client.post(FAIL, "application/proto", &body).await;
    assert_eq!(
        (answer.status, answer.text()),
        (404, r#"{"code":"not_found"}"#)
    );
    assert_eq!(answer.header("content-type"), Some(JSON));
}

#[tokio::test]
async fn details_have_their_type_their_bytes_and_their_json() {
    /// `google.rpc.Status`, whose field 3 they are.
    #[derive(Clone, PartialEq, Message)]
    struct Details {
        #[prost(message, repeated, tag = "3")]
        details: Vec<rpc_runtime::prost_types::Any>,
    }
    let detail = |name: &str, value: &[u8]| rpc_runtime::prost_types::Any {
        type_url: format!("type.googleapis.com/{name}"),
        value: value.to_vec(),
    };
    let details = Details {
        details: vec![
            detail("probe.Size", &[0x08, 7]),
            detail("other.Unknown", &[1]),
        ],
    };
    let request = Failure {
        code: Code::Aborted.value(),
        message: "no".to_owned(),
        details: details.encode_to_vec().into(),
    };
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let body = request.encode_to_vec();
    let answer = client.post(FAIL, "application/proto", &body).await;
    assert_eq!(
        answer.text(),
        r#"{"code":"aborted","message":"no","details":[{"type":"probe.Size","value":"CAc","debug":{"bytes":"7"}},{"type":"other.Unknown","value":"AQ"}]}"#
    );
}

#[tokio::test]
async fn trailing_metadata_are_headers_with_a_prefix() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let headers = [
        "content-type: application/json",
        "x-tenant: blue",
        "x-trace-bin: AQI",
    ];
    let first = format!("POST {FAIL}");
    let answer = client.call(&first, &headers, br#"{"code": 10}"#).await;
    assert_eq!(answer.status, 409);
    assert_eq!(answer.header("trailer-x-tenant"), Some("blue"));
    assert_eq!(answer.header("trailer-x-trace-bin"), Some("AQI"));
}

#[tokio::test]
async fn wrong_requests_are_told_what_is_wrong() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let json = "content-type: application/json";
    for (path, headers, body, status, error) in [
        (
            "/probe.Probe/Echo",
            vec![json],
            "{\"data\": 1}",
            400,
            "field data: invalid type: integer `1`",
        ),
        (
            "/probe.Probe/Echo",
            vec![json],
            "",
            400,
            "EOF while parsing a value",
        ),
        (
            "/probe.Probe/Missing",
            vec![json],
            "{}",
            404,
            r#"{"code":"unimplemented","message":"the service"#,
        ),
        (
            "/missing.Service/Echo",
            vec![json],
            "{}",
            404,
            r#"{"code":"unimplemented","message":"the server"#,
        ),
        (
            "/probe.Probe/Echo",
            vec![json, "connect-timeout-ms: 1s"],
            "{}",
            400,
            "connect-timeout-ms is",
        ),
        (
            "/probe.Probe/Echo",
            vec![json, "connect-timeout-ms: 12345678901"],
            "{}",
            400,
            "up to 10 digits",
        ),
        (
            "/probe.Probe/Echo",
            vec![json, "connect-protocol-version: 2"],
            "{}",
            400,
            "version 1 of the Connect",
        ),
        (
            "/probe.Probe/Echo",
            vec![json, "x-trace-bin: !"],
            "{}",
            400,
            "is not base64",
        ),
        (
            "/probe.Probe/Echo",
            vec![json, "content-encoding: br"],
            "{}",
            501,
            "compressed with \\\"br\\\"",
        ),
    ] {
        let answer = client
            .call(&format!("POST {path}"), &headers, body.as_bytes())
            .await;
        assert_eq!(answer.status, status, "{path} {headers:?} {body}");
        assert!(answer.text().contains(error), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_content_type_for_other_methods_is_answered_with_those_to_use() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    for (path, content_type, instead) in [
        (
            "/probe.Probe/Echo",
            "application/connect+json",
            "application/json, application/proto",
        ),
        (
            "/streams.Streams/Sum",
            "application/json",
            "application/connect+proto, application/connect+json",
        ),
        (
            "/streams.Streams/Chat",
            "application/proto",
            "application/connect+proto, application/connect+json",
        ),
        (
            "/streams.Streams/Count",
            "application/proto",
            "application/connect+proto, application/connect+json, application/json",
        ),
    ] {
        let answer = client.post(path, content_type, b"").await;
        assert_eq!(answer.status, 415, "{path}");
        assert_eq!(answer.header("accept-post"), Some(instead));
    }
    // What curl sends unless it is told otherwise.
    let form = "application/x-www-form-urlencoded";
    let answer = client.post("/probe.Probe/Echo", form, b"{}").await;
    assert_eq!(answer.status, 415);
    assert_eq!(
        answer.text(),
        "the method has no streams: use content-type: application/json or application/proto, not \
         \"application/x-www-form-urlencoded\"\n"
    );
}

#[tokio::test]
async fn a_path_that_leads_nowhere_is_answered_with_what_paths_look_like() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    for (path, meant) in [
        ("/probe.Probe/Echo/", "; did you mean /probe.Probe/Echo?"),
        ("//probe.Probe/Echo", "; did you mean /probe.Probe/Echo?"),
        ("/probe.Prob/Ecko/", "; did you mean /probe.Probe/Echo?"),
        ("//x/y", ""),
        ("/rpc/", ""),
    ] {
        let expected =
            format!("there is nothing at {path}: methods are at /package.Service/Method{meant}\n");
        let answer = client.post(path, JSON, b"{}").await;
        assert_eq!((answer.status, answer.text()), (404, &*expected));
        let answer = client.call(&format!("PUT {path}"), &[], b"").await;
        assert_eq!((answer.status, answer.text()), (404, &*expected));
    }
    let long = format!("/probe.Probe/{}/", "Echo".repeat(1_000));
    let answer = client.post(&long, JSON, b"{}").await;
    assert_eq!(answer.status, 404);
    assert!(!answer.text().contains("did you mean"), "{}", answer.text());
}

#[tokio::test]
async fn a_panic_is_an_internal_error_that_tells_no_secret() {
    let server = start().await;
    let mut client = Client::connect(&server).await;
    let answer = client.post("/probe.Probe/Panic", JSON, b"{}").await;
    assert_eq!(answer.status, 500);
    assert!(
        !answer.text().contains(rpc_tests::SECRET),
        "{}",
        answer.text()
    );
    assert_eq!(
        client.post("/probe.Probe/Echo", JSON, b"{}").await.status,
        200
    );
}
