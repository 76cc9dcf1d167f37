//! Servers that attack their clients: the calls of the one connection end, with a bounded amount of
//! memory.

use prost::Message;
use rpc_runtime::{Code, Status, Streaming};
use rpc_tests::flows::{FlowsAsyncClientProxy, Order, Piece};
use rpc_tests::{LIMIT, RawPeer, frame, piece, within};
use rpc_wire::frame::{Flags, FrameType, Settings, ping};
use tokio::net::TcpListener;

use crate::floods::{flood, flood_of, flood_until_closed};
use crate::harness::{CONNECTION, KIB, MIB, Meter};
use crate::metadata::many_entries;

/// The stream of the one call.
const CALL: u32 = 1;

/// Leading metadata, none of them.
fn leading() -> Vec<u8> {
    frame(FrameType::Response, Flags::NONE, CALL, &[], &[])
}

/// Makes a call with a stream of replies to a hostile server, which tells how its attack ended.
/// The stream is read once the attack is over; gives how it ends.
async fn attack(
    name: &str,
    bound: usize,
    attack: impl AsyncFnOnce(&mut RawPeer) -> String,
) -> Status {
    let mut meter = Meter::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let client = FlowsAsyncClientProxy::connect_lazy(&address).unwrap();
    meter.reset();
    let call = tokio::spawn(client.produce(Order::default()));
    let mut server = within(LIMIT, RawPeer::server(&listener)).await;
    within(LIMIT, server.expect(FrameType::Request)).await;
    let outcome = within(LIMIT, attack(&mut server)).await;
    drop(server);
    let status = match within(LIMIT, call).await.unwrap() {
        Ok(replies) => within(LIMIT, end(replies)).await,
        Err(status) => status,
    };
    drop(client);
    let outcome = format!("{outcome}; the call ended with {status}");
    meter.check(name, &outcome, bound).await;
    status
}

async fn end(mut replies: Streaming<Piece>) -> Status {
    loop {
        match replies.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a hostile server ends nothing well"),
            Err(status) => return status,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_of_pings_and_settings_end_the_connection() {
    let mut settings = Vec::new();
    Settings::default().encode(&mut settings);
    let mut pings = Vec::new();
    ping::encode_ping([1; 8], &mut pings);
    for (name, one, says) in [
        ("SETTINGS at a client", settings, "a second SETTINGS"),
        ("PINGs at a client", pings, "interval"),
    ] {
        let status = attack(name, CONNECTION, async |server| {
            flood_until_closed(server, |_| one.clone()).await
        });
        let status = status.await;
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.message().contains(says), "{status}");
    }
}

/// Messages that the client's caller does not read while the attack goes on.
async fn unread(name: &str, message: &[u8]) -> Status {
    let bound = CONNECTION + 4 * rpc_wire::INITIAL_STREAM_WINDOW as usize;
    attack(name, bound, async |server| {
        server.send(&leading()).await;
        flood_until_closed(server, |_| {
            let one = frame(FrameType::Data, Flags::END_MESSAGE, CALL, &[], message);
            one.repeat(100)
        })
        .await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_that_nobody_reads_hold_the_window_of_their_stream() {
    let reply = piece(vec![7; KIB]).encode_to_vec();
    let status = unread("unread replies at a client", &reply).await;
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(status.message().contains("window"), "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_replies_do_not_come_for_nothing() {
    let status = unread("empty replies at a client", &[]).await;
    assert!(status.message().contains("window"), "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_without_an_end_is_cancelled_at_the_limit() {
    let name = "an endless reply at a client";
    let status = attack(name, CONNECTION + 8 * MIB, async |server| {
        server.send(&leading()).await;
        let piece = frame(FrameType::Data, Flags::NONE, CALL, &[], &[7; 16 * KIB]);
        for _ in 0..10 * MIB / (16 * KIB) {
            // The window opens as a honest receiver does it; what is beyond is an error.
            if let Err(goaway) = server.flood(&piece).await {
                return goaway.map_or_else(String::new, |goaway| goaway.message);
            }
        }
        "all was taken".to_owned()
    });
    let code = status.await.code();
    assert!(matches!(code, Code::ResourceExhausted | Code::Unavailable));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_are_taken_once_and_within_their_limit() {
    for (name, size) in [
        ("leading metadata at a client", 16 * KIB),
        ("oversized metadata at a client", 17 * KIB),
    ] {
        let status = attack(name, CONNECTION + MIB, async |server| {
            let metadata = many_entries(None, size);
            let one = frame(FrameType::Response, Flags::NONE, CALL, &metadata, &[]);
            flood_of(1_000, server, |_| one.clone()).await
        });
        let code = status.await.code();
        assert!(matches!(code, Code::ResourceExhausted | Code::Unavailable));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_behind_the_end_of_a_call_cost_nothing() {
    let status = attack("late frames at a client", CONNECTION, async |server| {
        let flags = Flags::END_STREAM | Flags::END_MESSAGE;
        let end = frame(FrameType::Response, flags, CALL, &[0x08, 13], &[]);
        server.send(&end).await;
        let late = frame(FrameType::Data, Flags::END_MESSAGE, CALL, &[], &[7; 8]);
        flood(server, |_| late.clone()).await
    });
    assert_eq!(status.await.code(), Code::Internal);
}
