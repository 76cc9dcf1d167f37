//! Calls with streams, of all kinds.

use std::sync::atomic::Ordering;

use rpc_runtime::{Code, Server};
use rpc_tests::streams::{
    Chunk, CountRequest, Number, StreamsAsyncClientProxy, StreamsClientProxy,
};
use rpc_tests::{LIMIT, TestStreams, channel, within, within_blocking};
use tokio::sync::oneshot;

/// A server with streams on a free port; it stops when the sender is dropped.
async fn serve() -> (TestStreams, String, oneshot::Sender<()>) {
    let service = TestStreams::default();
    let server = Server::new().service(service.clone());
    let bound = server.bind("127.0.0.1:0").await;
    let bound = bound.expect("there is a free port");
    let address = bound.local_addr().to_string();
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(bound.serve_with_shutdown(async move {
        let _ = stopped.await;
    }));
    (service, address, stop)
}

fn count(up_to: u64) -> CountRequest {
    CountRequest {
        up_to,
        ..CountRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_replies_arrives_whole_and_in_order() {
    within(LIMIT, async {
        let (_service, address, _stop) = serve().await;
        let streams = StreamsAsyncClientProxy::connect(&address).await.unwrap();
        for up_to in [0, 1, 100_000] {
            let mut numbers = streams.count(count(up_to)).await.unwrap();
            let headers = numbers.headers().await.unwrap();
            assert_eq!(headers.get("counts"), Some("from one"));
            let mut expected = 1;
            while let Some(number) = numbers.message().await.unwrap() {
                assert_eq!(number.value, expected);
                expected += 1;
            }
            assert_eq!(expected, up_to + 1);
            assert!(numbers.trailers().is_some());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_requests_has_one_reply() {
    within(LIMIT, async {
        let (_service, address, _stop) = serve().await;
        let streams = StreamsAsyncClientProxy::connect(&address).await.unwrap();
        let (sender, requests) = channel(16);
        tokio::spawn(async move {
            for value in 1..=10_000 {
                sender.send(Number { value }).await.unwrap();
            }
        });
        let sum = streams.sum(requests).await.unwrap();
        assert_eq!(sum.value, 50_005_000);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_with_both_streams_is_a_conversation() {
    within(LIMIT, async {
        let (_service, address, _stop) = serve().await;
        let streams = StreamsAsyncClientProxy::connect(&address).await.unwrap();
        let (sender, requests) = channel(1);
        let mut replies = streams.chat(requests).await.unwrap();
        for size in [0, 1, 16 * 1024, 3 * 1024 * 1024, 17, 1024 * 1024 + 1] {
            let data = vec![size as u8; size];
            sender
                .send(Chunk {
                    data: data.clone().into(),
                })
                .await
                .unwrap();
            let reply = replies.message().await.unwrap().unwrap();
            assert!(reply.data == data, "{size}");
        }
        drop(sender);
        assert_eq!(replies.message().await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_stream_says_how_it_ended() {
    within(LIMIT, async {
        let (_service, address, _stop) = serve().await;
        let streams = StreamsAsyncClientProxy::connect(&address).await.unwrap();
        let with_code = CountRequest {
            code: Code::NotFound.value(),
            ..count(3)
        };
        let with_panic = CountRequest {
            panics: true,
            ..count(3)
        };
        for (request, code) in [(with_code, Code::NotFound), (with_panic, Code::Internal)] {
            let mut numbers = streams.count(request).await.unwrap();
            for _ in 0..3 {
                assert!(numbers.message().await.unwrap().is_some());
            }
            assert_eq!(numbers.message().await.unwrap_err().code(), code);
            assert_eq!(numbers.message().await.unwrap(), None, "it has ended");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_reply_ends_the_upload() {
    within(LIMIT, async {
        let (_service, address, _stop) = serve().await;
        let streams = StreamsAsyncClientProxy::connect(&address).await.unwrap();
        let (sender, requests) = channel(1);
        let sum = tokio::spawn(streams.sum(requests));
        sender.send(Number { value: u64::MAX }).await.unwrap();
        let status = sum.await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::OutOfRange);
        sender.closed().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_a_stream_of_replies_drops_it_at_the_server() {
    within(LIMIT, async {
        let (service, address, _stop) = serve().await;
        let streams = StreamsAsyncClientProxy::connect(&address).await.unwrap();
        let hanging = CountRequest {
            hangs: true,
            ..count(1)
        };
        let mut numbers = streams.count(hanging).await.unwrap();
        assert!(numbers.message().await.unwrap().is_some());
        assert_eq!(service.alive.load(Ordering::SeqCst), 1);
        drop(numbers);
        while service.alive.load(Ordering::SeqCst) > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stops_holds_up_no_other_call() {
    within(LIMIT, async {
        let (_service, address, _stop) = serve().await;
        let streams = StreamsAsyncClientProxy::connect(&address).await.unwrap();
        let unread = streams.count(count(u64::MAX)).await.unwrap();
        for _ in 0..10 {
            let mut numbers = streams.count(count(1000)).await.unwrap();
            let mut seen = 0;
            while numbers.message().await.unwrap().is_some() {
                seen += 1;
            }
            assert_eq!(seen, 1000);
        }
        drop(unread);
    })
    .await;
}

#[test]
fn sync_proxies_give_and_take_iterators() {
    within_blocking(LIMIT, || {
        let streams = StreamsClientProxy::local(TestStreams::default());
        let numbers: Vec<u64> = streams
            .count(count(5))
            .unwrap()
            .map(|n| n.unwrap().value)
            .collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5]);
        let sum = streams
            .sum((1..=100).map(|value| Number { value }))
            .unwrap();
        assert_eq!(sum.value, 5050);
        let chunks = (0..50_u8).map(|n| Chunk {
            data: vec![n; 1000].into(),
        });
        let replies = streams.chat(chunks).unwrap();
        assert_eq!(
            replies
                .map(|reply| reply.unwrap().data.len())
                .sum::<usize>(),
            50_000
        );
    });
}
