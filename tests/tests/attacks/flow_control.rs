//! Attackers who do not read, or who send what nobody reads.

use std::time::Duration;

use prost::Message;
use rpc_tests::flows::Order;
use rpc_tests::probe::Size;
use rpc_tests::{RawPeer, frame, piece, request_frame};
use rpc_wire::Code;
use rpc_wire::frame::{Flags, FrameType, GoAwayCode, RequestMetadata, Settings};

use crate::floods::flood_until_closed;
use crate::harness::{CONNECTION, KIB, MIB, Target, survives};

/// Streams that an attacker may open, in tests about what each of them holds.
const STREAMS: u32 = 64;

/// The window of a stream.
const WINDOW: usize = rpc_wire::INITIAL_STREAM_WINDOW as usize;

/// A time in which an attacker who is not stuck would get ahead.
const STUCK: Duration = Duration::from_millis(300);

/// A REQUEST that opens a stream.
fn open(id: u32, path: &str, body: &[u8]) -> Vec<u8> {
    let metadata = RequestMetadata {
        path: path.to_owned(),
        ..RequestMetadata::default()
    };
    frame(
        FrameType::Request,
        Flags::NONE,
        id,
        &metadata.encode_to_vec(),
        body,
    )
}

/// Opens a stream whose handler reads nothing.
async fn unread(target: &Target) -> RawPeer {
    let mut peer = RawPeer::client(target.address()).await;
    peer.send(&open(1, "flows.Flows/Ignore", &[])).await;
    target.flows.until(|flow| flow.ignoring == 1).await;
    peer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_nobody_reads_holds_its_window() {
    let bound = CONNECTION + WINDOW;
    survives(
        "unread stream",
        bound,
        |server| server,
        async |target| {
            let mut peer = unread(target).await;
            let data = piece(vec![7; KIB]).encode_to_vec();
            let outcome = flood_until_closed(&mut peer, |_| {
                frame(FrameType::Data, Flags::END_MESSAGE, 1, &[], &data)
            });
            let outcome = outcome.await;
            assert!(outcome.contains("FlowControlError"), "{outcome}");
            outcome
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_streams_that_nobody_reads_hold_what_one_connection_may() {
    const UNREAD: usize = 8 * MIB;
    let bound = CONNECTION + 2 * UNREAD;
    let small = |server: rpc_runtime::Server| server.max_unread_input(UNREAD);
    survives("unread streams", bound, small, async |target| {
        let mut peer = RawPeer::client(target.address()).await;
        let data = piece(vec![7; 15_000]).encode_to_vec();
        for id in 1..=STREAMS {
            peer.send(&open(id, "flows.Flows/Ignore", &[])).await;
            for _ in 0..WINDOW / 16_000 {
                let message = frame(FrameType::Data, Flags::END_MESSAGE, id, &[], &data);
                peer.flood(&message).await.unwrap();
            }
        }
        // A call beside them that needs room too.
        let id = STREAMS + 1;
        peer.flood(&open(id, "probe.Probe/Echo", &data))
            .await
            .unwrap();
        let rest = frame(
            FrameType::Data,
            Flags::END_MESSAGE | Flags::END_STREAM,
            id,
            &[],
            &data,
        );
        peer.send(&rest).await;
        let answer = loop {
            let next = peer.next_frame().await.unwrap();
            if next.header.stream_id == id {
                break next;
            }
        };
        assert_eq!(answer.status().0, Code::Ok);
        format!("{STREAMS} MiB were sent")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_few_bytes_do_not_come_for_nothing() {
    for (name, body) in [("empty messages", &[][..]), ("tiny messages", &[0x0a, 0])] {
        let bound = CONNECTION + 4 * WINDOW;
        survives(
            name,
            bound,
            |server| server,
            async |target| {
                let mut peer = unread(target).await;
                let outcome = flood_until_closed(&mut peer, |_| {
                    let one = frame(FrameType::Data, Flags::END_MESSAGE, 1, &[], body);
                    one.repeat(50)
                });
                outcome.await
            },
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_never_end_hold_their_windows_one_budget_and_one_message() {
    let budget = rpc_wire::DEFAULT_GRANT_BUDGET as usize;
    let turn = rpc_wire::DEFAULT_MAX_MESSAGE_SIZE as usize;
    let bound = CONNECTION + 2 * (STREAMS as usize * WINDOW + budget + turn);
    let few = |server: rpc_runtime::Server| server.max_concurrent_streams(STREAMS);
    survives("endless messages", bound, few, async |target| {
        let mut peer = RawPeer::client(target.address()).await;
        for id in 1..=STREAMS {
            peer.flood(&open(id, "probe.Probe/Echo", &[]))
                .await
                .unwrap();
            for _ in 0..WINDOW / (16 * KIB) {
                let piece = frame(FrameType::Data, Flags::NONE, id, &[], &[1; 16 * KIB]);
                peer.flood(&piece).await.unwrap();
            }
        }
        // Whoever has the turn or a share of the budget goes on; the others break their window.
        for id in 1..=STREAMS {
            for _ in 0..3 * WINDOW / (16 * KIB) {
                let piece = frame(FrameType::Data, Flags::NONE, id, &[], &[1; 16 * KIB]);
                if let Err(goaway) = peer.flood(&piece).await {
                    let goaway = goaway.unwrap();
                    assert_eq!(goaway.code, GoAwayCode::FlowControlError);
                    return goaway.message;
                }
            }
        }
        panic!("{STREAMS} streams were granted whole messages");
    })
    .await;
}

/// Sends until the server takes no more; how much it took.
pub(crate) async fn until_stuck(
    peer: &mut RawPeer,
    mut frames: impl FnMut(u32) -> Vec<u8>,
) -> String {
    let mut sent = 0;
    for number in 1.. {
        let batch = frames(number);
        if tokio::time::timeout(STUCK, peer.send(&batch))
            .await
            .is_err()
        {
            break;
        }
        sent += batch.len();
    }
    format!("stuck after {} KiB, with those in the sockets", sent / KIB)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_reads_no_replies_is_not_read_any_more() {
    survives(
        "never reading",
        CONNECTION,
        |server| server,
        async |target| {
            let mut peer = RawPeer::client(target.address()).await;
            let payload = piece(vec![7; 16_000]).encode_to_vec();
            until_stuck(&mut peer, |id| {
                request_frame(id, "probe.Probe/Echo", &payload)
            })
            .await
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_of_replies_that_nobody_reads_wait_for_their_reader() {
    let bound = CONNECTION + STREAMS as usize * 128 * KIB + MIB;
    let few = |server: rpc_runtime::Server| server.max_concurrent_streams(STREAMS);
    survives("unread replies", bound, few, async |target| {
        let order = Order {
            pieces: u64::MAX,
            size: 1000,
            code: 0,
        }
        .encode_to_vec();
        let mut peer = RawPeer::client(target.address()).await;
        for id in 1..=STREAMS {
            peer.send(&request_frame(id, "flows.Flows/Produce", &order))
                .await;
        }
        let mut produced = 0;
        loop {
            tokio::time::sleep(STUCK).await;
            let now = target.flows.flow().produced;
            if now == produced {
                return format!("stuck after {produced} replies");
            }
            produced = now;
        }
    })
    .await;
}

/// What an attacker may make the server keep of large replies, in tests about them.
const QUEUED: usize = 16 * MIB;

/// A reply far over the window of a stream.
const LARGE: usize = 3 * MIB;

/// What such a reply lies in, about.
const BUFFER: usize = 4 * MIB + 8 * KIB;

/// Asks for large replies on all streams at once; how many were refused.
async fn ask_for_large_replies(target: &Target, settings: &Settings) -> String {
    let mut peer = RawPeer::client_with(target.address(), settings).await;
    let size = Size {
        bytes: LARGE as u64,
    };
    let size = size.encode_to_vec();
    let requests = (1..=STREAMS).flat_map(|id| request_frame(id, "probe.Probe/Produce", &size));
    peer.send(&requests.collect::<Vec<_>>()).await;
    let (mut answered, mut refused) = (0, 0);
    while answered < STREAMS {
        let frame = peer.next_frame().await.unwrap();
        if frame.header.frame_type == FrameType::Response {
            answered += 1;
            refused += u32::from(frame.header.flags.contains(Flags::STATUS));
        }
    }
    format!("{refused} of {answered} calls were refused")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_replies_that_the_client_grants_no_window_hold_what_one_connection_may() {
    // Those of handlers' tasks are bounded apart. Each lies in a buffer of the pool.
    let replies = (QUEUED + LARGE).div_ceil(LARGE);
    let bound = CONNECTION + 2 * (replies + 1) * BUFFER;
    let small = |server: rpc_runtime::Server| server.max_queued_replies(QUEUED);
    survives("large unread replies", bound, small, async |target| {
        ask_for_large_replies(target, &Settings::default()).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_replies_in_frames_of_any_size_hold_what_one_connection_may() {
    // What is being written, and the client's own buffer, which holds frames of this size.
    let bound = CONNECTION + 3 * (QUEUED + LARGE) + 6 * LARGE;
    let small = |server: rpc_runtime::Server| server.max_queued_replies(QUEUED);
    let settings = Settings {
        max_frame_body: rpc_wire::MAX_FRAME_BODY,
        initial_stream_window: rpc_wire::MAX_FRAME_BODY,
        ..Settings::default()
    };
    survives("large unread frames", bound, small, async |target| {
        ask_for_large_replies(target, &settings).await
    })
    .await;
}
