//! Large messages in streams, and messages that are too large.

use rpc_runtime::{Channel, Code, Status};
use rpc_tests::flows::{FlowsAsyncClientProxy, Order, Piece};
use rpc_tests::{LIMIT, TestFlows, channel, piece, within};

/// Just below the default limit of 4 MiB, with the few bytes around it.
const LARGE: u64 = 3_900 * 1024;

fn large() -> Piece {
    piece(vec![b'p'; LARGE as usize])
}

fn order(pieces: u64) -> Order {
    Order {
        pieces,
        size: LARGE,
        ..Order::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_messages_travel_in_streams_both_ways() {
    within(LIMIT, async {
        let (_server, _flows, client) = TestFlows::serve().await;
        let mut replies = client.produce(order(10)).await.unwrap();
        for _ in 0..10 {
            assert!(replies.message().await.unwrap() == Some(large()));
        }
        assert_eq!(replies.message().await.unwrap(), None);

        let total = client.consume(tokio_stream::iter(vec![large(); 10]));
        assert_eq!(total.await.unwrap().bytes, 10 * LARGE);

        // Small ones in between keep their places.
        let sent: Vec<_> = (0..12_u8)
            .map(|number| match number % 3 {
                0 => large(),
                1 => piece(vec![number]),
                _ => Piece::default(),
            })
            .collect();
        let requests = tokio_stream::iter(sent.clone());
        let mut replies = client.converse(requests).await.unwrap();
        for piece in sent {
            assert!(replies.message().await.unwrap() == Some(piece));
        }
        assert_eq!(replies.message().await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_of_large_messages_share_a_connection() {
    const STREAMS: u64 = 16;
    within(LIMIT, async {
        let (_server, flows, client) = TestFlows::serve().await;
        let mut streams = Vec::new();
        for _ in 0..STREAMS {
            streams.push(client.produce(order(3)).await.unwrap());
        }
        // One is read to its end while the others wait.
        while let Some(mut replies) = streams.pop() {
            for _ in 0..3 {
                assert!(replies.message().await.unwrap() == Some(large()));
            }
            assert_eq!(replies.message().await.unwrap(), None);
        }
        assert_eq!(flows.until_idle().await.produced, 3 * STREAMS);

        let uploads: Vec<_> = (0..STREAMS)
            .map(|_| client.consume(tokio_stream::iter(vec![large(); 3])).start())
            .collect();
        for upload in uploads {
            assert_eq!(upload.await.unwrap().bytes, 3 * LARGE);
        }
    })
    .await;
}

#[tokio::test]
async fn an_error_does_not_overtake_the_large_message_before_it() {
    within(LIMIT, async {
        let (_server, _flows, client) = TestFlows::serve().await;
        let with_error = Order {
            code: Code::DataLoss.value(),
            ..order(2)
        };
        let mut replies = client.produce(with_error).await.unwrap();
        for _ in 0..2 {
            assert!(replies.message().await.unwrap() == Some(large()));
        }
        let status = replies.message().await.unwrap_err();
        assert_eq!(status.code(), Code::DataLoss, "{status}");
    })
    .await;
}

#[track_caller]
fn assert_names_the_limit(status: &Status, limit: u64) {
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    for part in ["max_message_size".to_owned(), limit.to_string()] {
        assert!(status.message().contains(&part), "{status}");
    }
}

#[tokio::test]
async fn a_request_over_the_servers_limit_ends_the_stream_and_names_the_limit() {
    const LIMIT_BYTES: u64 = 1_000_000;
    within(LIMIT, async {
        let (_server, flows, client) =
            TestFlows::serve_with(|server| server.max_message_size(LIMIT_BYTES as usize)).await;
        let (sender, requests) = channel(1);
        let call = tokio::spawn(client.consume(requests));
        sender.send(piece("small")).await.unwrap();
        flows.until(|flow| flow.consumed == 1).await;
        sender.send(large()).await.unwrap();
        assert_names_the_limit(&call.await.unwrap().unwrap_err(), LIMIT_BYTES);
        sender.closed().await;

        let (sender, requests) = channel(1);
        let mut replies = client.converse(requests).await.unwrap();
        sender.send(piece("small")).await.unwrap();
        assert_eq!(replies.message().await.unwrap(), Some(piece("small")));
        sender.send(large()).await.unwrap();
        assert_names_the_limit(&replies.message().await.unwrap_err(), LIMIT_BYTES);
        sender.closed().await;

        let flow = flows.until_idle().await;
        assert!(flow.ends.is_empty(), "the handler saw {:?}", flow.ends);
    })
    .await;
}

#[tokio::test]
async fn a_request_over_a_limit_that_the_client_has_not_heard_of_is_refused_by_the_server() {
    const LIMIT_BYTES: u64 = 1_000_000;
    within(LIMIT, async {
        let (server, _flows, _) =
            TestFlows::serve_with(|server| server.max_message_size(LIMIT_BYTES as usize)).await;
        // A connection of its own: its first request leaves before the server's SETTINGS arrive.
        let own = Channel::builder(server.address()).connect_timeout(LIMIT);
        let client = FlowsAsyncClientProxy::with(own.connect_lazy().unwrap());
        let requests = tokio_stream::iter(vec![large()]);
        let status = client.consume(requests).await.unwrap_err();
        assert_names_the_limit(&status, LIMIT_BYTES);
    })
    .await;
}

#[tokio::test]
async fn a_reply_over_the_clients_limit_ends_the_stream_and_names_the_limit() {
    const LIMIT_BYTES: u64 = 1_000_000;
    within(LIMIT, async {
        let (server, flows, sender) = TestFlows::serve().await;
        drop(sender);
        let limited = Channel::builder(server.address()).max_message_size(LIMIT_BYTES as usize);
        let client = FlowsAsyncClientProxy::with(limited.connect().await.unwrap());
        let mut replies = client.produce(order(3)).await.unwrap();
        assert_names_the_limit(&replies.message().await.unwrap_err(), LIMIT_BYTES);

        // What was sent before arrives.
        let sent = [piece(vec![1; 900_000]), piece("small"), large()];
        let mut replies = client
            .converse(tokio_stream::iter(sent.clone()))
            .await
            .unwrap();
        for piece in &sent[..2] {
            assert!(replies.message().await.unwrap().as_ref() == Some(piece));
        }
        assert_names_the_limit(&replies.message().await.unwrap_err(), LIMIT_BYTES);
        flows.until_idle().await;
    })
    .await;
}
