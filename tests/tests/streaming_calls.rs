//! What else there is about a call with streams: metadata, options, ways to read, `local`.

use std::pin::Pin;

use rpc_runtime::codegen::IntoService;
use rpc_runtime::{
    Code, Context, Metadata, MethodDescriptor, MethodKind, Stage, Status, Streaming, rpc_service,
};
use rpc_tests::flows::{
    Flows, FlowsAsyncClientProxy, FlowsClientProxy, FlowsServer, Order, Piece, Total,
};
use rpc_tests::{LIMIT, TestFlows, TestServer, channel, piece, within, within_blocking};
use tokio_stream::{Stream, StreamExt};

fn metadata() -> Metadata {
    let mut metadata = Metadata::new();
    metadata.insert("tenant", "blue").expect("it is text");
    let binary = metadata.insert_bin("trace-bin", vec![0, 255]);
    binary.expect("the key says so");
    metadata
}

fn order(pieces: u64) -> Order {
    Order {
        pieces,
        size: 10,
        ..Order::default()
    }
}

#[tokio::test]
async fn metadata_come_ahead_of_replies_and_with_their_end() {
    within(LIMIT, async {
        let (_server, _flows, client) = TestFlows::serve().await;
        // As many replies as there may be: none, one, and more than a frame.
        for pieces in [0, 1, 5_000] {
            let call = client.produce(order(pieces)).metadata(metadata());
            let mut replies = call.await.unwrap();
            assert_eq!(replies.headers().await.unwrap(), metadata());
            assert_eq!(replies.trailers(), None, "it has not ended");
            while replies.message().await.unwrap().is_some() {}
            assert_eq!(replies.trailers(), Some(metadata()));
            assert_eq!(replies.headers().await.unwrap(), metadata());
        }
    })
    .await;
}

#[tokio::test]
async fn the_metadata_of_a_conversation_come_before_its_first_request_is_sent() {
    within(LIMIT, async {
        let (_server, _flows, client) = TestFlows::serve().await;
        let (sender, requests) = channel(1);
        let call = client.converse(requests).metadata(metadata());
        let mut replies = call.await.unwrap();
        assert_eq!(replies.headers().await.unwrap(), metadata());
        sender.send(piece("one")).await.unwrap();
        assert_eq!(replies.message().await.unwrap(), Some(piece("one")));
        drop(sender);
        assert_eq!(replies.message().await.unwrap(), None);
        assert_eq!(replies.trailers(), Some(Metadata::new()));
    })
    .await;
}

#[tokio::test]
async fn the_reply_to_a_stream_of_requests_has_metadata() {
    within(LIMIT, async {
        let (_server, _flows, client) = TestFlows::serve().await;
        let requests = tokio_stream::iter(vec![piece("one"), piece("two")]);
        let call = client.consume(requests).metadata(metadata());
        let (total, came) = call.with_metadata().await.unwrap().into_parts();
        assert_eq!((total.pieces, total.bytes), (2, 6));
        assert_eq!(came, metadata());
    })
    .await;
}

#[tokio::test]
async fn an_error_at_the_end_of_a_stream_has_its_metadata_and_its_place() {
    within(LIMIT, async {
        let (server, _flows, client) = TestFlows::serve().await;
        let failing = Order {
            code: Code::Aborted.value(),
            ..order(3)
        };
        let call = client.produce(failing).metadata(metadata());
        let mut replies = call.await.unwrap();
        for _ in 0..3 {
            replies.message().await.unwrap().unwrap();
        }
        let status = replies.message().await.unwrap_err();
        assert_eq!(status.code(), Code::Aborted);
        assert_eq!(status.message(), "as ordered");
        assert_eq!(status.metadata(), &metadata());
        assert_eq!(status.address(), Some(&*server.address()));
        assert_eq!(status.method(), Some("flows.Flows/Produce"));
        assert_eq!(replies.trailers(), None, "it has not ended well");
    })
    .await;
}

#[tokio::test]
async fn messages_are_taken_one_by_one_or_as_a_stream_in_any_mixture() {
    within(LIMIT, async {
        let (_server, _flows, client) = TestFlows::serve().await;
        let sent: Vec<Piece> = (0..6).map(|number: u8| piece(vec![number])).collect();
        let requests = tokio_stream::iter(sent.clone());
        let mut replies = client.converse(requests).await.unwrap();
        let mut came = Vec::new();
        while came.len() < 4 {
            came.push(replies.message().await.unwrap().unwrap());
            came.push(replies.next().await.unwrap().unwrap());
        }
        // A stream can be borrowed as one, and read on afterwards.
        came.push(Pin::new(&mut replies).next().await.unwrap().unwrap());
        came.extend(replies.message().await.unwrap());
        assert_eq!(came, sent);
        assert!(replies.next().await.is_none());
        assert_eq!(replies.message().await.unwrap(), None);

        let replies = client.produce(order(5)).await.unwrap();
        let all: Result<Vec<Piece>, Status> = replies.collect().await;
        assert_eq!(all.unwrap().len(), 5);
    })
    .await;
}

#[tokio::test]
async fn a_read_that_is_given_up_loses_no_message() {
    within(LIMIT, async {
        let (_server, _flows, client) = TestFlows::serve().await;
        let (sender, requests) = channel(1);
        let mut replies = client.converse(requests).await.unwrap();
        for number in 0..200_u8 {
            tokio::select! {
                biased;
                early = replies.message() => panic!("{early:?} was not sent yet"),
                sent = sender.send(piece(vec![number])) => sent.unwrap(),
            }
            assert_eq!(replies.message().await.unwrap(), Some(piece(vec![number])));
        }
    })
    .await;
}

#[tokio::test]
async fn a_call_that_is_never_polled_is_never_sent_and_lets_its_requests_go() {
    within(LIMIT, async {
        let (_server, flows, client) = TestFlows::serve().await;
        let (sender, requests) = channel(1);
        drop(client.converse(requests));
        sender.closed().await;
        let (sender, requests) = channel(1);
        drop(client.consume(requests));
        sender.closed().await;
        assert_eq!(flows.flow().started, 0);
    })
    .await;
}

#[tokio::test]
async fn local_streams_need_no_network() {
    within(LIMIT, async {
        let flows = TestFlows::default();
        let client = FlowsAsyncClientProxy::local(flows.clone());
        let mut replies = client.produce(order(100_000)).await.unwrap();
        let mut read = 0;
        while replies.message().await.unwrap().is_some() {
            read += 1;
        }
        assert_eq!(read, 100_000);
        let requests = tokio_stream::iter(vec![piece(vec![1; 1_000_000]); 5]);
        assert_eq!(client.consume(requests).await.unwrap().bytes, 5_000_000);
        let (sender, requests) = channel(1);
        let mut replies = client.converse(requests).await.unwrap();
        sender.send(piece("one")).await.unwrap();
        assert_eq!(replies.message().await.unwrap(), Some(piece("one")));
        drop(replies);
        sender.closed().await;
        flows.until_idle().await;
    })
    .await;
}

#[test]
fn sync_local_streams_end_when_they_are_dropped() {
    within_blocking(LIMIT, || {
        let flows = TestFlows::default();
        let client = FlowsClientProxy::local(flows.clone());
        let mut replies = client.produce(order(u64::MAX)).unwrap();
        assert!(replies.next().unwrap().is_ok());
        drop(replies);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(flows.until_idle());

        let mut failing = order(1);
        failing.code = Code::Aborted.value();
        let replies: Vec<_> = client.produce(failing).unwrap().collect();
        assert!(matches!(&replies[..], [Ok(_), Err(status)] if status.code() == Code::Aborted));
    });
}

/// A service that has only one of its methods.
struct Unfinished;

#[rpc_service(unimplemented)]
impl Flows for Unfinished {
    async fn produce(
        &self,
        _: Context,
        _: Order,
    ) -> Result<impl Stream<Item = Result<Piece, Status>> + Send + 'static, Status> {
        Ok(tokio_stream::empty())
    }
}

/// The errors of all methods with streams.
async fn errors(client: &FlowsAsyncClientProxy) -> [Option<Status>; 3] {
    let mut produced = client.produce(order(1)).await.expect("it is sent");
    let requests = || tokio_stream::iter(vec![piece("one"); 10]);
    let consumed: Result<Total, Status> = client.consume(requests()).await;
    let mut answers = client.converse(requests()).await.expect("it is sent");
    [
        produced.message().await.err(),
        consumed.err(),
        answers.message().await.err(),
    ]
}

#[tokio::test]
async fn methods_with_streams_that_a_server_does_not_have_are_unimplemented() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.service(FlowsServer::new(Unfinished)));
        let server = server.await;
        let client = FlowsAsyncClientProxy::connect(server.address())
            .await
            .unwrap();
        let [produced, missing @ ..] = errors(&client).await;
        assert!(produced.is_none(), "{produced:?}");
        for status in missing {
            let status = status.unwrap();
            assert_eq!(status.code(), Code::Unimplemented, "{status}");
            assert!(status.message().contains("flows.Flows/Con"), "{status}");
        }

        let server = TestServer::start().await;
        let client = FlowsAsyncClientProxy::connect(server.address())
            .await
            .unwrap();
        for status in errors(&client).await {
            let status = status.unwrap();
            assert_eq!(status.code(), Code::Unimplemented, "{status}");
            assert!(!status.may_have_run(), "{status}");
        }
        server
            .client()
            .await
            .echo(Default::default())
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_method_that_a_server_does_not_have_is_unimplemented_before_its_requests_end() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = FlowsAsyncClientProxy::connect(server.address())
            .await
            .unwrap();
        let status = client.consume(tokio_stream::pending()).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{status}");
        let mut answers = client.converse(tokio_stream::pending()).await.unwrap();
        let status = answers.message().await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{status}");
    })
    .await;
}

/// The method of a kind.
fn method(kind: MethodKind) -> &'static MethodDescriptor {
    let service = FlowsServer::new(Unfinished).into_service();
    let mut methods = service.descriptor().methods().iter();
    let found = methods.find(|method| method.kind() == kind);
    found.expect("there is one of each kind")
}

#[tokio::test]
async fn bytes_that_are_not_the_message_end_the_call() {
    within(LIMIT, async {
        let (server, flows, client) = TestFlows::serve().await;
        let channel = client.channel();
        let call = channel.server_streaming(method(MethodKind::ServerStreaming), &order(u64::MAX));
        let mut replies: Streaming<Total> = call.await.unwrap();
        let status = replies.message().await.unwrap_err();
        assert_eq!(status.code(), Code::Internal, "{status}");
        assert_eq!(status.stage(), Some(Stage::Decode), "{status}");
        assert_eq!(status.address(), Some(&*server.address()));
        assert_eq!(status.method(), Some("flows.Flows/Produce"));
        assert_eq!(replies.message().await.unwrap(), None);
        // The call is over although the stream is still held.
        flows.until_idle().await;

        let requests = tokio_stream::iter(vec![order(1)]);
        let call = channel.client_streaming(method(MethodKind::ClientStreaming), requests);
        let outcome: Result<Total, Status> = call.await;
        let status = outcome.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        assert!(status.message().contains("not a valid Piece"), "{status}");
    })
    .await;
}
