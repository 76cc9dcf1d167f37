//! What is over a limit is told so, with the limit's name; the connection goes on.

use bytes::Bytes;
use rpc_runtime::{Channel, Code, Metadata, Stage, Status};
use rpc_tests::probe::{Failure, Payload, ProbeAsyncClientProxy, Size};
use rpc_tests::{Expected, LIMIT, RawPeer, TestServer, within};
use rpc_wire::frame::{FrameType, RequestMetadata, ResponseMetadata, Settings};
use tokio::net::TcpListener;

const MEBI: usize = 1024 * 1024;

/// A call over a limit.
const OVER: Expected<'_> = Expected {
    code: Code::ResourceExhausted,
    stage: None,
    may_have_run: false,
    address: None,
    method: Some("probe.Probe/Echo"),
    says: &[],
};

fn payload(length: usize) -> Payload {
    Payload {
        data: vec![b'x'; length].into(),
    }
}

fn metadata(length: usize) -> Metadata {
    let mut metadata = Metadata::new();
    metadata
        .insert_bin("large-bin", vec![b'x'; length])
        .expect("the key is fine");
    metadata
}

async fn echo(client: &ProbeAsyncClientProxy, length: usize) -> Result<Payload, Status> {
    within(LIMIT, client.echo(payload(length))).await
}

/// The client's end of the connection that calls take.
async fn connection(client: &ProbeAsyncClientProxy) -> String {
    let seen = within(LIMIT, client.inspect(())).await;
    seen.expect("the connection lives").peer
}

#[tokio::test]
async fn a_request_over_a_limit_that_the_client_knows_is_not_sent() {
    let server = TestServer::start_with(|server| server.max_message_size(1_000)).await;
    let client = server.client().await;
    let expected = Expected {
        stage: Some(Stage::Send),
        address: Some(&server.address()),
        says: &[
            "the request of 2003 bytes",
            "server's limit max_message_size of 1000 bytes",
        ],
        ..OVER
    };
    expected.check_err(echo(&client, 2_000).await);
    assert_eq!(server.probe.counts().started, 0);
    // Tag and length take three bytes: this is the largest that fits.
    echo(&client, 1_000 - 3).await.unwrap();
}

#[tokio::test]
async fn a_request_over_a_limit_that_the_client_does_not_know_yet_is_refused_by_the_server() {
    for (length, limit) in [(2_000, 1_000), (100_000, 1_000), (5 * MEBI, 4 * MEBI)] {
        let server = TestServer::start_with(|server| server.max_message_size(limit)).await;
        let client = ProbeAsyncClientProxy::connect_lazy(server.address()).unwrap();
        let expected = Expected {
            stage: Some(Stage::Wait),
            address: Some(&server.address()),
            says: &[
                "the request is over the server's limit",
                &format!("max_message_size of {limit} bytes"),
            ],
            ..OVER
        };
        expected.check_err(echo(&client, length).await);
        assert_eq!(server.probe.counts().started, 0, "{length} bytes");
        echo(&client, 900).await.unwrap();
    }
}

#[tokio::test]
async fn a_reply_over_the_clients_limit_is_replaced_by_an_error_that_names_it() {
    let server = TestServer::start().await;
    let channel = Channel::builder(server.address())
        .max_message_size(1_000)
        .connect();
    let client = ProbeAsyncClientProxy::with(within(LIMIT, channel).await.unwrap());
    let before = connection(&client).await;
    let expected = Expected {
        stage: Some(Stage::Wait),
        may_have_run: true,
        address: Some(&server.address()),
        method: Some("probe.Probe/Produce"),
        says: &[
            "the reply of 2003 bytes",
            "client's limit max_message_size of 1000 bytes",
        ],
        ..OVER
    };
    expected.check_err(within(LIMIT, client.produce(Size { bytes: 2_000 })).await);
    assert_eq!(connection(&client).await, before);
}

#[tokio::test]
async fn a_server_that_ignores_the_clients_limit_is_not_listened_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = tokio::spawn(async move {
        let mut server = RawPeer::server(&listener).await;
        let first = server.expect(FrameType::Request).await.header.stream_id;
        server.send_response(first, &[b'x'; 2_000]).await;
        let second = server.expect(FrameType::Request).await.header.stream_id;
        server.send_response(second, b"").await;
        server
    });
    let channel = Channel::builder(&address).max_message_size(1_000).connect();
    let client = ProbeAsyncClientProxy::with(within(LIMIT, channel).await.unwrap());
    let expected = Expected {
        stage: Some(Stage::Receive),
        may_have_run: true,
        address: Some(&address),
        says: &["the reply is over the client's limit max_message_size of 1000 bytes"],
        ..OVER
    };
    expected.check_err(echo(&client, 0).await);
    echo(&client, 0).await.unwrap();
    within(LIMIT, server).await.unwrap();
}

#[tokio::test]
async fn metadata_over_the_servers_limit_are_not_sent() {
    let server = TestServer::start().await;
    let connected = server.client().await;
    // What holds before SETTINGS arrive is the least limit that a server can have.
    let lazy = Channel::builder(server.address())
        .max_message_size(MEBI)
        .connect_lazy();
    let address = server.address();
    let expected = Expected {
        stage: Some(Stage::Send),
        address: Some(&address),
        says: &[
            "the request's metadata of 20",
            "limit max_metadata_size of 16384 bytes",
        ],
        ..OVER
    };
    for client in [connected, ProbeAsyncClientProxy::with(lazy.unwrap())] {
        let call = client.echo(payload(1)).metadata(metadata(20_000));
        expected.check_err(within(LIMIT, call).await);
        within(LIMIT, client.echo(payload(1)).metadata(metadata(10_000)))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_client_that_ignores_the_servers_metadata_limit_is_refused_and_goes_on() {
    let server = TestServer::start().await;
    let mut client = RawPeer::client(server.socket_addr()).await;
    let path = "x".repeat(20_000);
    let oversized = RequestMetadata {
        path,
        ..RequestMetadata::default()
    };
    client
        .send_message(FrameType::Request, 1, &oversized, b"body")
        .await;
    client.send_request(2, "probe.Probe/Echo", b"").await;

    let (code, text) = within(LIMIT, client.expect(FrameType::Response))
        .await
        .status();
    assert_eq!(code, Code::ResourceExhausted);
    assert!(
        text.contains("over the server's limit max_metadata_size of 16384 bytes"),
        "{text}"
    );
    let reply = within(LIMIT, client.expect(FrameType::Response)).await;
    assert_eq!((reply.header.stream_id, reply.status().0), (2, Code::Ok));
}

#[tokio::test]
async fn reply_metadata_over_the_clients_limit_are_replaced_by_an_error_that_names_it() {
    let server = TestServer::start_with(|server| server.max_metadata_size(65_536)).await;
    let client = server.client().await;
    let before = connection(&client).await;
    let expected = Expected {
        stage: Some(Stage::Wait),
        may_have_run: true,
        address: Some(&server.address()),
        says: &[
            "the reply's metadata of 20",
            "client's limit max_metadata_size of 16384 bytes",
        ],
        ..OVER
    };
    let call = client.echo(payload(1)).metadata(metadata(20_000));
    expected.check_err(within(LIMIT, call).await);
    assert_eq!(connection(&client).await, before);

    let channel = Channel::builder(server.address())
        .max_metadata_size(65_536)
        .connect();
    let client = ProbeAsyncClientProxy::with(within(LIMIT, channel).await.unwrap());
    let call = client
        .echo(payload(1))
        .metadata(metadata(20_000))
        .with_metadata();
    let reply = within(LIMIT, call).await.unwrap();
    assert_eq!(reply.metadata(), &metadata(20_000));
}

#[tokio::test]
async fn a_server_that_ignores_the_clients_metadata_limit_is_not_listened_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = tokio::spawn(async move {
        let mut server = RawPeer::accept(&listener).await;
        server.expect(FrameType::Settings).await;
        server.send_settings(&Settings::default()).await;
        let first = server.expect(FrameType::Request).await.header.stream_id;
        let oversized = ResponseMetadata::new(Code::Ok, &metadata(20_000));
        server
            .send_message(FrameType::Response, first, &oversized, b"")
            .await;
        server.expect(FrameType::Cancel).await;
        let second = server.expect(FrameType::Request).await.header.stream_id;
        server.send_response(second, b"").await;
        server
    });
    let client = ProbeAsyncClientProxy::connect(&address).await.unwrap();
    let expected = Expected {
        stage: Some(Stage::Receive),
        may_have_run: true,
        address: Some(&address),
        says: &[
            "the reply's metadata of 20",
            "limit max_metadata_size of 16384 bytes",
        ],
        ..OVER
    };
    expected.check_err(echo(&client, 0).await);
    echo(&client, 0).await.unwrap();
    within(LIMIT, server).await.unwrap();
}

#[tokio::test]
async fn an_error_text_of_a_mebibyte_arrives_whole() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let text: String = (0..MEBI)
        .map(|at| char::from(b'a' + (at % 26) as u8))
        .collect();
    let details = Bytes::from(vec![0xd5; MEBI]);
    let failure = Failure {
        code: Code::DataLoss.value(),
        message: text.clone(),
        details: details.clone(),
    };
    let status = within(LIMIT, client.fail(failure)).await.unwrap_err();
    assert_eq!(
        (status.code(), status.stage()),
        (Code::DataLoss, Some(Stage::Wait))
    );
    assert!(status.may_have_run());
    assert!(
        status.message() == text,
        "{} bytes arrived",
        status.message().len()
    );
    assert!(
        status.details() == details,
        "{} bytes arrived",
        status.details().len()
    );
}

#[tokio::test]
async fn calls_over_the_servers_limit_are_shed_and_provably_did_not_run() {
    let server = TestServer::start_with(|server| server.max_concurrent_calls(2)).await;
    let client = server.client().await;
    // Channels of a peculiar kind have connections of their own.
    let other = Channel::builder(server.address()).max_message_size(MEBI);
    let other = ProbeAsyncClientProxy::with(other.connect().await.unwrap());
    assert_ne!(connection(&client).await, connection(&other).await);
    let started = server.probe.counts().started;
    let held = [&client, &other].map(|client| tokio::spawn(client.hold(payload(1))));
    within(LIMIT, server.probe.until_running(2)).await;
    let expected = Expected {
        stage: Some(Stage::Wait),
        address: Some(&server.address()),
        says: &[
            "as many calls are running as the server's limit",
            "max_concurrent_calls allows, 2",
        ],
        ..OVER
    };
    expected.check_err(echo(&client, 1).await);
    expected.check_err(echo(&other, 1).await);
    assert_eq!(server.probe.counts().started, started + 2);

    server.probe.release_all();
    for held in held {
        within(LIMIT, held).await.unwrap().unwrap();
    }
    echo(&client, 1).await.unwrap();
}
