//! `grpcs://`.

use rpc_runtime::{Channel, Code};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{Authority, LIMIT, TestServer, connect, within};

use crate::tonic_server::TonicServer;

#[tokio::test]
async fn calls_go_by_tls_to_servers_that_are_trusted() {
    within(LIMIT, async {
        let authority = Authority::new();
        let server = TestServer::start_with(|server| server.tls(authority.server())).await;
        let target = format!("grpcs://{}", server.socket_addr());
        let builder = Channel::builder(&target).tls(authority.client());
        let probe = connect(builder).await;
        probe.echo(Payload::default()).await.unwrap();

        let builder = Channel::builder(&target).tls(Authority::new().client());
        let status = builder.connect().await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.message().contains("roots_pem"), "{status}");
    })
    .await;
}

#[tokio::test]
async fn a_server_without_tls_is_told_apart() {
    within(LIMIT, async {
        let server = TonicServer::start().await;
        let target = format!("grpcs://{}", server.address);
        let builder = Channel::builder(target).tls(Authority::new().client());
        let status = builder.connect().await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.message().contains("TLS"), "{status}");
    })
    .await;
}

#[tokio::test]
async fn tls_that_is_configured_is_used_or_an_error() {
    let builder = Channel::builder("grpc://localhost:50051").tls(Authority::new().client());
    let status = builder.connect_lazy().unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("grpcs://"), "{status}");
    assert!(ProbeAsyncClientProxy::connect_lazy("grpc://localhost:50051").is_ok());
}
