//! What the tests have in common.

use rpc_runtime::Server;
use rpc_tests::{TestFlows, TestServer, TestStreams};
use tonic::transport::{Channel, Endpoint};

pub(crate) use crate::protos::flows::flows_client::FlowsClient;
pub(crate) use crate::protos::probe::probe_client::ProbeClient;
pub(crate) use crate::protos::streams::streams_client::StreamsClient;

/// A server of all test services, and clients of it on one connection.
pub(crate) struct Grpc {
    pub(crate) server: TestServer,
    pub(crate) flows_service: TestFlows,
    pub(crate) channel: Channel,
    pub(crate) probe: ProbeClient<Channel>,
    pub(crate) streams: StreamsClient<Channel>,
    pub(crate) flows: FlowsClient<Channel>,
}

impl Grpc {
    pub(crate) async fn start() -> Self {
        Self::start_with(|server| server).await
    }

    /// With a server that the test configures.
    pub(crate) async fn start_with(configure: impl FnOnce(Server) -> Server) -> Self {
        let flows_service = TestFlows::default();
        let service = flows_service.clone();
        let server = TestServer::start_with(|server| {
            configure(server)
                .service(TestStreams::default())
                .service(service)
        });
        let server = server.await;
        let channel = connect(&server).await;
        Grpc {
            flows_service,
            probe: ProbeClient::new(channel.clone()),
            streams: StreamsClient::new(channel.clone()),
            flows: FlowsClient::new(channel.clone()),
            channel,
            server,
        }
    }
}

/// One connection of tonic's.
pub(crate) async fn connect(server: &TestServer) -> Channel {
    let target = format!("http://{}", server.socket_addr());
    let endpoint = Endpoint::from_shared(target).unwrap();
    endpoint.connect().await.unwrap()
}
