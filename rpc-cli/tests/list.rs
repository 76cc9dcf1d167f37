//! `rpc list` and `rpc describe`.
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod support;

use std::fs;

use futures_util::{Stream, StreamExt};
use rpc_runtime::{Context, Status, Streaming, rpc_service};
use rpc_tests::TestServer;
use rpc_tests::grpc::reflection::v1::server_reflection_response::MessageResponse;
use rpc_tests::grpc::reflection::v1::{
    ListServiceResponse, ServerReflection, ServerReflectionRequest, ServerReflectionResponse,
    ServiceResponse,
};
use support::{rpc, server};

const LIBRARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/proto/library.proto");
const PROBE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/proto/probe.proto");

#[tokio::test(flavor = "multi_thread")]
async fn services_and_methods_are_listed_by_reflection_on_every_transport() {
    let server = server().await;
    for scheme in ["", "rpc://", "grpc://", "http://"] {
        let target = format!("{scheme}{}", server.address());
        let services = rpc(&["list", &target]).await.ok();
        let all = "grpc.health.v1.Health\ngrpc.reflection.v1.ServerReflection\n\
            grpc.reflection.v1alpha.ServerReflection\nprobe.Probe\nstreams.Streams\n";
        assert_eq!(services, all, "{scheme}");
        let methods = rpc(&["list", &target, "Streams"]).await.ok();
        assert_eq!(
            methods,
            "streams.Streams/Count\nstreams.Streams/Sum\nstreams.Streams/Chat\n"
        );
    }
    let long = rpc(&["list", &server.address(), "streams.Streams", "--long"])
        .await
        .ok();
    assert!(
        long.contains(
            "streams.Streams/Count(streams.CountRequest) returns (stream streams.Number)"
        )
    );
    let json = rpc(&["list", &server.address(), "--json"]).await.json();
    assert_eq!(json["services"][3], "probe.Probe");
    let json = rpc(&["list", &server.address(), "Streams", "--json"])
        .await
        .json();
    assert_eq!(json["methods"][1]["client_streaming"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn services_are_listed_of_files_without_a_server() {
    let services = rpc(&["list", "--proto", LIBRARY, "--proto", PROBE])
        .await
        .ok();
    assert_eq!(services, "library.Library\nprobe.Probe\n");
    let refused = rpc(&["list", "localhost:1", "Probe", "--proto", PROBE]).await;
    refused.fails(2, &["leave out the target"]);
    rpc(&["list"])
        .await
        .fails(2, &["neither a server nor a file"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_come_from_other_folders_and_descriptor_sets_have_their_own() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/proto");
    let file = format!("{folder}/grpc/testing/test.proto");
    let services = rpc(&["list", "--proto", &file, "-I", folder]).await.ok();
    assert!(
        services.contains("grpc.testing.TestService\n"),
        "{services}"
    );

    let schema = rpc_build::Schema::load(&[LIBRARY], &[folder]).unwrap();
    let set = tempfile::NamedTempFile::new().unwrap();
    fs::write(set.path(), schema.file_descriptor_set()).unwrap();
    let set = set.path().to_str().unwrap();
    let services = rpc(&["list", "--descriptor-set", set]).await.ok();
    assert_eq!(services, "library.Library\n");
    let missing = rpc(&["list", "--proto", "/no/such.proto"]).await;
    missing.fails(6, &["/no/such.proto"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_are_shown_as_proto_text_with_comments_and_options() {
    let text = rpc(&["describe", "--proto", LIBRARY, "library.Library"])
        .await
        .ok();
    for part in [
        "// service library.Library, in library.proto",
        "// A service whose methods have options.\nservice Library {\n",
        "  // Tells how much time is left.\n  rpc Find(library.Key) returns (library.Entry) {\n",
        "    option idempotency_level = NO_SIDE_EFFECTS;\n",
        "    option (rpc.timeout) = \"2s\";\n",
        "    option (rpc.alias) = \"Get\";\n",
        "    option (rpc.retry) = {",
        "  rpc Lend(library.Key) returns (library.Entry);\n}\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    let text = rpc(&["describe", "--proto", PROBE, "probe.Panics"])
        .await
        .ok();
    for part in [
        "message Panics {\n",
        "  probe.Panics.When when = 1;\n",
        "  enum When {\n",
        "    WHEN_LATER = 1;\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    let text = rpc(&["describe", "--proto", PROBE, "probe.Seen.metadata"])
        .await
        .ok();
    assert!(text.contains("map<string, string> metadata = 2;"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_some_schemas_have_is_shown_too() {
    let schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/../rpc-build/tests/schemas");
    let (old, options) = (
        format!("{schemas}/proto2.proto"),
        format!("{schemas}/options.proto"),
    );
    let text = rpc(&["describe", "--proto", &old, "schemas.proto2.Settings"])
        .await
        .ok();
    for part in [
        "  required string name = 1;\n",
        "  optional string greeting = 5 [default = \"say \\\"hi\\\"\\n\"];\n",
        "  optional bytes salt = 6 [default = \"\\000\\377\\n\"];\n",
        "  optional group Inner = 10 {\n    optional schemas.proto2.Settings parent = 1;\n  }\n",
        "    group Chosen = 13 {\n",
        "  map<string, schemas.proto2.Level> levels = 14;\n",
        "  reserved 20 to 29, 40;\n  reserved \"old\";\n  extensions 100 to 199;\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    assert_eq!(text.matches("Inner").count(), 1, "{text}");
    let text = rpc(&["describe", "--proto", &options, "schemas.options.Checked"])
        .await
        .ok();
    for part in [
        "  option (schemas.proto2.rule) = {",
        " (schemas.proto2.rules) = {pattern:\"b\"}, (schemas.proto2.rules) = {pattern:\"c\"}",
        "    option (schemas.proto2.required) = true;\n    int32 number = 2 [jstype = JS_STRING];\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_are_shown_by_reflection() {
    let server = server().await;
    let target = server.address();
    let all = rpc(&["describe", &target]).await.ok();
    assert!(all.contains("service Probe {") && all.contains("service Streams {"));
    for (name, part) in [
        (
            "Streams",
            "rpc Sum(stream streams.Number) returns (streams.Number);",
        ),
        (
            "streams.Streams/Sum",
            "rpc Sum(stream streams.Number) returns (streams.Number);",
        ),
        (
            "Streams/Sum",
            "rpc Sum(stream streams.Number) returns (streams.Number);",
        ),
        ("streams.CountRequest", "uint64 up_to = 1;"),
        ("streams.CountRequest.up_to", "uint64 up_to = 1;"),
        ("probe.Panics.When", "WHEN_AT_ONCE = 0;"),
    ] {
        let text = rpc(&["describe", &target, name]).await.ok();
        assert!(text.contains(part), "{name}: {part:?} is not in {text}");
    }
    let json = rpc(&["describe", &target, "streams.CountRequest", "--json"])
        .await
        .json();
    assert_eq!(json["fields"][0]["json_name"], "upTo");
    let unknown = rpc(&["describe", &target, "streams.CountReqest"]).await;
    unknown.fails(
        7,
        &["streams.CountReqest", "did you mean streams.CountRequest?"],
    );
    let unknown = rpc(&["describe", &target, "streams.CountRequest.up_two"]).await;
    unknown.fails(7, &["field of streams.CountRequest", "did you mean up_to?"]);
}

/// Lists one service, whatever it is asked.
struct OldReflection;

#[rpc_service]
impl ServerReflection for OldReflection {
    async fn server_reflection_info(
        &self,
        _cx: Context,
        requests: Streaming<ServerReflectionRequest>,
    ) -> Result<impl Stream<Item = Result<ServerReflectionResponse, Status>> + Send + 'static, Status>
    {
        Ok(requests.map(|request| {
            let service = ServiceResponse {
                name: "old.Service".to_owned(),
            };
            let list = ListServiceResponse {
                service: vec![service],
            };
            Ok(ServerReflectionResponse {
                valid_host: String::new(),
                original_request: Some(request?),
                message_response: Some(MessageResponse::ListServicesResponse(list)),
            })
        }))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_the_old_version_of_reflection_only_is_asked_in_that() {
    let server = TestServer::start_with(|server| {
        let name = "grpc.reflection.v1alpha.ServerReflection";
        server.without_reflection().service_as(name, OldReflection)
    })
    .await;
    for scheme in ["rpc", "grpc", "http"] {
        let target = format!("{scheme}://{}", server.address());
        assert_eq!(
            rpc(&["list", &target]).await.ok(),
            "old.Service\n",
            "{scheme}"
        );
    }
}
