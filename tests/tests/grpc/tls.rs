//! gRPC over TLS, beside the native protocol.

use rpc_runtime::Channel;
use rpc_tests::probe::ProbeAsyncClientProxy;
use rpc_tests::{Authority, LIMIT, TestServer, within, without_http};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

use crate::protos::probe::Payload;
use crate::protos::probe::probe_client::ProbeClient;

async fn tonic(
    server: &TestServer,
    authority: &Authority,
) -> Result<tonic::transport::Channel, tonic::transport::Error> {
    let root = Certificate::from_pem(authority.root());
    let tls = ClientTlsConfig::new()
        .ca_certificate(root)
        .domain_name("127.0.0.1");
    let target = format!("https://{}", server.socket_addr());
    let endpoint = Endpoint::from_shared(target)?.tls_config(tls)?;
    endpoint.connect().await
}

#[tokio::test]
async fn both_protocols_are_served_over_tls() {
    let authority = Authority::new();
    let server = TestServer::start_with(|server| server.tls(authority.server())).await;
    let channel = within(LIMIT, tonic(&server, &authority)).await.unwrap();
    let data = bytes::Bytes::from(vec![1; 100_000]);
    let reply = ProbeClient::new(channel)
        .echo(Payload { data: data.clone() })
        .await
        .unwrap();
    assert_eq!(reply.into_inner().data, data);

    let native = Channel::builder(server.address()).tls(authority.client());
    let native = ProbeAsyncClientProxy::with(native.connect().await.unwrap());
    native
        .echo(rpc_tests::probe::Payload::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_server_without_protocols_over_http_does_not_offer_them() {
    let authority = Authority::new();
    let server = TestServer::start_with(|server| without_http(server.tls(authority.server())));
    let server = server.await;
    let error = within(LIMIT, tonic(&server, &authority)).await.unwrap_err();
    let mut text = String::new();
    let mut source: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = source {
        text += &format!("{error} ");
        source = error.source();
    }
    assert!(
        text.contains("ALPN") || text.contains("NoApplicationProtocol"),
        "{text}"
    );
}
