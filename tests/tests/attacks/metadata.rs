//! Attackers who send metadata without end.

use rpc_tests::{RawPeer, frame};
use rpc_wire::frame::{Flags, FrameType, MetadataEntry};

use crate::floods::flood_of;
use crate::harness::{CONNECTION, KIB, MIB, survives};

/// Metadata of a REQUEST for a method, filled up to `size` with entries of one character.
pub(crate) fn many_entries(path: Option<&str>, size: usize) -> Vec<u8> {
    let mut metadata = Vec::new();
    if let Some(path) = path {
        metadata.extend([0x12, path.len() as u8]);
        metadata.extend_from_slice(path.as_bytes());
    }
    let tag = if path.is_some() { 0x22 } else { 0x12 };
    while metadata.len() + 5 <= size {
        metadata.extend([tag, 3, 0x0a, 1, b'k']);
    }
    metadata
}

/// The metadata that take most: as many small entries as are accepted, and the rest of the room in
/// one more.
fn largest(path: &str) -> Vec<u8> {
    let mut metadata = many_entries(Some(path), 255 * 5);
    let room = 16 * KIB - metadata.len() - 16;
    let entry = MetadataEntry {
        key: "k".to_owned(),
        value: vec![b'v'; room].into(),
    };
    prost::encoding::message::encode(4, &entry, &mut metadata);
    metadata
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_of_many_entries_cost_a_small_multiple_of_their_bytes() {
    const STREAMS: u32 = 128;
    let bound = CONNECTION + 3 * STREAMS as usize * 16 * KIB;
    let few = |server: rpc_runtime::Server| server.max_concurrent_streams(STREAMS);
    survives("many entries", bound, few, async |target| {
        let flags = Flags::END_MESSAGE | Flags::END_STREAM;
        let metadata = largest("probe.Probe/Hold");
        let mut peer = RawPeer::client(target.address()).await;
        for id in 1..=STREAMS {
            let request = frame(FrameType::Request, flags, id, &metadata, &[0x0a, 1, 7]);
            if let Err(goaway) = peer.flood(&request).await {
                return goaway.unwrap().message;
            }
        }
        let running = |counts: &rpc_tests::Counts| counts.running() >= STREAMS as usize;
        target.server.probe.until(running).await;
        format!("{STREAMS} calls run")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_metadata_over_and_over_are_forgotten_with_their_calls() {
    // Handlers that take long run in tasks, and each keeps what it was sent and what it answers.
    const STREAMS: u32 = 8;
    let few = |server: rpc_runtime::Server| server.max_concurrent_streams(STREAMS);
    survives(
        "endless metadata",
        CONNECTION + STREAMS as usize * MIB,
        few,
        async |target| {
            let flags = Flags::END_MESSAGE | Flags::END_STREAM;
            let metadata = largest("probe.Probe/Echo");
            let mut peer = RawPeer::client(target.address()).await;
            for id in 1..2_000 {
                let request = frame(FrameType::Request, flags, id, &metadata, &[]);
                if let Err(goaway) = peer.flood(&request).await {
                    return goaway.unwrap().message;
                }
            }
            "2000 calls".to_owned()
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_over_the_limit_are_skipped() {
    survives(
        "oversized metadata",
        CONNECTION,
        |server| server,
        async |target| {
            let flags = Flags::END_MESSAGE | Flags::END_STREAM;
            let metadata = many_entries(Some("probe.Probe/Hold"), 17 * KIB);
            let mut peer = RawPeer::client(target.address()).await;
            let outcome = flood_of(1_000, &mut peer, |id| {
                frame(FrameType::Request, flags, id, &metadata, &[])
            });
            let outcome = outcome.await;
            assert_eq!(target.server.probe.counts().running(), 0);
            outcome
        },
    )
    .await;
}
