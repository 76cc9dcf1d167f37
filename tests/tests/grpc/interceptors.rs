//! A server's interceptors are around gRPC's calls of every kind.

use rpc_runtime::middleware::{Authenticate, Completion, Next, Request, Timing};
use rpc_runtime::{Code, Metadata};
use rpc_tests::{LIMIT, within};
use tokio::sync::mpsc::unbounded_channel;
use tokio_stream::StreamExt;

use crate::harness::Grpc;
use crate::protos::probe::Payload;
use crate::protos::streams::{Chunk, CountRequest, Number};

#[tokio::test]
async fn every_kind_of_call_passes_them_and_has_one_end() {
    let (sender, mut ends) = unbounded_channel::<Completion>();
    let timing = Timing::new(move |end| sender.send(end.clone()).unwrap());
    let mark = async |request: Request, next: Next| {
        let mut metadata = Metadata::new();
        metadata.insert("seen", "yes").unwrap();
        Ok(next.run(request).await?.with_metadata(metadata))
    };
    let grpc = Grpc::start_with(|server| server.intercept(timing).intercept(mark)).await;
    let (mut probe, mut streams) = (grpc.probe.clone(), grpc.streams.clone());
    let data = Payload {
        data: vec![1; 50_000].into(),
    };
    let echo = probe.echo(data).await.unwrap();
    assert_eq!(echo.metadata().get("seen").unwrap(), "yes");
    assert_eq!(echo.into_inner().data.len(), 50_000);

    let request = CountRequest {
        up_to: 3,
        code: 9,
        ..CountRequest::default()
    };
    let count = streams.count(request).await.unwrap();
    assert_eq!(count.metadata().get("seen").unwrap(), "yes");
    let count: Vec<_> = count.into_inner().collect().await;
    assert_eq!(count.len(), 4);

    let numbers = tokio_stream::iter((1..=100).map(|value| Number { value }));
    let sum = streams.sum(numbers).await.unwrap();
    assert_eq!(sum.metadata().get("seen").unwrap(), "yes");
    assert_eq!(sum.into_inner().value, 5_050);

    let chunks = (0..3).map(|length| Chunk {
        data: vec![0; length].into(),
    });
    let chat = streams.chat(tokio_stream::iter(chunks)).await.unwrap();
    assert_eq!(chat.metadata().get("seen").unwrap(), "yes");
    assert_eq!(chat.into_inner().collect::<Vec<_>>().await.len(), 3);

    for code in [Code::Ok, Code::FailedPrecondition, Code::Ok, Code::Ok] {
        let end = within(LIMIT, ends.recv()).await.unwrap();
        assert_eq!(end.code(), code);
    }
    assert!(ends.try_recv().is_err());
}

#[tokio::test]
async fn calls_of_every_kind_are_refused_without_their_handlers() {
    let tokens = Authenticate::bearer([("billing", "t0ken")]);
    let grpc = Grpc::start_with(|server| server.intercept(tokens)).await;
    let (mut probe, mut streams) = (grpc.probe.clone(), grpc.streams.clone());
    let refused = [
        probe.echo(Payload::default()).await.map(drop),
        streams.count(CountRequest::default()).await.map(drop),
        streams.sum(tokio_stream::empty()).await.map(drop),
        streams.chat(tokio_stream::pending()).await.map(drop),
    ];
    for status in refused {
        assert_eq!(status.unwrap_err().code(), tonic::Code::Unauthenticated);
    }
    assert_eq!(grpc.server.probe.counts().started, 0);
    let mut request = tonic::Request::new(Payload::default());
    let token = "Bearer t0ken".parse().unwrap();
    request.metadata_mut().insert("authorization", token);
    probe.echo(request).await.unwrap();
}

#[tokio::test]
async fn a_call_that_is_given_up_ends_within_them() {
    let (sender, mut ends) = unbounded_channel::<Completion>();
    let timing = Timing::new(move |end| sender.send(end.clone()).unwrap());
    let grpc = Grpc::start_with(|server| server.intercept(timing)).await;
    let mut probe = grpc.probe.clone();
    let call = tokio::spawn(async move { probe.hold(Payload::default()).await });
    within(LIMIT, grpc.server.probe.until_running(1)).await;
    call.abort();
    let end = within(LIMIT, ends.recv()).await.unwrap();
    assert_eq!(end.code(), Code::Cancelled);
    let mut streams = grpc.streams.clone();
    let request = CountRequest {
        up_to: 1,
        hangs: true,
        ..CountRequest::default()
    };
    let mut replies = streams.count(request).await.unwrap().into_inner();
    replies.message().await.unwrap();
    drop(replies);
    let end = within(LIMIT, ends.recv()).await.unwrap();
    assert_eq!(end.code(), Code::Cancelled);
}
