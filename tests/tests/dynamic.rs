//! Methods that are known only when the program runs, and targets whose streams a connector opens.
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use prost::Message;
use rpc_runtime::dynamic::{self, Encoded};
use rpc_runtime::{Channel, Code, MethodKind};
use rpc_tests::streams::{CountRequest, Number};
use rpc_tests::{LIMIT, TestServer, TestStreams, within};
use tokio::net::TcpStream;

async fn server() -> TestServer {
    TestServer::start_with(|server| server.service(TestStreams::default())).await
}

fn number(value: u64) -> Bytes {
    Number { value }.encode_to_vec().into()
}

#[tokio::test]
async fn calls_of_every_kind_take_and_give_encoded_messages() {
    let server = server().await;
    for scheme in ["rpc", "grpc"] {
        let target = format!("{scheme}://{}", server.address());
        let channel = Channel::connect(&target).await.unwrap();
        let channel = channel.with_codec::<Encoded>();

        let echo = dynamic::method("probe.Probe/Echo", MethodKind::Unary, &[]).unwrap();
        let sent = Bytes::from_static(b"\x0a\x02hi");
        let reply = within(LIMIT, channel.unary(echo, &sent)).await.unwrap();
        assert_eq!(reply, sent, "{scheme}");

        let count = dynamic::method("streams.Streams/Count", MethodKind::ServerStreaming, &[]);
        let request = CountRequest {
            up_to: 2,
            ..CountRequest::default()
        };
        let request = Bytes::from(request.encode_to_vec());
        let mut replies = channel
            .server_streaming(count.unwrap(), &request)
            .await
            .unwrap();
        for value in 1..=2 {
            let reply: Bytes = replies.message().await.unwrap().unwrap();
            assert_eq!(reply, number(value));
        }
        assert!(replies.message().await.unwrap().is_none());

        let sum = dynamic::method("streams.Streams/Sum", MethodKind::ClientStreaming, &[]).unwrap();
        let numbers = tokio_stream::iter([number(3), number(4)]);
        let reply: Bytes = within(LIMIT, channel.client_streaming(sum, numbers))
            .await
            .unwrap();
        assert_eq!(reply, number(7));

        let chat = dynamic::method("streams.Streams/Chat", MethodKind::BidiStreaming, &[]).unwrap();
        let mut replies = channel
            .bidi_streaming(chat, tokio_stream::iter([sent.clone()]))
            .await
            .unwrap();
        assert_eq!(replies.message().await.unwrap(), Some(sent));
    }
}

#[tokio::test]
async fn a_method_that_no_server_has_is_unimplemented() {
    let server = server().await;
    let channel = Channel::connect(server.address())
        .await
        .unwrap()
        .with_codec::<Encoded>();
    let unknown = dynamic::method("no.Such/Method", MethodKind::Unary, &[]).unwrap();
    let call = channel.unary::<Bytes, Bytes>(unknown, &Bytes::new());
    let status = within(LIMIT, call).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}

#[tokio::test]
async fn a_connector_opens_the_streams_of_a_target_which_keeps_its_protocol() {
    let server = server().await;
    let address = server.socket_addr();
    for scheme in ["rpc", "grpc"] {
        let opened = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&opened);
        let connector = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            TcpStream::connect(address)
        };
        // The connector leads elsewhere than the target.
        let builder = Channel::builder(format!("{scheme}://elsewhere.invalid:1"));
        let channel = within(LIMIT, builder.connector(connector).connect())
            .await
            .unwrap();
        let channel = channel.with_codec::<Encoded>();
        let echo = dynamic::method("probe.Probe/Echo", MethodKind::Unary, &[]).unwrap();
        let reply: Bytes = within(LIMIT, channel.unary(echo, &Bytes::new()))
            .await
            .unwrap();
        assert!(reply.is_empty());
        assert_eq!(opened.load(Ordering::SeqCst), 1, "{scheme}");
    }
}
