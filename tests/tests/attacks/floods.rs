//! Attackers who send frames that are allowed, without end.

use prost::Message;
use rpc_tests::{RawPeer, frame, request_frame};
use rpc_wire::Code;
use rpc_wire::frame::{
    Flags, FrameType, GoAwayCode, RequestMetadata, Settings, cancel, ping, window,
};

use crate::flow_control::until_stuck;
use crate::harness::{CONNECTION, KIB, MIB, survives};

/// Times that a flood repeats itself.
const FLOOD: u32 = 20_000;

/// Calls that are begun and cancelled together.
const BURST: u32 = 100;

/// Bytes that are sent together.
const BATCH: usize = 64 * KIB;

/// Sends what `frames` makes of the numbers from 1 to [`FLOOD`], unless the peer closes before; says
/// how it ended.
pub(crate) async fn flood(peer: &mut RawPeer, frames: impl FnMut(u32) -> Vec<u8>) -> String {
    flood_of(FLOOD, peer, frames).await
}

/// As [`flood`], until the peer closes.
pub(crate) async fn flood_until_closed(
    peer: &mut RawPeer,
    frames: impl FnMut(u32) -> Vec<u8>,
) -> String {
    flood_of(u32::MAX, peer, frames).await
}

/// As [`flood`], with another number of times.
pub(crate) async fn flood_of(
    times: u32,
    peer: &mut RawPeer,
    mut frames: impl FnMut(u32) -> Vec<u8>,
) -> String {
    let mut batch = Vec::new();
    for number in 1..=times {
        batch.extend(frames(number));
        if batch.len() < BATCH && number < times {
            continue;
        }
        match peer.flood(&batch).await {
            Ok(()) => batch.clear(),
            Err(Some(goaway)) => {
                return format!(
                    "{:?} after {number} at most: {}",
                    goaway.code, goaway.message
                );
            }
            Err(None) => panic!("closed without a word at {number}"),
        }
    }
    format!("all {times} were taken")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_of_which_few_are_enough_are_told_to_end() {
    let mut one_ping = Vec::new();
    ping::encode_ping([1; 8], &mut one_ping);
    let mut settings = Vec::new();
    Settings::default().encode(&mut settings);
    for (name, one, says) in [
        ("PING flood", one_ping, "ExcessiveLoad"),
        ("SETTINGS flood", settings, "ProtocolError"),
        (
            "GOAWAY flood",
            frame(FrameType::GoAway, Flags::NONE, 0, &[], &[]),
            "ExcessiveLoad",
        ),
    ] {
        survives(
            name,
            CONNECTION,
            |server| server,
            async |target| {
                let mut peer = RawPeer::client(target.address()).await;
                let outcome = flood_until_closed(&mut peer, |_| one.clone()).await;
                assert!(outcome.contains(says), "{outcome}");
                outcome
            },
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_that_mean_nothing_cost_nothing() {
    let ignorable = FrameType::Extension(0x99);
    for (name, frame_type, flags, body) in [
        ("PONG flood", FrameType::Pong, Flags::NONE, &[0; 8][..]),
        ("extension flood", ignorable, Flags::IGNORABLE, &[9; 100]),
    ] {
        survives(
            name,
            CONNECTION,
            |server| server,
            async |target| {
                let mut peer = RawPeer::client(target.address()).await;
                flood(&mut peer, |_| frame(frame_type, flags, 0, &[], body)).await
            },
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_are_cancelled_at_once_cost_a_bounded_number_of_handlers() {
    // So few that the least is tolerated, a thousand a second.
    let few = |server: rpc_runtime::Server| server.max_concurrent_streams(16);
    let bound = CONNECTION + 8 * MIB;
    survives("rapid reset", bound, few, async |target| {
        let mut peer = RawPeer::client(target.address()).await;
        let outcome = until_stuck(&mut peer, |number| {
            let mut frames = Vec::new();
            for id in BURST * number..BURST * (number + 1) {
                frames.extend(request_frame(id, "probe.Probe/Hold", &[0x0a, 1, 7]));
                cancel::encode(id, Code::Cancelled, &mut frames);
            }
            frames
        });
        let outcome = outcome.await;
        let started = target.server.probe.counts().started;
        // A few seconds may have passed.
        assert!(started < 10_000, "{started} handlers; {outcome}");
        format!("{outcome}; {started} handlers")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_of_late_frames_are_told_to_end() {
    for (name, frame_type, body) in [
        ("late DATA", FrameType::Data, &[1; 8][..]),
        ("late CANCEL", FrameType::Cancel, &[0; 4]),
        ("late WINDOW", FrameType::Window, &[0; 4]),
    ] {
        survives(
            name,
            CONNECTION,
            |server| server,
            async |target| {
                let mut peer = RawPeer::client(target.address()).await;
                peer.send_request(1, "probe.Probe/Echo", &[]).await;
                peer.expect(FrameType::Response).await;
                flood_until_closed(&mut peer, |_| frame(frame_type, Flags::NONE, 1, &[], body))
                    .await
            },
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_methods_are_refused_and_their_numbers_are_bounded() {
    survives(
        "unknown methods",
        CONNECTION,
        |server| server,
        async |target| {
            let mut peer = RawPeer::client(target.address()).await;
            flood(&mut peer, |id| request_frame(id, &long_path(id), &[])).await
        },
    )
    .await;
    // The table of paths, as they came and in what was made of them.
    let bound = CONNECTION + 2 * MIB;
    survives(
        "unknown numbers",
        bound,
        |server| server,
        async |target| {
            let mut peer = RawPeer::client(target.address()).await;
            flood_until_closed(&mut peer, |id| numbered(id, id)).await
        },
    )
    .await;
}

/// The path of a method that does not exist, as long as one may be.
fn long_path(number: u32) -> String {
    format!("{number:01000}/x")
}

/// A request that gives a number to a path of its own.
fn numbered(id: u32, method: u32) -> Vec<u8> {
    let metadata = RequestMetadata {
        method,
        path: long_path(id),
        ..RequestMetadata::default()
    };
    let flags = Flags::END_MESSAGE | Flags::END_STREAM;
    frame(
        FrameType::Request,
        flags,
        id,
        &metadata.encode_to_vec(),
        &[],
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grants_that_overflow_and_questions_without_end_cost_nothing() {
    for (name, increment) in [
        ("grants without need", u32::MAX),
        ("questions without need", window::BLOCKED),
    ] {
        survives(
            name,
            CONNECTION,
            |server| server,
            async |target| {
                let mut peer = RawPeer::client(target.address()).await;
                peer.send_request(1, "probe.Probe/Hold", &[]).await;
                target.server.probe.until_running(1).await;
                let mut grant = Vec::new();
                window::encode(1, increment, &mut grant);
                flood(&mut peer, |_| grant.clone()).await
            },
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_for_a_stream_that_was_never_opened_is_told_so() {
    survives(
        "WINDOW on nothing",
        CONNECTION,
        |server| server,
        async |target| {
            let mut peer = RawPeer::client(target.address()).await;
            let mut grant = Vec::new();
            window::encode(77, 1, &mut grant);
            let goaway = {
                peer.send(&grant).await;
                peer.last_word().await.unwrap()
            };
            assert_eq!(goaway.code, GoAwayCode::ProtocolError);
            goaway.message
        },
    )
    .await;
}
