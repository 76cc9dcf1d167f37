//! gRPC's server reflection, which every server answers.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;
use protox::prost_reflect::DescriptorPool;
use protox::prost_reflect::prost_types::{FileDescriptorProto, FileDescriptorSet};
use rpc_runtime::{Code, MethodDescriptor, MethodKind, Server, Status, Streaming};
use rpc_tests::grpc::reflection::v1::server_reflection_request::MessageRequest;
use rpc_tests::grpc::reflection::v1::server_reflection_response::MessageResponse;
use rpc_tests::grpc::reflection::v1::{
    ErrorResponse, ExtensionRequest, ServerReflectionRequest, ServerReflectionResponse,
};
use rpc_tests::{LIMIT, TestFlaky, TestProbe, TestServer, within};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;

/// Both versions, which differ in the name only.
static METHODS: [MethodDescriptor; 2] = [
    MethodDescriptor::new(
        "grpc.reflection.v1.ServerReflection",
        "ServerReflectionInfo",
        "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        MethodKind::BidiStreaming,
    ),
    MethodDescriptor::new(
        "grpc.reflection.v1alpha.ServerReflection",
        "ServerReflectionInfo",
        "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        MethodKind::BidiStreaming,
    ),
];

/// What the tests' server has, by name.
const SERVICES: [&str; 6] = [
    "flaky.Flaky",
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
    "old.names.Prober",
    "probe.Probe",
];

async fn server() -> TestServer {
    TestServer::start_with(|server| {
        server
            .service(TestFlaky::default())
            .service_as("old.names.Prober", TestProbe::new())
    })
    .await
}

/// A client without `.proto` files.
struct Client {
    requests: mpsc::UnboundedSender<ServerReflectionRequest>,
    replies: Streaming<ServerReflectionResponse>,
}

impl Client {
    async fn new(server: &TestServer, method: &'static MethodDescriptor) -> Result<Self, Status> {
        let channel = server.client().await.channel().clone();
        let (requests, sent) = mpsc::unbounded_channel();
        let sent = UnboundedReceiverStream::new(sent);
        let replies = channel.bidi_streaming(method, sent).await?;
        Ok(Client { requests, replies })
    }

    async fn v1(server: &TestServer) -> Self {
        Client::new(server, &METHODS[0]).await.unwrap()
    }

    async fn ask(&mut self, request: Option<MessageRequest>) -> MessageResponse {
        let request = ServerReflectionRequest {
            host: "example.com".to_owned(),
            message_request: request,
        };
        self.requests.send(request.clone()).unwrap();
        let reply = self.replies.message().await.unwrap().unwrap();
        assert_eq!(reply.valid_host, "example.com");
        assert_eq!(reply.original_request, Some(request));
        reply.message_response.unwrap()
    }

    async fn services(&mut self) -> Vec<String> {
        let request = MessageRequest::ListServices(String::new());
        match self.ask(Some(request)).await {
            MessageResponse::ListServicesResponse(list) => {
                list.service.into_iter().map(|it| it.name).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    async fn files(&mut self, request: MessageRequest) -> Result<Vec<Bytes>, ErrorResponse> {
        match self.ask(Some(request)).await {
            MessageResponse::FileDescriptorResponse(files) => Ok(files.file_descriptor_proto),
            MessageResponse::ErrorResponse(error) => Err(error),
            other => panic!("{other:?}"),
        }
    }

    /// The names of the files in the answer.
    async fn names(&mut self, request: MessageRequest) -> Result<Vec<String>, ErrorResponse> {
        let files = self.files(request).await?.into_iter();
        Ok(files.map(|file| decode(file).name().to_owned()).collect())
    }

    async fn extension_numbers(&mut self, message: &str) -> Result<Vec<i32>, ErrorResponse> {
        let request = MessageRequest::AllExtensionNumbersOfType(message.to_owned());
        match self.ask(Some(request)).await {
            MessageResponse::AllExtensionNumbersResponse(numbers) => {
                assert_eq!(numbers.base_type_name, message);
                Ok(numbers.extension_number)
            }
            MessageResponse::ErrorResponse(error) => Err(error),
            other => panic!("{other:?}"),
        }
    }
}

fn decode(file: Bytes) -> FileDescriptorProto {
    FileDescriptorProto::decode(file).unwrap()
}

fn symbol(name: &str) -> MessageRequest {
    MessageRequest::FileContainingSymbol(name.to_owned())
}

fn file(name: &str) -> MessageRequest {
    MessageRequest::FileByFilename(name.to_owned())
}

fn extension(message: &str, number: i32) -> MessageRequest {
    MessageRequest::FileContainingExtension(ExtensionRequest {
        containing_type: message.to_owned(),
        extension_number: number,
    })
}

#[tokio::test]
async fn both_versions_list_every_service_and_define_it() {
    within(LIMIT, async {
        let server = server().await;
        for method in &METHODS {
            let mut client = Client::new(&server, method).await.unwrap();
            let services = client.services().await;
            assert_eq!(services, SERVICES);
            // Each file is sent once, so together they are what a client has to know.
            let mut files = FileDescriptorSet::default();
            for service in &services {
                let defining = client.files(symbol(service)).await.unwrap();
                files.file.extend(defining.into_iter().map(decode));
            }
            files.file.sort_by(|a, b| a.name().cmp(b.name()));
            files.file.dedup_by(|a, b| a.name() == b.name());
            let pool = DescriptorPool::from_file_descriptor_set(files).unwrap();
            for service in services {
                let service = pool.get_service_by_name(&service).unwrap();
                assert!(service.methods().len() > 0);
            }
            let alias = pool.get_service_by_name("old.names.Prober").unwrap();
            let echo = alias.methods().find(|method| method.name() == "Echo");
            assert_eq!(echo.unwrap().input().full_name(), "probe.Payload");
        }
    })
    .await;
}

#[tokio::test]
async fn whatever_has_a_name_leads_to_its_file() {
    within(LIMIT, async {
        let server = server().await;
        for name in [
            "probe.Probe",
            "probe.Probe.Echo",
            "probe.Payload",
            "probe.Payload.data",
            "probe.Panics.When",
            "probe.Panics.WHEN_LATER",
            "probe.Seen.MetadataEntry",
        ] {
            let names = Client::v1(&server).await.names(symbol(name)).await.unwrap();
            assert_eq!(
                names,
                ["probe.proto", "google/protobuf/empty.proto"],
                "{name}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_sent_on_a_stream_is_sent_again_only_if_it_is_asked_for() {
    within(LIMIT, async {
        let server = server().await;
        let mut client = Client::v1(&server).await;
        let empty = "google/protobuf/empty.proto";
        let first = client.names(file("probe.proto")).await.unwrap();
        assert_eq!(first, ["probe.proto", empty]);
        let again = client.names(file("probe.proto")).await.unwrap();
        assert_eq!(again, ["probe.proto"]);
        assert_eq!(client.names(file(empty)).await.unwrap(), [empty]);
        let elsewhere = Client::v1(&server).await.names(file("probe.proto")).await;
        assert_eq!(elsewhere.unwrap(), ["probe.proto", empty]);
    })
    .await;
}

#[tokio::test]
async fn extensions_are_found_and_those_that_are_used_are_not_lost() {
    within(LIMIT, async {
        let server = server().await;
        let mut client = Client::v1(&server).await;
        let options = "google.protobuf.MethodOptions";
        let numbers = client.extension_numbers(options).await.unwrap();
        assert_eq!(numbers, [51201, 51202, 51203, 51204, 51205]);
        let numbers = client.extension_numbers("probe.Size").await.unwrap();
        assert!(numbers.is_empty());
        let names = client.names(extension(options, 51202)).await.unwrap();
        assert_eq!(
            names,
            ["rpc/options.proto", "google/protobuf/descriptor.proto"]
        );

        let encoded = client.files(symbol("flaky.Flaky")).await.unwrap();
        // The tag of `(rpc.retry)` in the options of a method: decoded, it would be gone.
        let mut tag = Vec::new();
        prost::encoding::encode_key(51202, prost::encoding::WireType::LengthDelimited, &mut tag);
        assert!(encoded[0].windows(tag.len()).any(|bytes| bytes == tag));
    })
    .await;
}

#[tokio::test]
async fn what_there_is_not_is_an_error_in_the_answer_and_the_stream_goes_on() {
    within(LIMIT, async {
        let server = server().await;
        let mut client = Client::v1(&server).await;
        let wrong = BTreeMap::from([
            ("probe.Prope", symbol("probe.Prope")),
            ("nowhere.proto", file("nowhere.proto")),
            ("probe.Size", extension("probe.Size", 7)),
        ]);
        for (name, request) in wrong {
            let error = client.files(request).await.unwrap_err();
            assert_eq!(error.error_code, Code::NotFound as i32);
            assert!(error.error_message.contains(name), "{error:?}");
        }
        let error = client.extension_numbers("probe.Prope").await.unwrap_err();
        assert_eq!(error.error_code, Code::NotFound as i32);
        match client.ask(None).await {
            MessageResponse::ErrorResponse(error) => {
                assert_eq!(error.error_code, Code::InvalidArgument as i32);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(client.services().await, SERVICES);
    })
    .await;
}

#[tokio::test]
async fn an_alias_that_protobuf_has_no_name_for_is_listed_and_not_defined() {
    within(LIMIT, async {
        let configure = |server: Server| server.service_as("7-of-9", TestProbe::new());
        let server = TestServer::start_with(configure).await;
        let mut client = Client::v1(&server).await;
        assert_eq!(client.services().await[0], "7-of-9");
        let error = client.files(symbol("7-of-9")).await.unwrap_err();
        assert_eq!(error.error_code, Code::NotFound as i32);
    })
    .await;
}

#[tokio::test]
async fn reflection_can_be_switched_off() {
    within(LIMIT, async {
        let server = TestServer::start_with(Server::without_reflection).await;
        for method in &METHODS {
            let status = match Client::new(&server, method).await {
                Err(status) => status,
                Ok(mut client) => client.replies.message().await.unwrap_err(),
            };
            assert_eq!(status.code(), Code::Unimplemented);
        }
    })
    .await;
}
