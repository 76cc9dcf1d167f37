//! Calls of every kind.

use bytes::Bytes;
use rpc_runtime::{Code, Metadata, Stage};
use rpc_tests::probe::{Failure, Payload, Size};
use rpc_tests::streams::{Chunk, CountRequest, Number};
use rpc_tests::{LIMIT, channel, within};

use crate::tonic_server::TonicServer;

fn payload(data: impl Into<Bytes>) -> Payload {
    Payload { data: data.into() }
}

fn metadata() -> Metadata {
    let mut metadata = Metadata::new();
    metadata.append("x-tenant", "blue").unwrap();
    metadata.append("x-tenant", "green").unwrap();
    metadata.insert_bin("trace-bin", vec![0, 255]).unwrap();
    metadata
}

/// Without what servers add.
fn own(mut metadata: Metadata) -> Metadata {
    metadata.remove("date");
    metadata
}

#[tokio::test]
async fn a_unary_call_is_answered_however_long_its_messages_are() {
    within(LIMIT, async {
        let server = TonicServer::start().await;
        let probe = server.probe().await;
        for length in [0, 1, 100, 100_000, 3_000_000] {
            let data = Bytes::from(vec![b'x'; length]);
            let reply = probe.echo(payload(data.clone())).await.unwrap();
            assert!(reply.data == data, "{length}");
        }
    })
    .await;
}

#[tokio::test]
async fn metadata_go_both_ways() {
    within(LIMIT, async {
        let server = TonicServer::start().await;
        let probe = server.probe().await;
        let call = probe.echo(payload("hello")).metadata(metadata());
        let reply = call.with_metadata().await.unwrap();
        let mut received = own(reply.metadata().clone());
        for key in ["x-tenant", "trace-bin"] {
            assert!(
                received.get_all(key).eq(metadata().get_all(key)),
                "{received:?}"
            );
            received.remove(key);
        }
        assert!(received.is_empty(), "{received:?}");
    })
    .await;
}

#[tokio::test]
async fn a_status_comes_with_its_message_details_metadata_and_where_it_was() {
    within(LIMIT, async {
        let server = TonicServer::start().await;
        let probe = server.probe().await;
        let failure = Failure {
            code: 5,
            message: "no k\u{f6}nig, 100 %\n".to_owned(),
            details: vec![8, 5, 0, 255].into(),
        };
        let call = probe.fail(failure).metadata(metadata());
        let status = call.await.unwrap_err();
        assert_eq!(status.code(), Code::NotFound);
        assert_eq!(status.message(), "no k\u{f6}nig, 100 %\n");
        assert_eq!(status.details(), [8, 5, 0, 255]);
        assert_eq!(status.metadata().get("x-tenant"), Some("blue"));
        let trace = status.metadata().get_bin("trace-bin");
        assert_eq!(trace, Some(&[0, 255][..]));
        assert_eq!(status.address(), Some(&*server.target()));
        assert_eq!(status.method(), Some("probe.Probe/Fail"));
        assert_eq!(status.stage(), Some(Stage::Wait));
        assert!(status.may_have_run());
    })
    .await;
}

#[tokio::test]
async fn a_stream_of_replies_comes_in_order_and_ends() {
    within(LIMIT, async {
        let server = TonicServer::start().await;
        let request = CountRequest {
            up_to: 10_000,
            ..CountRequest::default()
        };
        let streams = server.streams().await;
        let mut replies = streams.count(request).metadata(metadata()).await.unwrap();
        let headers = replies.headers().await.unwrap();
        assert_eq!(headers.get("x-tenant"), Some("blue"));
        assert_eq!(replies.trailers(), None, "it has not ended");
        for value in 1..=10_000 {
            assert_eq!(replies.message().await.unwrap(), Some(Number { value }));
        }
        assert_eq!(replies.message().await.unwrap(), None);
        assert_eq!(replies.trailers(), Some(Metadata::new()));
    })
    .await;
}

#[tokio::test]
async fn a_status_after_some_replies_comes_behind_them() {
    within(LIMIT, async {
        let server = TonicServer::start().await;
        let request = CountRequest {
            up_to: 3,
            code: 9,
            ..CountRequest::default()
        };
        let mut replies = server.streams().await.count(request).await.unwrap();
        for value in 1..=3 {
            assert_eq!(replies.message().await.unwrap(), Some(Number { value }));
        }
        let status = replies.message().await.unwrap_err();
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert_eq!(status.message(), "counted far enough");
    })
    .await;
}

#[tokio::test]
async fn a_stream_of_requests_is_read_to_its_end() {
    within(LIMIT, async {
        let server = TonicServer::start().await;
        let numbers = (1..=10_000).map(|value| Number { value });
        let streams = server.streams().await;
        let sum = streams.sum(tokio_stream::iter(numbers)).await.unwrap();
        assert_eq!(sum.value, 50_005_000);
        let nothing = tokio_stream::empty();
        assert_eq!(streams.sum(nothing).await.unwrap().value, 0);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_has_heard_enough_ends_a_stream_of_requests() {
    within(LIMIT, async {
        let server = TonicServer::start().await;
        let (sender, requests) = channel(1);
        let value = u64::MAX;
        sender.send(Number { value }).await.unwrap();
        // The stream stays open.
        let status = server.streams().await.sum(requests).await.unwrap_err();
        assert_eq!(status.code(), Code::OutOfRange);
        assert_eq!(status.message(), "too large to add");
        sender.closed().await;
    })
    .await;
}

#[tokio::test]
async fn both_sides_of_a_call_stream_at_the_same_time() {
    within(LIMIT, async {
        let server = TonicServer::start().await;
        let (sender, requests) = channel(1);
        let mut replies = server.streams().await.chat(requests).await.unwrap();
        for length in [0, 1, 10, 100_000, 2_000_000] {
            let data = Bytes::from(vec![b'x'; length]);
            sender.send(Chunk { data: data.clone() }).await.unwrap();
            assert!(replies.message().await.unwrap().unwrap().data == data);
        }
        drop(sender);
        assert_eq!(replies.message().await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn replies_that_nobody_reads_hold_up_no_other_call() {
    within(LIMIT, async {
        let server = TonicServer::start().await;
        let probe = server.probe().await;
        let mut unread = Vec::new();
        for _ in 0..20 {
            // Far more than the window of a stream.
            unread.push(probe.subscribe(Size { bytes: 1_000_000 }).await.unwrap());
        }
        server.service.until_running(20).await;
        for _ in 0..100 {
            probe.echo(payload("hello")).await.unwrap();
        }
        drop(unread);
        server.service.until_running(0).await;
    })
    .await;
}

#[tokio::test]
async fn many_calls_share_one_connection() {
    within(LIMIT, async {
        let server = TonicServer::start().await;
        let probe = server.probe().await;
        let calls: Vec<_> = (0..1_000)
            .map(|bytes| probe.produce(Size { bytes }).start())
            .collect();
        for (bytes, call) in calls.into_iter().enumerate() {
            assert_eq!(call.await.unwrap().data.len(), bytes);
        }
        assert_eq!(probe.stats().opened, 1);
    })
    .await;
}

#[tokio::test]
async fn a_method_that_the_server_does_not_have_is_unimplemented() {
    within(LIMIT, async {
        let server = TonicServer::start().await;
        let channel = server.channel().connect().await.unwrap();
        let flows = rpc_tests::flows::FlowsAsyncClientProxy::with(channel);
        let mut replies = flows.produce(Default::default()).await.unwrap();
        let status = replies.message().await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
    })
    .await;
}
