//! Whoever is slow is waited for, in bounded memory, and holds up nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rpc_tests::flows::{Order, Piece};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{LIMIT, TestFlows, TestServer, piece, within};

/// Bytes of a piece.
const SIZE: u64 = 4096;

/// What one end may be ahead of the other, in bytes: the window of a stream, 1 MiB, and what is
/// on its way there, of which the larger part is the output of the connection.
const BOUND: u64 = (1024 + 512) * 1024;

/// What windows may grow by, because a reader that takes much at once looks like one that keeps up.
const GROWTH: u64 = 16 * 1024 * 1024;

/// Round trips without any progress after which a stream stands still.
const STILL: u32 = 200;

/// Waits until `progress` is the same for many round trips on the same connection.
async fn standstill(server: &TestServer, progress: impl Fn() -> u64) -> u64 {
    let probe: ProbeAsyncClientProxy = server.client().await;
    let (mut last, mut same) = (u64::MAX, 0);
    while same < STILL {
        let echoed = probe.echo(Payload::default()).await;
        echoed.expect("unary calls go on");
        let now = progress();
        same = if now == last { same + 1 } else { 0 };
        last = now;
    }
    last
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_holds_the_handler_back() {
    const PIECES: u64 = 5_000;
    within(LIMIT, async {
        let (server, flows, client) = TestFlows::serve().await;
        let order = Order {
            pieces: PIECES,
            size: SIZE,
            ..Order::default()
        };
        let mut replies = client.produce(order).await.unwrap();
        let produced = standstill(&server, || flows.flow().produced).await;
        println!("{produced} pieces, {} KiB", produced * SIZE / 1024);
        assert!(produced * SIZE <= BOUND, "{produced} pieces were made");

        // What is read is made up for, and no more.
        for _ in 0..500 {
            replies.message().await.unwrap().unwrap();
        }
        let produced = standstill(&server, || flows.flow().produced).await;
        assert!(produced > 500, "nothing went on");
        assert!(
            (produced - 500) * SIZE <= BOUND + GROWTH,
            "{produced} pieces"
        );

        let mut read = 500;
        while let Some(piece) = replies.message().await.unwrap() {
            assert_eq!(piece.data.len() as u64, SIZE);
            read += 1;
        }
        assert_eq!(read, PIECES);
    })
    .await;
}

/// Requests without end, or as many as are asked for, and how many were taken.
fn counted(pieces: u64, size: u64) -> (impl Iterator<Item = Piece> + Send, Arc<AtomicU64>) {
    let taken = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&taken);
    let data = piece(vec![b'u'; size as usize]);
    let pieces = (0..pieces).map(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        data.clone()
    });
    (pieces, taken)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_handler_holds_the_upload_back() {
    const PIECES: u64 = 5_000;
    within(LIMIT, async {
        let (server, flows, client) = TestFlows::serve().await;
        flows.permit(0);
        let (pieces, taken) = counted(PIECES, SIZE);
        let call = tokio::spawn(client.consume(tokio_stream::iter(pieces)));
        flows.until(|flow| flow.started == 1).await;
        let sent = standstill(&server, || taken.load(Ordering::SeqCst)).await;
        println!("{sent} pieces, {} KiB", sent * SIZE / 1024);
        assert!(sent * SIZE <= BOUND, "{sent} pieces were sent");

        flows.permit(500);
        flows.until(|flow| flow.consumed == 500).await;
        let sent = standstill(&server, || taken.load(Ordering::SeqCst)).await;
        assert!(sent > 500, "nothing went on");
        assert!(
            (sent - 500) * SIZE <= BOUND + GROWTH,
            "{sent} pieces were sent"
        );

        flows.permit(u64::MAX);
        let total = call.await.unwrap().unwrap();
        assert_eq!((total.pieces, total.bytes), (PIECES, PIECES * SIZE));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_whose_replies_are_not_read_holds_its_requests_back() {
    const PIECES: u64 = 5_000;
    within(LIMIT, async {
        let (server, _flows, client) = TestFlows::serve().await;
        let (pieces, taken) = counted(PIECES, SIZE);
        let mut replies = client.converse(tokio_stream::iter(pieces)).await.unwrap();
        let sent = standstill(&server, || taken.load(Ordering::SeqCst)).await;
        assert!(sent * SIZE <= 2 * BOUND, "{sent} pieces were sent");
        let mut read = 0;
        while replies.message().await.unwrap().is_some() {
            read += 1;
        }
        assert_eq!(read, PIECES);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_stand_still_hold_up_no_other_call() {
    within(LIMIT, async {
        let (server, flows, client) = TestFlows::serve().await;
        flows.permit(0);
        let endless = Order {
            pieces: u64::MAX,
            size: SIZE,
            ..Order::default()
        };
        let mut unread = Vec::new();
        let mut uploads = Vec::new();
        for _ in 0..20 {
            unread.push(client.produce(endless).await.unwrap());
            let (pieces, _) = counted(u64::MAX, SIZE);
            uploads.push(client.consume(tokio_stream::iter(pieces)).start());
        }
        flows.until(|flow| flow.started == 40).await;
        standstill(&server, || flows.flow().produced).await;
        let probe = server.client().await;
        let large = Payload {
            data: vec![b'l'; 2_000_000].into(),
        };
        assert!(probe.echo(large.clone()).await.unwrap() == large);
        drop((unread, uploads));
        flows.until_idle().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_empty_messages_occupy_nobody_but_their_own_call() {
    within(LIMIT, async {
        let (server, flows, client) = TestFlows::serve().await;
        let endless = Order {
            pieces: u64::MAX,
            ..Order::default()
        };
        let mut replies = client.produce(endless).await.unwrap();
        for _ in 0..10_000 {
            assert_eq!(replies.message().await.unwrap(), Some(Piece::default()));
        }
        let (pieces, _) = counted(u64::MAX, 0);
        let upload = client.consume(tokio_stream::iter(pieces)).start();
        flows.until(|flow| flow.consumed > 10_000).await;
        let probe = server.client().await;
        probe.echo(Payload::default()).await.unwrap();
        drop((replies, upload));
        flows.until_idle().await;
    })
    .await;
}
