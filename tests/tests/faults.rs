//! What each fault of a network does to calls of all kinds: they end, and say what is true.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::time::Duration;

use rpc_runtime::{Channel, Code, Stage, Status, Streaming};
use rpc_testkit::{Direction, FaultProxy, Faults};
use rpc_tests::flows::{FlowsAsyncClientProxy, Order, Piece};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{Expected, LIMIT, TestFlows, TestServer, channel, piece, within};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// A time limit that is meant to pass.
const SHORT: Duration = Duration::from_millis(200);

/// A server behind a proxy, and clients that share a connection through it.
struct Site {
    server: TestServer,
    flows: TestFlows,
    proxy: FaultProxy,
    probe: ProbeAsyncClientProxy,
    client: FlowsAsyncClientProxy,
}

impl Site {
    async fn start() -> Self {
        let (server, flows, _) = TestFlows::serve().await;
        let proxy = FaultProxy::start(server.socket_addr()).await.unwrap();
        let channel = Channel::connect(proxy.local_addr().to_string()).await;
        let channel = channel.unwrap();
        Site {
            server,
            flows,
            proxy,
            probe: ProbeAsyncClientProxy::with(channel.clone()),
            client: FlowsAsyncClientProxy::with(channel),
        }
    }

    /// One call of each kind in the middle.
    async fn calls(&self) -> Calls {
        let held = tokio::spawn(self.probe.hold(payload(10)));
        let order = Order {
            pieces: u64::MAX,
            size: 1000,
            code: 0,
        };
        let mut replies = self.client.produce(order).await.unwrap();
        replies.message().await.unwrap().unwrap();
        let (uploading, requests) = channel(1);
        let uploaded = tokio::spawn(self.client.consume(requests));
        uploading.send(piece("one")).await.unwrap();
        let (talking, requests) = channel(1);
        let mut answers = self.client.converse(requests).await.unwrap();
        talking.send(piece("one")).await.unwrap();
        answers.message().await.unwrap().unwrap();
        self.server.probe.until_running(1).await;
        self.flows.until(|flow| flow.consumed == 1).await;
        let ends = [
            tokio::spawn(async { held.await.unwrap().map(drop) }),
            tokio::spawn(end(replies)),
            tokio::spawn(async { uploaded.await.unwrap().map(drop) }),
            tokio::spawn(end(answers)),
        ];
        Calls {
            ends: ends
                .into_iter()
                .map(async |end| end.await.unwrap())
                .collect(),
            uploads: [uploading, talking],
        }
    }

    /// The server has forgotten the calls, and new ones of all kinds work.
    async fn goes_on(&self) {
        within(LIMIT, self.server.probe.until_running(0)).await;
        within(LIMIT, self.flows.until_idle()).await;
        works(&self.probe, &self.client).await;
    }
}

/// Calls that are under way.
struct Calls {
    ends: JoinSet<Result<(), Status>>,
    uploads: [mpsc::Sender<Piece>; 2],
}

impl Calls {
    /// Each ends as a call whose connection was lost, and so do its requests.
    async fn are_lost(self, proxy: &FaultProxy) {
        let address = proxy.local_addr().to_string();
        for outcome in within(LIMIT, self.ends.join_all()).await {
            let status = outcome.unwrap_err();
            let expected = Expected {
                code: Code::Unavailable,
                stage: Some(Stage::Wait),
                may_have_run: true,
                address: Some(&address),
                method: status.method(),
                says: &["connection"],
            };
            expected.check(&status);
        }
        for upload in &self.uploads {
            within(LIMIT, upload.closed()).await;
        }
    }
}

fn payload(size: usize) -> Payload {
    Payload {
        data: vec![7; size].into(),
    }
}

/// Reads a stream to its end.
async fn end(mut replies: Streaming<Piece>) -> Result<(), Status> {
    while replies.message().await?.is_some() {}
    Ok(())
}

/// Makes calls of all kinds, with messages of a few frames.
async fn works(probe: &ProbeAsyncClientProxy, client: &FlowsAsyncClientProxy) {
    let sent = payload(40_000);
    let reply = within(LIMIT, probe.echo(sent.clone())).await.unwrap();
    assert!(reply == sent);
    let order = Order {
        pieces: 3,
        size: 20_000,
        code: 0,
    };
    let replies = within(LIMIT, client.produce(order)).await.unwrap();
    within(LIMIT, end(replies)).await.unwrap();
    let pieces = || tokio_stream::iter([piece("a"), piece(vec![7; 20_000])]);
    let total = within(LIMIT, client.consume(pieces())).await.unwrap();
    assert_eq!((total.pieces, total.bytes), (2, 20_001));
    let replies = within(LIMIT, client.converse(pieces())).await.unwrap();
    within(LIMIT, end(replies)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_ends_calls_of_all_kinds_and_the_next_ones_have_another_connection() {
    let site = Site::start().await;
    let calls = within(LIMIT, site.calls()).await;
    site.proxy.cut_all();
    calls.are_lost(&site.proxy).await;
    site.goes_on().await;
    assert_eq!(site.proxy.stats().accepted, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_closed_connection_is_a_lost_one_whichever_half_it_is() {
    for direction in Direction::BOTH {
        let site = Site::start().await;
        let calls = within(LIMIT, site.calls()).await;
        site.proxy.finish_all(direction);
        calls.are_lost(&site.proxy).await;
        site.goes_on().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_over_a_stalled_connection_end_at_their_deadlines_and_it_is_used_again() {
    for direction in Direction::BOTH {
        let site = Site::start().await;
        works(&site.probe, &site.client).await;
        site.proxy.set(direction, Faults::new().stall());
        let unary = site.probe.echo(payload(10)).timeout(SHORT);
        let upload = tokio_stream::iter([piece("a")]);
        let upload = site.client.consume(upload).timeout(SHORT);
        for outcome in [unary.await.map(drop), upload.await.map(drop)] {
            let status = outcome.unwrap_err();
            let said = (status.code(), status.stage(), status.may_have_run());
            let expected = (Code::DeadlineExceeded, Some(Stage::Wait), true);
            assert_eq!(said, expected, "{status}");
        }
        site.proxy.set(direction, Faults::new());
        site.goes_on().await;
        assert_eq!(site.proxy.stats().accepted, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_never_left_whole_is_sent_again_over_another_connection() {
    let site = Site::start().await;
    works(&site.probe, &site.client).await;
    let started = site.server.probe.counts().started;
    site.proxy.set(Direction::ToServer, Faults::new().stall());
    // Sixteen times 4 MB: more than the sockets and the proxy hold.
    let calls: JoinSet<_> = (0..16)
        .map(|_| site.probe.echo(payload(4_000_000)))
        .collect();
    tokio::time::sleep(SHORT).await;
    site.proxy.set(Direction::ToServer, Faults::new());
    site.proxy.cut_all();
    let mut ran = 0;
    for outcome in within(LIMIT, calls.join_all()).await {
        match outcome {
            Ok(_) => ran += 1,
            Err(status) => {
                let said = (status.code(), status.may_have_run());
                assert_eq!(said, (Code::Unavailable, true), "{status}");
            }
        }
    }
    assert!(ran > 0, "no request was stuck");
    let started = site.server.probe.counts().started - started;
    assert!(
        (ran..=16).contains(&started),
        "{ran} ended well, {started} ran"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_cut_within_does_not_run() {
    let site = Site::start().await;
    works(&site.probe, &site.client).await;
    let started = site.server.probe.counts().started;
    let sent = site.proxy.stats().bytes_to_server;
    let cut = Faults::new().cut_at(sent + 1_000);
    site.proxy.set(Direction::ToServer, cut);
    let status = within(LIMIT, site.probe.echo(payload(10_000))).await;
    let status = status.unwrap_err();
    // The client cannot know how much arrived.
    let said = (status.code(), status.stage(), status.may_have_run());
    assert_eq!(
        said,
        (Code::Unavailable, Some(Stage::Wait), true),
        "{status}"
    );
    assert_eq!(site.server.probe.counts().started, started);
    site.proxy.set_both(Faults::new());
    site.goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_behind_a_black_hole_is_given_up() {
    let (server, _flows, _) = TestFlows::serve().await;
    let proxy = FaultProxy::start(server.socket_addr()).await.unwrap();
    proxy.set_both(Faults::new().stall());
    let address = proxy.local_addr().to_string();
    let connecting = Channel::builder(&address).connect_timeout(SHORT).connect();
    let expected = Expected {
        code: Code::Unavailable,
        stage: Some(Stage::Connect),
        may_have_run: false,
        address: Some(&address),
        method: None,
        says: &["connect_timeout", "200ms"],
    };
    expected.check_err(within(LIMIT, connecting).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_connections_are_tried_again_within_the_deadline() {
    let site = Site::start().await;
    site.proxy.refuse(true);
    site.proxy.cut_all();
    let address = site.proxy.local_addr().to_string();
    let status = loop {
        // The first may still meet the connection that was cut.
        let call = site.probe.echo(payload(10)).timeout(SHORT);
        let status = within(LIMIT, call).await.unwrap_err();
        if !status.may_have_run() {
            break status;
        }
    };
    assert_eq!(status.address(), Some(&*address), "{status}");
    let codes = [Code::Unavailable, Code::DeadlineExceeded];
    assert!(codes.contains(&status.code()), "{status}");
    assert_eq!(site.server.probe.counts().started, 0);
    site.proxy.refuse(false);
    site.goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_come_one_by_one_or_late_change_nothing() {
    for faults in [
        Faults::new().split(1..=1),
        Faults::new().split(1..=40).seed(3),
        Faults::new().delay(Duration::from_millis(20)),
        Faults::new().bytes_per_second(2_000_000),
    ] {
        let site = Site::start().await;
        site.proxy.set_both(faults);
        works(&site.probe, &site.client).await;
        site.goes_on().await;
        assert_eq!(site.proxy.stats().accepted, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_over_a_slow_network_ends_at_its_deadline() {
    let site = Site::start().await;
    let slow = Faults::new().delay(LIMIT);
    site.proxy.set(Direction::ToClient, slow);
    let call = site.probe.echo(payload(10)).timeout(SHORT);
    let status = within(LIMIT, call).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    assert!(status.may_have_run(), "{status}");
    assert_eq!(site.server.probe.counts().finished, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whichever_byte_is_corrupted_the_call_ends_and_the_server_lives() {
    // The SETTINGS and the REQUEST, or the SETTINGS and the RESPONSE.
    const BYTES: u64 = 120;
    let server = TestServer::start().await;
    for direction in Direction::BOTH {
        let mut calls = JoinSet::new();
        for position in 0..BYTES {
            let proxy = FaultProxy::start(server.socket_addr()).await.unwrap();
            proxy.set(direction, Faults::new().corrupt_at(position));
            let address = proxy.local_addr().to_string();
            calls.spawn(async move {
                let probe = ProbeAsyncClientProxy::connect_lazy(address).unwrap();
                let outcome = probe.echo(payload(30)).timeout(2 * SHORT).await;
                // A flipped byte of a message is not seen without a checksum.
                (position, outcome, proxy)
            });
        }
        while let Some(ended) = within(LIMIT, calls.join_next()).await {
            let (position, outcome, _proxy) = ended.unwrap();
            let Err(status) = outcome else { continue };
            assert_ne!(status.code(), Code::Unknown, "{position}: {status}");
            assert!(status.address().is_some(), "{position}: {status:?}");
            assert!(status.stage().is_some(), "{position}: {status:?}");
        }
    }
    let client = server.client().await;
    within(LIMIT, client.echo(payload(30))).await.unwrap();
    within(LIMIT, server.probe.until_running(0)).await;
}
