//! Calls with streams that a gateway makes.

use std::sync::atomic::Ordering;

use rpc_runtime::Server;
use rpc_tests::streams::{CountRequest, Number};
use rpc_tests::{LIMIT, TestServer, TestStreams, within};

use crate::harness::{Lines, LinesPeer};

async fn start() -> (TestServer, TestStreams) {
    let streams = TestStreams::default();
    let service = streams.clone();
    let configure = |server: Server| server.service(service).gateway(Lines);
    (TestServer::start_with(configure).await, streams)
}

/// Waits until so many streams of replies are there.
async fn until_alive(streams: &TestStreams, count: usize) {
    while streams.alive.load(Ordering::SeqCst) != count {
        tokio::task::yield_now().await;
    }
}

fn numbers(values: impl IntoIterator<Item = u64>) -> Vec<Number> {
    values.into_iter().map(|value| Number { value }).collect()
}

#[tokio::test]
async fn replies_of_a_stream_come_one_after_the_other_and_then_its_end() {
    within(LIMIT, async {
        let (server, _) = start().await;
        let mut peer = LinesPeer::connect(server.socket_addr()).await;
        let request = CountRequest {
            up_to: 100,
            ..CountRequest::default()
        };
        let counted = peer.call::<Number>("streams.Streams/Count", &request).await;
        assert_eq!(counted.unwrap(), numbers(1..=100));
        let failing = CountRequest {
            up_to: 1,
            code: 5,
            ..CountRequest::default()
        };
        let failed = peer.call::<Number>("streams.Streams/Count", &failing).await;
        assert!(failed.unwrap_err().starts_with("NotFound"));
    })
    .await;
}

#[tokio::test]
async fn requests_of_a_stream_reach_the_handler() {
    within(LIMIT, async {
        let (server, _) = start().await;
        let mut peer = LinesPeer::connect(server.socket_addr()).await;
        peer.send(b"call streams.Streams/Sum 0801,0802,0803\n")
            .await;
        assert_eq!(peer.answer::<Number>().await.unwrap(), numbers([6]));
        peer.send(b"call streams.Streams/Chat 0a0161,0a0162\n")
            .await;
        assert_eq!(peer.line().await, "reply 0a0161");
        assert_eq!(peer.line().await, "reply 0a0162");
        assert_eq!(peer.line().await, "ok");
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_is_dropped_ends_and_so_does_one_at_its_deadline() {
    within(LIMIT, async {
        let (server, streams) = start().await;
        let hangs = "call streams.Streams/Count 08012001";
        let mut peer = LinesPeer::connect(server.socket_addr()).await;
        peer.send(format!("{hangs} 20\n").as_bytes()).await;
        assert!(peer.line().await.starts_with("reply "));
        let late = peer.answer::<Number>().await.unwrap_err();
        assert!(late.starts_with("DeadlineExceeded "), "{late}");
        peer.send(format!("{hangs}\n").as_bytes()).await;
        until_alive(&streams, 1).await;
        drop(peer);
        until_alive(&streams, 0).await;
    })
    .await;
}
