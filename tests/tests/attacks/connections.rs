//! Attackers who do not speak the protocol, or not to the end of a frame.

use std::time::Duration;

use fastrand::Rng;
use prost::Message;
use rpc_runtime::Protocol;
use rpc_tests::flows::Order;
use rpc_tests::{Flow, RawPeer, frame, request_frame};
use rpc_wire::frame::{Flags, FrameType, Settings};
use tokio::task::JoinSet;
use tokio::time::interval;

use crate::harness::{CONNECTION, KIB, survives};

/// Attackers of one kind.
const ATTACKERS: usize = 100;

/// A time limit that is meant to pass.
const SHORT: Duration = Duration::from_millis(100);

fn settings() -> Vec<u8> {
    let mut frame = Vec::new();
    Settings::default().encode(&mut frame);
    frame
}

fn random() -> Rng {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    Rng::with_seed(seed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_is_closed_wherever_it_begins() {
    let mut random = random();
    survives(
        "garbage",
        CONNECTION,
        // Garbage may begin as JSON does, and is answered in JSON then.
        |server| server.without(Protocol::JsonRpc),
        async |target| {
            for number in 0..ATTACKERS {
                let mut garbage = [vec![], settings()][number % 2].clone();
                garbage.extend(std::iter::repeat_with(|| random.u8(..)).take(16 * KIB));
                let mut peer = RawPeer::connect(target.address()).await;
                let _ = peer.flood(&garbage).await;
                peer.last_word().await;
            }
            format!("{ATTACKERS} connections, each closed")
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_with_flipped_bits_are_worth_no_more_than_garbage() {
    let mut random = random();
    survives(
        "flipped bits",
        CONNECTION,
        |server| server,
        async |target| {
            for _ in 0..ATTACKERS {
                let mut frames = settings();
                for id in 1..20 {
                    frames.extend(request_frame(id, "probe.Probe/Echo", &[0x0a, 1, 7]));
                    frames.extend(frame(FrameType::Data, Flags::NONE, id, &[], &[1; 50]));
                    frames.extend(frame(FrameType::Window, Flags::NONE, id, &[], &[0; 4]));
                }
                for _ in 0..random.usize(1..20) {
                    let at = random.usize(..frames.len());
                    frames[at] ^= 1 << random.u8(..8);
                }
                let mut peer = RawPeer::connect(target.address()).await;
                let _ = peer.flood(&frames).await;
            }
            format!("{ATTACKERS} connections")
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_that_come_byte_by_byte_are_cut_off_by_the_clock() {
    let bound = ATTACKERS * 192 * KIB;
    let short = |server: rpc_runtime::Server| server.handshake_timeout(SHORT).frame_timeout(SHORT);
    survives("slowloris", bound, short, async |target| {
        let address = target.address();
        let attackers: JoinSet<_> = (0..ATTACKERS)
            .map(|number| async move {
                let mut peer = match number % 2 {
                    0 => RawPeer::connect(address).await,
                    _ => RawPeer::client(address).await,
                };
                let mut pace = interval(SHORT / 5);
                for byte in request_frame(1, "probe.Probe/Echo", &[0; 10_000]) {
                    pace.tick().await;
                    if peer.flood(&[byte]).await.is_err() {
                        return;
                    }
                }
                panic!("the server waited for a frame for minutes");
            })
            .collect();
        attackers.join_all().await;
        format!("{ATTACKERS} connections at a time, each closed")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_reset_within_a_frame_leave_nothing_behind() {
    let bound = ATTACKERS * 192 * KIB;
    survives(
        "reset",
        bound,
        |server| server,
        async |target| {
            let request = request_frame(1, "probe.Probe/Hold", &[0x0a, 1, 7]);
            let half = request_frame(2, "probe.Probe/Hold", &[1; 10_000]);
            let mut peers = Vec::new();
            for number in 0..ATTACKERS {
                let mut peer = RawPeer::client(target.address()).await;
                peer.send(&request).await;
                peer.send(&half[..half.len() * number / ATTACKERS]).await;
                peers.push(peer);
            }
            target.server.probe.until_running(ATTACKERS).await;
            peers.into_iter().for_each(RawPeer::reset);
            format!("{ATTACKERS} connections at a time")
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_reset_amid_their_replies_leave_nothing_behind() {
    let order = Order {
        pieces: u64::MAX,
        size: 1000,
        code: 0,
    };
    let order = request_frame(1, "flows.Flows/Produce", &order.encode_to_vec());
    survives(
        "reset streams",
        CONNECTION,
        |server| server,
        async |target| {
            for number in 0..ATTACKERS {
                let (alive, produced) = (target.flows.flow().alive, target.flows.flow().produced);
                let mut peer = RawPeer::client(target.address()).await;
                peer.send(&order).await;
                let begun = |flow: &Flow| flow.produced > produced + number as u64;
                target.flows.until(begun).await;
                peer.reset();
                target.flows.until(|flow| flow.alive <= alive).await;
            }
            format!("{ATTACKERS} connections")
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lengths_are_claims_that_set_no_memory_aside() {
    survives(
        "length lies",
        CONNECTION,
        |server| server,
        async |target| {
            // The body of a frame, then its metadata, then a message without an end.
            let mut peer = RawPeer::client(target.address()).await;
            let mut claim = frame(FrameType::Request, Flags::NONE, 1, &[], &[]);
            claim[12..16].fill(0xff);
            peer.send(&claim).await;
            let goaway = peer.last_word().await.unwrap();
            assert!(goaway.message.contains("max_frame_body") || goaway.message.contains("16384"));

            let mut peer = RawPeer::client(target.address()).await;
            let mut claim = frame(FrameType::Request, Flags::NONE, 1, &[], &[]);
            claim[9..12].fill(0xff);
            peer.send(&claim).await;
            for _ in 0..1000 {
                peer.flood(&[0x22; 16 * KIB]).await.unwrap();
            }
            "4 GiB of body refused, 16 MiB of metadata skipped".to_owned()
        },
    )
    .await;
}
