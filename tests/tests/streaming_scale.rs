//! Many streams at once on one connection.

use std::sync::atomic::{AtomicBool, Ordering};

use fastrand::Rng;
use rpc_tests::flows::{FlowsAsyncClientProxy, Order, Piece};
use rpc_tests::probe::Payload;
use rpc_tests::{LIMIT, TestFlows, channel, piece, within};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_streams_run_at_once_on_one_connection() {
    const STREAMS: u64 = 1_000;
    const PIECES: u64 = 50;
    within(LIMIT, async {
        let (_server, flows, client) = TestFlows::serve().await;
        let mut uploads = Vec::new();
        let mut readers = JoinSet::new();
        for number in 0..STREAMS {
            if number % 2 == 0 {
                let (sender, requests) = channel(1);
                uploads.push((sender, client.consume(requests).start()));
                continue;
            }
            let order = Order {
                pieces: PIECES,
                size: number,
                ..Order::default()
            };
            let mut replies = client.produce(order).await.unwrap();
            readers.spawn(async move {
                let mut read = 0;
                while let Some(piece) = replies.message().await.unwrap() {
                    assert_eq!(piece.data.len() as u64, number);
                    read += 1;
                }
                read
            });
        }
        flows.until(|flow| flow.started == STREAMS as usize).await;
        for _ in 0..PIECES {
            for (sender, _) in &uploads {
                sender.send(piece("upload")).await.unwrap();
            }
        }
        for read in readers.join_all().await {
            assert_eq!(read, PIECES);
        }
        for (sender, call) in uploads {
            drop(sender);
            assert_eq!(call.await.unwrap().pieces, PIECES);
        }
        assert_eq!(flows.until_idle().await.started, STREAMS as usize);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_over_the_limit_of_the_connection_wait_for_their_turn() {
    within(LIMIT, async {
        let (_server, flows, client) =
            TestFlows::serve_with(|server| server.max_concurrent_streams(4)).await;
        let calls: Vec<_> = (0..100)
            .map(|_| client.consume(tokio_stream::iter(vec![piece("one"); 10])))
            .map(|call| call.start())
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap().pieces, 10);
        }
        // Streams of replies give their places back at their end, or when they are dropped.
        for number in 0..100 {
            let order = Order {
                pieces: 2,
                ..Order::default()
            };
            let mut replies = client.produce(order).await.unwrap();
            replies.message().await.unwrap().unwrap();
            if number % 2 == 0 {
                while replies.message().await.unwrap().is_some() {}
            }
        }
        assert_eq!(flows.until_idle().await.started, 200);
    })
    .await;
}

/// Sends random pieces, some ahead of their replies, and compares all that comes back.
async fn converse(client: FlowsAsyncClientProxy, mut random: Rng) {
    const TURNS: usize = 50;
    let (sender, requests) = channel(4);
    let mut replies = client.converse(requests).await.expect("it is sent");
    for _ in 0..TURNS {
        let sent: Vec<Piece> = (0..random.usize(1..4))
            .map(|_| {
                let large = random.u8(..) < 16;
                let size = random.usize(..if large { 100_000 } else { 100 });
                piece(vec![random.u8(..); size])
            })
            .collect();
        for piece in &sent {
            let sent = sender.send(piece.clone()).await;
            sent.expect("the requests are being sent");
        }
        for piece in sent {
            let reply = replies.message().await;
            assert!(reply.expect("it has not ended") == Some(piece));
        }
    }
    if random.bool() {
        drop(sender);
        let end = replies.message().await;
        assert_eq!(end.expect("it ends well"), None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_conversations_at_once_are_not_mixed_up_and_let_unary_calls_through() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    within(LIMIT, async {
        let (server, flows, client) = TestFlows::serve().await;
        let mut conversations = JoinSet::new();
        for number in 0..100 {
            let random = Rng::with_seed(seed.wrapping_add(number));
            conversations.spawn(converse(client.clone(), random));
        }
        let probe = server.client().await;
        let talking = AtomicBool::new(true);
        let calls = async {
            let mut calls = 0_u64;
            while talking.load(Ordering::Relaxed) {
                let payload = Payload {
                    data: calls.to_be_bytes().to_vec().into(),
                };
                assert_eq!(probe.echo(payload.clone()).await.unwrap(), payload);
                calls += 1;
            }
            calls
        };
        let talks = async {
            while let Some(ended) = conversations.join_next().await {
                ended.expect("see the panic above");
            }
            talking.store(false, Ordering::Relaxed);
        };
        let (calls, ()) = tokio::join!(calls, talks);
        assert!(calls > 0, "no call came through");
        assert_eq!(flows.until_idle().await.started, 100);
    })
    .await;
}
