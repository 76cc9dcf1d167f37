//! Our own server, called as any other gRPC server, and with what is around calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use rpc_runtime::middleware::Timing;
use rpc_runtime::{Batch, Channel, Code, Hedge, Metadata};
use rpc_tests::flows::{FlowsAsyncClientProxy, Order};
use rpc_tests::probe::{Failure, Payload, ProbeAsyncClientProxy, Size};
use rpc_tests::streams::{Chunk, CountRequest, Number, StreamsAsyncClientProxy};
use rpc_tests::{LIMIT, TestFlows, TestServer, TestStreams, channel, connect, within};

async fn start() -> (TestServer, String) {
    let server = TestServer::start_with(|server| {
        server
            .service(TestStreams::default())
            .service(TestFlows::default())
    });
    let server = server.await;
    let target = format!("grpc://{}", server.socket_addr());
    (server, target)
}

fn payload(data: impl Into<Bytes>) -> Payload {
    Payload { data: data.into() }
}

fn metadata() -> Metadata {
    let mut metadata = Metadata::new();
    metadata.insert("tenant", "blue").unwrap();
    metadata.insert_bin("trace-bin", vec![0, 255]).unwrap();
    metadata
}

#[tokio::test]
async fn calls_of_every_kind_are_answered() {
    within(LIMIT, async {
        let (_server, target) = start().await;
        let probe = ProbeAsyncClientProxy::connect(&target).await.unwrap();
        let call = probe.echo(payload("hello")).metadata(metadata());
        let reply = call.with_metadata().await.unwrap();
        assert_eq!(reply.metadata().get("tenant"), Some("blue"));
        let trace = reply.metadata().get_bin("trace-bin");
        assert_eq!(trace, Some(&[0, 255][..]));
        assert_eq!(reply.into_inner(), payload("hello"));
        let large = Size { bytes: 3_000_000 };
        assert_eq!(probe.produce(large).await.unwrap().data.len(), 3_000_000);

        let streams = StreamsAsyncClientProxy::connect(&target).await.unwrap();
        let numbers = (1..=100).map(|value| Number { value });
        let sum = streams.sum(tokio_stream::iter(numbers)).await.unwrap();
        assert_eq!(sum.value, 5050);
        let request = CountRequest {
            up_to: 3,
            code: 9,
            ..CountRequest::default()
        };
        let mut replies = streams.count(request).await.unwrap();
        let headers = replies.headers().await.unwrap();
        assert_eq!(headers.get("counts"), Some("from one"));
        for value in 1..=3 {
            assert_eq!(replies.message().await.unwrap(), Some(Number { value }));
        }
        let status = replies.message().await.unwrap_err();
        assert_eq!(status.code(), Code::FailedPrecondition);

        let (sender, requests) = channel(1);
        let mut replies = streams.chat(requests).await.unwrap();
        for length in [0, 1, 2_000_000] {
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
async fn metadata_come_ahead_of_replies_and_with_their_end() {
    within(LIMIT, async {
        let (_server, target) = start().await;
        let flows = FlowsAsyncClientProxy::connect(&target).await.unwrap();
        for pieces in [1, 5_000] {
            let order = Order {
                pieces,
                size: 10,
                ..Order::default()
            };
            let call = flows.produce(order).metadata(metadata());
            let mut replies = call.await.unwrap();
            assert_eq!(replies.headers().await.unwrap().get("tenant"), Some("blue"));
            assert_eq!(replies.trailers(), None, "it has not ended");
            while replies.message().await.unwrap().is_some() {}
            let trailers = replies.trailers().unwrap();
            assert_eq!(trailers.get_bin("trace-bin"), Some(&[0, 255][..]));
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_around_calls_is_around_these_too() {
    within(LIMIT, async {
        let (server, target) = start().await;
        let timed = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&timed);
        let builder = Channel::builder(&target).intercept(Timing::new(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
        }));
        let probe = connect(builder).await;
        probe.echo(payload("one")).await.unwrap();
        let mut replies = probe.subscribe(Size { bytes: 1 }).await.unwrap();
        replies.message().await.unwrap();
        drop(replies);
        assert_eq!(timed.load(Ordering::Relaxed), 2);

        let mut batch = Batch::new();
        for number in 0..100 {
            batch.push(probe.echo(payload(number.to_string())));
        }
        for (number, reply) in batch.all().await.into_iter().enumerate() {
            assert_eq!(reply.unwrap(), payload(number.to_string()));
        }

        let hedge = Hedge::after(Duration::from_millis(1)).attempts(2);
        let held = probe.hold(payload("held")).idempotent(true).hedge(hedge);
        let held = held.start();
        server.probe.until_running(2).await;
        server.probe.release_all();
        assert_eq!(held.await.unwrap(), payload("held"));
    })
    .await;
}

#[tokio::test]
async fn a_server_that_ends_in_order_loses_no_call() {
    within(LIMIT, async {
        let (server, target) = start().await;
        let probe = ProbeAsyncClientProxy::connect(&target).await.unwrap();
        let held = probe.hold(payload("held")).start();
        server.probe.until_running(1).await;
        let service = server.probe.clone();
        let stopping = tokio::spawn(server.shut_down());
        // The server has said that it goes.
        while probe.stats().draining == 0 {
            tokio::task::yield_now().await;
        }
        service.release_all();
        held.await.unwrap();
        stopping.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_deadline_is_the_handlers_and_details_come_through() {
    within(LIMIT, async {
        let (_server, target) = start().await;
        let probe = ProbeAsyncClientProxy::connect(&target).await.unwrap();
        let limit = Duration::from_secs(3600);
        let seen = probe.inspect(()).timeout(limit).await.unwrap();
        let left = Duration::from_micros(seen.remaining_us);
        assert!(left <= limit && left > limit - LIMIT, "{left:?}");
        let failure = Failure {
            code: 5,
            message: "none".to_owned(),
            details: vec![1, 2].into(),
        };
        let status = probe.fail(failure).await.unwrap_err();
        assert_eq!(status.details(), [1, 2]);
    })
    .await;
}
