//! The pool of a channel's connections, over real sockets.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rpc_runtime::{Channel, Code, ConnectionEvent, HealthCheck, PoolConfig, Stage};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{Expected, LIMIT, RawPeer, TestServer, connect, until_pool, within};
use rpc_wire::frame::{FrameType, Settings, ping};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A time limit that is meant to pass.
const SHORT: Duration = Duration::from_millis(50);

fn payload() -> Payload {
    Payload::default()
}

#[tokio::test]
async fn connections_are_added_when_streams_are_used_up_and_the_surplus_goes_when_idle() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.max_concurrent_streams(2)).await;
        let client = connect(Channel::builder(server.address()).idle_timeout(SHORT)).await;
        let calls: Vec<_> = (0..6).map(|_| client.hold(payload()).start()).collect();
        server.probe.until_running(6).await;
        let stats = client.stats();
        assert_eq!((stats.active, stats.pending, stats.waiting), (3, 6, 0));
        server.probe.release_all();
        for call in calls {
            call.await.unwrap();
        }
        let stats = until_pool(&client, |stats| stats.closed == 3).await;
        assert_eq!((stats.opened, stats.idle, stats.draining), (3, 0, 0));
        client.echo(payload()).await.unwrap();
        assert_eq!(client.stats().opened, 4);
    })
    .await;
}

#[tokio::test]
async fn calls_that_one_connection_can_carry_share_it() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = connect(Channel::builder(server.address()).own_pool()).await;
        let before = client.stats();
        let calls: Vec<_> = (0..1_000).map(|_| client.hold(payload()).start()).collect();
        server.probe.until_running(1_000).await;
        let stats = client.stats();
        assert_eq!((stats.active, stats.pending, stats.opened), (1, 1_000, 1));
        assert_eq!(stats.hits - before.hits, 1_000);
        assert_eq!(stats.misses, before.misses);
        server.probe.release_all();
        for call in calls {
            call.await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn exclusive_connections_carry_one_call_at_a_time() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let builder = Channel::builder(server.address());
        let client = connect(builder.exclusive().max_connections(3)).await;
        let mut calls: Vec<_> = (0..4).map(|_| client.hold(payload()).start()).collect();
        server.probe.until_running(3).await;
        let stats = until_pool(&client, |stats| stats.waiting == 1).await;
        assert_eq!((stats.active, stats.pending), (3, 3));
        calls.remove(0).cancel();
        server.probe.until(|counts| counts.started == 4).await;
        assert_eq!(client.stats().opened, 3);
        server.probe.release_all();
        for call in calls {
            call.await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn an_exhausted_pool_names_the_settings_that_say_so() {
    let server = TestServer::start().await;
    let builder = Channel::builder(server.address())
        .max_connections(1)
        .max_streams_per_connection(2)
        .max_waiting(1);
    let mut config = PoolConfig::default();
    config.max_connections = 1;
    config.max_streams_per_connection = Some(2);
    config.acquire_timeout = Some(SHORT);
    let patient = connect(builder).await;
    let hasty = connect(Channel::builder(server.address()).pool(config)).await;
    let held: Vec<_> = [&patient, &patient, &hasty, &hasty]
        .map(|client| client.hold(payload()).start())
        .into();
    within(LIMIT, server.probe.until_running(4)).await;

    let address = server.address();
    let settings = "1 of at most 1 connections (max_connections) are open, and \
        max_streams_per_connection is 2";
    let expected = Expected {
        code: Code::ResourceExhausted,
        stage: Some(Stage::Queue),
        may_have_run: false,
        address: Some(&address),
        method: Some("probe.Probe/Echo"),
        says: &[settings],
    };
    let timed_out = Expected {
        says: &["no free stream after 50ms (acquire_timeout)", settings],
        ..expected
    };
    timed_out.check_err(within(LIMIT, hasty.echo(payload())).await);

    let waiting = tokio::spawn(patient.echo(payload()).timeout(4 * SHORT));
    within(LIMIT, until_pool(&patient, |stats| stats.waiting == 1)).await;
    let one_too_many = Expected {
        says: &[
            "1 calls wait for a connection, as many as max_waiting allows",
            settings,
        ],
        ..expected
    };
    one_too_many.check_err(within(LIMIT, patient.echo(payload())).await);
    let too_late = Expected {
        code: Code::DeadlineExceeded,
        says: &["the deadline passed while the call was queued", settings],
        ..expected
    };
    too_late.check_err(within(LIMIT, waiting).await.unwrap());
    let stats = patient.stats();
    assert_eq!((stats.timeouts, stats.rejected, stats.waiting), (1, 1, 0));
    assert!(stats.wait_time >= 4 * SHORT, "{stats:?}");

    server.probe.release_all();
    for call in held {
        within(LIMIT, call).await.unwrap();
    }
}

#[tokio::test]
async fn settings_that_contradict_each_other_are_an_error_of_the_builder() {
    let builder = Channel::builder("127.0.0.1:1").min_idle(9);
    let status = builder.connect_lazy().unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let says = "min_idle is 9, more than max_connections, which is 8";
    assert!(status.message().contains(says), "{status}");
}

#[tokio::test]
async fn connections_of_min_idle_are_there_before_the_first_call() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let channel = Channel::builder(server.address()).min_idle(2);
        let client = ProbeAsyncClientProxy::with(channel.connect_lazy().unwrap());
        until_pool(&client, |stats| stats.idle == 2).await;
        client.echo(payload()).await.unwrap();
        let stats = client.stats();
        assert_eq!((stats.hits, stats.misses, stats.opened), (1, 0, 2));
    })
    .await;
}

#[tokio::test]
async fn connections_of_max_lifetime_are_replaced_and_no_call_fails() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let builder = Channel::builder(server.address()).max_lifetime(SHORT);
        let client = connect(builder).await;
        let held = client.hold(payload()).start();
        while client.stats().closed < 2 {
            client.echo(payload()).await.unwrap();
        }
        assert!(!held.is_done(), "a connection ends with its last call");
        server.probe.release_all();
        held.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_is_checked_on_borrow_is_asked_by_a_ping_before_it_is_used() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = tokio::spawn(async move {
        let settings = Settings {
            min_ping_interval: Duration::from_millis(1),
            ..Settings::default()
        };
        let mut peer = RawPeer::server_with(&listener, &settings).await;
        let mut frames = Vec::new();
        while let Some(frame) = peer.next_frame().await {
            match frame.header.frame_type {
                FrameType::Ping => {
                    let mut pong = Vec::new();
                    ping::encode_pong(ping::decode(&frame.body).unwrap(), &mut pong);
                    peer.send(&pong).await;
                }
                FrameType::Request => peer.send_response(frame.header.stream_id, b"").await,
                _ => continue,
            }
            frames.push(frame.header.frame_type);
            if frames.ends_with(&[FrameType::Ping, FrameType::Request]) {
                break;
            }
        }
        peer
    });
    let builder = Channel::builder(&address).health_check(HealthCheck::default().on_borrow());
    within(LIMIT, async {
        let client = connect(builder).await;
        // What was heard less than a millisecond ago needs no PING.
        while !server.is_finished() {
            client.echo(payload()).await.unwrap();
        }
        server.await.unwrap();
    })
    .await;
}

/// The connections that a server has, and the most that it ever had.
#[derive(Default)]
struct Connections {
    open: AtomicUsize,
    most: AtomicUsize,
}

impl Connections {
    fn note(&self, event: ConnectionEvent<'_>) {
        match event {
            ConnectionEvent::Opened { .. } => {
                let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
                self.most.fetch_max(open, Ordering::SeqCst);
            }
            _ => {
                self.open.fetch_sub(1, Ordering::SeqCst);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_under_a_thousand_cancelling_callers_loses_no_place_and_no_connection() {
    const CALLERS: usize = 1_000;
    const TURNS: usize = 20;
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let connections = Arc::new(Connections::default());
    let seen = Arc::clone(&connections);
    let server = TestServer::start_with(|server| {
        server
            .max_concurrent_streams(8)
            .on_connection(move |event| seen.note(event))
    })
    .await;
    let client = connect(Channel::builder(server.address()).max_connections(4)).await;
    within(LIMIT, async {
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            let client = client.clone();
            let mut random = fastrand::Rng::with_seed(seed.wrapping_add(caller as u64));
            callers.spawn(async move {
                for _ in 0..TURNS {
                    let call = client.echo(some_payload(&mut random));
                    match random.u8(..4) {
                        0 => drop(tokio::time::timeout(Duration::ZERO, call).await),
                        1 => call.start().cancel(),
                        2 => drop(
                            call.timeout(Duration::from_micros(random.u64(..5_000)))
                                .await,
                        ),
                        _ => call.await.map(drop).unwrap(),
                    }
                }
            });
        }
        while let Some(caller) = callers.join_next().await {
            caller.unwrap();
        }
        let stats = until_pool(&client, |stats| stats.pending + stats.waiting == 0).await;
        assert_eq!((stats.active, stats.rejected), (0, 0), "{stats:?}");
        assert_eq!((stats.opened - stats.closed) as usize, stats.idle);
        assert!(connections.most.load(Ordering::SeqCst) <= 4);
        // Every place can be used.
        let calls: Vec<_> = (0..32).map(|_| client.hold(payload()).start()).collect();
        server.probe.until_running(32).await;
        server.probe.release_all();
        for call in calls {
            call.await.unwrap();
        }
    })
    .await;
}

/// A request that is large now and then.
fn some_payload(random: &mut fastrand::Rng) -> Payload {
    let most = if random.u8(..) < 8 { 50_000 } else { 10 };
    Payload {
        data: vec![1; random.usize(..most)].into(),
    }
}
