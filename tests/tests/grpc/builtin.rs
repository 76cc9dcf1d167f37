//! Health checks and reflection, as gRPC's clients see them.

use rpc_runtime::health::Health;
use rpc_tests::{LIMIT, TestServer, within};
use tonic::Code;

use crate::harness::connect;
use crate::protos::health::HealthCheckRequest;
use crate::protos::health::health_check_response::ServingStatus;
use crate::protos::health::health_client::HealthClient;
use crate::protos::reflection::ServerReflectionRequest;
use crate::protos::reflection::server_reflection_client::ServerReflectionClient;
use crate::protos::reflection::server_reflection_request::MessageRequest;
use crate::protos::reflection::server_reflection_response::MessageResponse;

fn request(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

#[tokio::test]
async fn the_health_of_a_service_can_be_checked_and_watched() {
    within(LIMIT, async {
        let health = Health::new();
        let mut server = TestServer::start_with(|server| server.health(health.clone())).await;
        let mut client = HealthClient::new(connect(&server).await);
        let reply = client.check(request("probe.Probe")).await.unwrap();
        assert_eq!(reply.into_inner().status(), ServingStatus::Serving);
        let unknown = client.check(request("nobody.Knows")).await.unwrap_err();
        assert_eq!(unknown.code(), Code::NotFound);

        let watched = client.watch(request("probe.Probe")).await.unwrap();
        let mut watched = watched.into_inner();
        let first = watched.message().await.unwrap().unwrap();
        assert_eq!(first.status(), ServingStatus::Serving);
        health.set_not_serving("probe.Probe");
        let second = watched.message().await.unwrap().unwrap();
        assert_eq!(second.status(), ServingStatus::NotServing);
        health.set_serving("probe.Probe");
        let third = watched.message().await.unwrap().unwrap();
        assert_eq!(third.status(), ServingStatus::Serving);

        server.begin_shutdown();
        let fourth = watched.message().await.unwrap().unwrap();
        assert_eq!(fourth.status(), ServingStatus::NotServing);
        let end = watched.message().await.unwrap_err();
        assert_eq!(end.code(), Code::Unavailable);
        server.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn reflection_lists_services_and_defines_them() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut client = ServerReflectionClient::new(connect(&server).await);
        let requests = [
            MessageRequest::ListServices(String::new()),
            MessageRequest::FileContainingSymbol("probe.Probe".to_owned()),
        ];
        let requests = requests.map(|request| ServerReflectionRequest {
            message_request: Some(request),
            ..ServerReflectionRequest::default()
        });
        let replies = client.server_reflection_info(tokio_stream::iter(requests));
        let mut replies = replies.await.unwrap().into_inner();
        let list = replies.message().await.unwrap().unwrap().message_response;
        let Some(MessageResponse::ListServicesResponse(list)) = list else {
            panic!("{list:?}");
        };
        assert!(list.service.iter().any(|it| it.name == "probe.Probe"));
        let files = replies.message().await.unwrap().unwrap().message_response;
        let Some(MessageResponse::FileDescriptorResponse(files)) = files else {
            panic!("{files:?}");
        };
        assert!(!files.file_descriptor_proto.is_empty());
        assert!(replies.message().await.unwrap().is_none());
    })
    .await;
}
