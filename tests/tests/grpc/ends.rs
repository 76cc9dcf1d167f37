//! How calls end before their time: given up, lost, or with a panic.

use std::sync::Arc;
use std::time::Duration;

use rpc_tests::{LIMIT, within};
use tokio_stream::StreamExt;
use tonic::Code;

use crate::harness::{Grpc, RawGrpc};
use crate::protos::flows::{Order, Piece};
use crate::protos::probe::{Panics, Payload, panics::When};
use crate::protos::streams::CountRequest;

#[tokio::test]
async fn a_call_that_is_given_up_drops_its_handler() {
    let grpc = Grpc::start().await;
    let mut probe = grpc.probe.clone();
    let call = tokio::spawn(async move { probe.hold(Payload::default()).await });
    within(LIMIT, grpc.server.probe.until_running(1)).await;
    call.abort();
    let counts = within(LIMIT, grpc.server.probe.until_running(0)).await;
    assert_eq!(counts.dropped, 1);
}

#[tokio::test]
async fn streams_that_are_given_up_drop_their_handlers() {
    let mut grpc = Grpc::start().await;
    let order = Order {
        pieces: u64::MAX,
        size: 10,
        code: 0,
    };
    let mut produced = grpc.flows.produce(order).await.unwrap().into_inner();
    produced.message().await.unwrap();
    let (sender, pieces) = rpc_tests::channel(1);
    let conversing = grpc.flows.converse(pieces).await.unwrap();
    let (_held, ignored) = rpc_tests::channel::<Piece>(1);
    let mut flows = grpc.flows.clone();
    let ignoring = tokio::spawn(async move { flows.ignore(ignored).await });
    within(LIMIT, grpc.flows_service.until(|flow| flow.alive == 3)).await;
    drop((produced, conversing, sender));
    ignoring.abort();
    within(LIMIT, grpc.flows_service.until_idle()).await;
}

#[tokio::test]
async fn a_client_that_goes_away_drops_its_handlers() {
    let grpc = Grpc::start().await;
    let connection = RawGrpc::connect(&grpc.server).await;
    let (reply, _request) = connection.begin("/flows.Flows/Ignore", &[]);
    let held = connection.begin_whole("/probe.Probe/Hold", &[], b"");
    within(LIMIT, grpc.server.probe.until_running(1)).await;
    within(LIMIT, grpc.flows_service.until(|flow| flow.alive == 1)).await;
    connection.cut().await;
    drop((reply, held));
    within(LIMIT, grpc.server.probe.until_running(0)).await;
    within(LIMIT, grpc.flows_service.until_idle()).await;
}

#[tokio::test]
async fn a_server_that_is_dropped_drops_its_handlers() {
    let grpc = Grpc::start().await;
    let mut probe = grpc.probe.clone();
    let call = tokio::spawn(async move { probe.hold(Payload::default()).await });
    within(LIMIT, grpc.server.probe.until_running(1)).await;
    let probe = grpc.server.probe.clone();
    grpc.server.kill().await;
    within(LIMIT, probe.until_running(0)).await;
    assert!(within(LIMIT, call).await.unwrap().is_err());
}

#[tokio::test]
async fn a_handler_that_panics_ends_its_call_only() {
    let mut grpc = Grpc::start().await;
    for when in [When::AtOnce, When::Later, When::Dropped, When::DroppedLater] {
        let panics = Panics { when: when.into() };
        let status = within(LIMIT, grpc.probe.panic(panics)).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal, "{when:?}");
        assert!(!status.message().contains(rpc_tests::SECRET));
    }
    let request = CountRequest {
        up_to: 2,
        panics: true,
        ..CountRequest::default()
    };
    let replies = grpc.streams.count(request).await.unwrap().into_inner();
    let replies: Vec<_> = within(LIMIT, replies.collect()).await;
    assert_eq!(replies.len(), 3);
    assert_eq!(replies[2].as_ref().unwrap_err().code(), Code::Internal);
    grpc.probe.echo(Payload::default()).await.unwrap();
}

#[tokio::test]
async fn a_client_that_takes_nothing_holds_up_its_stream_only() {
    let mut grpc = Grpc::start().await;
    let order = Order {
        pieces: u64::MAX,
        size: 1_000,
        code: 0,
    };
    let unread = grpc.flows.produce(order).await.unwrap();
    // What the client's window and the server's buffers hold is made, and no more.
    let produced = Arc::new(std::sync::Mutex::new(0));
    let stuck = async {
        loop {
            let before = grpc.flows_service.flow().produced;
            for _ in 0..50 {
                grpc.probe.clone().echo(Payload::default()).await.unwrap();
            }
            let after = grpc.flows_service.flow().produced;
            *produced.lock().unwrap() = after;
            if after > 0 && after == before {
                break;
            }
        }
    };
    within(LIMIT, stuck).await;
    assert!(*produced.lock().unwrap() < 5_000, "{produced:?}");
    let mut unread = unread.into_inner();
    for _ in 0..10_000 {
        within(LIMIT, unread.message()).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_handler_that_reads_nothing_holds_up_its_sender_only() {
    let mut grpc = Grpc::start().await;
    grpc.flows_service.permit(0);
    let (sender, pieces) = rpc_tests::channel(1);
    let mut flows = grpc.flows.clone();
    let call = tokio::spawn(async move { flows.consume(pieces).await });
    let sent = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let sending = tokio::spawn(async move {
        for _ in 0..300 {
            let data = vec![1; 100_000].into();
            sender.send(Piece { data }).await.unwrap();
            counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    });
    within(LIMIT, grpc.flows_service.until(|flow| flow.alive == 1)).await;
    for _ in 0..100 {
        within(LIMIT, grpc.probe.echo(Payload::default()))
            .await
            .unwrap();
    }
    // Its window holds a megabyte.
    assert!(sent.load(std::sync::atomic::Ordering::Relaxed) < 100);
    grpc.flows_service.permit(u64::MAX);
    within(LIMIT, sending).await.unwrap();
    let total = within(LIMIT, call).await.unwrap().unwrap().into_inner();
    assert_eq!((total.pieces, total.bytes), (300, 30_000_000));
}

#[tokio::test]
async fn a_client_that_lets_nothing_be_sent_loses_its_connection() {
    let timeout = Duration::from_millis(100);
    let grpc = Grpc::start_with(|server| server.write_timeout(timeout)).await;
    let mut stuck = RawGrpc::connect_unread(&grpc.server).await;
    let order = prost::Message::encode_to_vec(&Order {
        pieces: u64::MAX,
        size: 1_000,
        code: 0,
    });
    let _unread = stuck.begin_whole("/flows.Flows/Produce", &[], &order);
    within(LIMIT, grpc.flows_service.until(|flow| flow.alive == 1)).await;
    within(LIMIT, stuck.closed()).await;
    within(LIMIT, grpc.flows_service.until_idle()).await;
}
