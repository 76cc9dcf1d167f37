//! Windows grow to what the link can carry. The link is virtual, and so is the time: 100 ms there and
//! back and 64 MiB a second, of which the windows that streams begin with use a third.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::io;
use std::time::Duration;

use rpc_runtime::Server;
use rpc_testkit::{Faults, LinkEnd, VirtualLink};
use rpc_tests::flows::{FlowsAsyncClientProxy, Order};
use rpc_tests::{TestFlows, channel, piece};
use tokio::time::Instant;

const MEBI: u64 = 1024 * 1024;

/// What the link carries, both ways.
const BYTES_PER_SECOND: u64 = 64 * MEBI;

/// From one end to the other.
const DELAY: Duration = Duration::from_millis(50);

const PIECE: u64 = 64 * 1024;

/// Bytes that are timed together.
const LOT: u64 = 16 * MEBI;

const LOTS: u64 = 8;

/// A client of a server at the other end of the link.
async fn connect() -> FlowsAsyncClientProxy {
    let (sender, incoming) = channel::<io::Result<LinkEnd>>(1);
    let server = Server::new().service(TestFlows::default());
    tokio::spawn(server.serve_incoming(incoming));
    let connector = move || {
        let sender = sender.clone();
        async move {
            let link = Faults::new()
                .delay(DELAY)
                .bytes_per_second(BYTES_PER_SECOND)
                .capacity(usize::MAX);
            let (_, client, server) = VirtualLink::open_with(link.clone(), link);
            let sent = sender.send(Ok(server)).await;
            sent.map_err(|_| io::ErrorKind::ConnectionRefused)?;
            Ok(client)
        }
    };
    FlowsAsyncClientProxy::connect_with(connector)
        .await
        .unwrap()
}

/// Times the pieces of a stream that pass.
struct Pace {
    since: Instant,
    pieces: u64,
    /// Of each lot, in bytes a second.
    rates: Vec<u64>,
}

impl Pace {
    fn new() -> Self {
        Pace {
            since: Instant::now(),
            pieces: 0,
            rates: Vec::new(),
        }
    }

    fn pass(&mut self) {
        self.pieces += 1;
        if self.pieces.is_multiple_of(LOT / PIECE) {
            let now = Instant::now();
            let seconds = (now - self.since).as_secs_f64();
            self.rates.push((LOT as f64 / seconds) as u64);
            self.since = now;
        }
    }

    /// The link is full in the end.
    fn check(&self) {
        assert_eq!(self.rates.len() as u64, LOTS);
        let last = self.rates[self.rates.len() - 1];
        let rates: Vec<_> = self.rates.iter().map(|rate| rate / MEBI).collect();
        assert!(last > BYTES_PER_SECOND * 3 / 4, "{rates:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn replies_grow_their_window_to_what_the_link_carries() {
    let client = connect().await;
    let order = Order {
        pieces: LOTS * LOT / PIECE,
        size: PIECE,
        ..Order::default()
    };
    let mut pieces = client.produce(order).await.unwrap();
    let mut pace = Pace::new();
    while pieces.message().await.unwrap().is_some() {
        pace.pass();
    }
    pace.check();
}

#[tokio::test(start_paused = true)]
async fn requests_grow_their_window_to_what_the_link_carries() {
    let client = connect().await;
    let (sender, requests) = channel(1);
    let sending = tokio::spawn(async move {
        let mut pace = Pace::new();
        let request = piece(vec![b'x'; PIECE as usize]);
        for _ in 0..LOTS * LOT / PIECE {
            sender.send(request.clone()).await.unwrap();
            pace.pass();
        }
        pace
    });
    client.consume(requests).await.unwrap();
    sending.await.unwrap().check();
}
