//! Messages from nothing to the limit arrive byte for byte.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use rpc_runtime::{Call, Channel};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy, Size};
use rpc_tests::{LIMIT, TestServer, within};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What the bytes field costs in an encoded payload of up to 2 MiB: a tag, and the length.
const FIELD: usize = 4;

/// Around every size where something changes: nothing, one frame, the initial window, the limit.
const SIZES: [usize; 15] = [
    0,
    1,
    100,
    8 * KIB - 1,
    8 * KIB,
    16 * KIB - FIELD - 1,
    16 * KIB - FIELD,
    16 * KIB - FIELD + 1,
    16 * KIB - 1,
    16 * KIB,
    16 * KIB + 1,
    MIB - FIELD,
    MIB,
    MIB + 1,
    39 * MIB / 10,
];

/// Bytes that differ from call to call and repeat with no power of two, so that a part that is
/// lost, doubled, moved or another call's shows.
fn bytes(size: usize, call: usize) -> Payload {
    let byte = |index: usize| (index % 251 + call) as u8;
    Payload {
        data: (0..size).map(byte).collect(),
    }
}

async fn assert_echoed(client: &ProbeAsyncClientProxy, size: usize, call: usize) {
    let payload = bytes(size, call);
    let echoed = client.echo(payload.clone()).await.unwrap();
    assert_eq!(echoed.data.len(), size);
    // Bytes that differ would be printed, and they are many.
    assert!(
        echoed == payload,
        "{size} bytes of call {call} came back changed"
    );
}

#[tokio::test]
async fn messages_of_every_size_arrive_both_ways() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        for (call, size) in SIZES.into_iter().enumerate() {
            assert_echoed(&client, size, call).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_handler_that_waits_gets_and_gives_large_messages_too() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let calls: Vec<_> = SIZES
            .map(|size| client.hold(bytes(size, size)).start())
            .into();
        server.probe.until_running(SIZES.len()).await;
        server.probe.release_all();
        for (size, call) in SIZES.into_iter().zip(calls) {
            assert!(
                call.await.unwrap() == bytes(size, size),
                "{size} bytes came back changed"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_large_message_goes_one_way_alone() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        for size in SIZES {
            let produced = client.produce(Size { bytes: size as u64 }).await.unwrap();
            assert!(produced.data.len() == size && produced.data.iter().all(|&byte| byte == b'p'));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_large_messages_at_once_share_a_connection() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let calls: Vec<_> = (0..100)
            .map(|call| {
                let client = client.clone();
                let size = SIZES[call % SIZES.len()];
                tokio::spawn(async move { assert_echoed(&client, size, call).await })
            })
            .collect();
        for call in calls {
            call.await.unwrap();
        }
        assert_eq!(server.probe.until_running(0).await.finished, 100);
    })
    .await;
}

#[tokio::test]
async fn small_calls_are_answered_between_the_frames_of_large_ones() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let large: Vec<_> = (0..8)
            .map(|call| client.echo(bytes(39 * MIB / 10, call)).start())
            .collect();
        // Were it behind them all, they would have ended.
        client.echo(bytes(10, 0)).await.unwrap();
        assert!(large.iter().any(|call| !call.is_done()));
        for (call, future) in large.into_iter().enumerate() {
            assert!(future.await.unwrap() == bytes(39 * MIB / 10, call));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn smaller_messages_overtake_those_that_are_much_larger() {
    const HUGE: usize = 64 * MIB;
    const MAX: usize = HUGE + KIB;
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.max_message_size(MAX)).await;
        let channel = Channel::builder(server.address()).max_message_size(MAX);
        let client = ProbeAsyncClientProxy::with(channel.connect().await.unwrap());
        let (large, small) = (bytes(2 * MIB, 3), bytes(10, 4));
        let huge = [1_u8, 2].map(|byte| Payload {
            data: vec![byte; HUGE].into(),
        });
        // They are encoded before the first of them is sent.
        let calls = huge.clone().map(|huge| client.hold(huge));
        let calls = calls.map(Call::start);
        let echoed = tokio::join!(client.echo(large.clone()), client.echo(small.clone()));
        assert!(echoed.0.unwrap() == large && echoed.1.unwrap() == small);
        // A handler is started once its whole request is here.
        assert_eq!(server.probe.counts().started, 2);
        server.probe.release_all();
        for (call, huge) in calls.into_iter().zip(huge) {
            assert!(call.await.unwrap() == huge);
        }
    })
    .await;
}
