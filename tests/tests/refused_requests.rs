//! Requests that the server understands and will not run.

use rpc_runtime::{Code, MethodDescriptor, MethodKind, Server, Stage};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy, Size};
use rpc_tests::{Expected, LIMIT, TestProbe, TestServer, within};

/// A request that was answered without a handler.
const REFUSED: Expected<'_> = Expected {
    code: Code::Unimplemented,
    stage: Some(Stage::Wait),
    may_have_run: false,
    address: None,
    method: None,
    says: &[],
};

#[tokio::test]
async fn an_unknown_service_is_named() {
    let server = Server::new().service_as("other.Name", TestProbe::new());
    let server = server.bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().to_string();
    tokio::spawn(server.serve());

    let client = ProbeAsyncClientProxy::connect(&address).await.unwrap();
    let expected = Expected {
        address: Some(&address),
        method: Some("probe.Probe/Echo"),
        says: &["the server has no service \"probe.Probe\""],
        ..REFUSED
    };
    expected.check_err(within(LIMIT, client.echo(Payload::default())).await);
}

#[tokio::test]
async fn an_unknown_method_is_named_with_its_service() {
    static METHOD: MethodDescriptor = MethodDescriptor::new(
        "probe.Probe",
        "Nonesuch",
        "probe.Probe/Nonesuch",
        MethodKind::Unary,
    );
    let server = TestServer::start().await;
    let client = server.client().await;
    let expected = Expected {
        address: Some(&server.address()),
        method: Some("probe.Probe/Nonesuch"),
        says: &["the service \"probe.Probe\" has no method \"Nonesuch\""],
        ..REFUSED
    };
    // The second call names the method by the number that the first gave it.
    for _ in 0..2 {
        let call = client
            .channel()
            .unary::<_, Payload>(&METHOD, &Payload::default());
        expected.check_err(within(LIMIT, call).await);
    }
}

#[tokio::test]
async fn request_bytes_that_are_not_the_message_never_reach_the_handler() {
    static METHOD: MethodDescriptor =
        MethodDescriptor::new("probe.Probe", "Echo", "probe.Probe/Echo", MethodKind::Unary);
    let server = TestServer::start().await;
    let client = server.client().await;
    // A number where a payload has its bytes.
    let call = client
        .channel()
        .unary::<_, Payload>(&METHOD, &Size { bytes: 7 });
    let expected = Expected {
        code: Code::InvalidArgument,
        address: Some(&server.address()),
        method: Some("probe.Probe/Echo"),
        says: &["the request is not a valid Payload", "wire type"],
        ..REFUSED
    };
    expected.check_err(within(LIMIT, call).await);
    assert_eq!(server.probe.counts().started, 0);
    within(LIMIT, client.echo(Payload::default()))
        .await
        .unwrap();
}
