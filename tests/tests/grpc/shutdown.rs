//! A server that shuts down loses no call.

use rpc_tests::{LIMIT, within};
use tokio_stream::StreamExt;

use crate::harness::{Grpc, RawGrpc, connect};
use crate::protos::probe::Payload;
use crate::protos::probe::probe_client::ProbeClient;

#[tokio::test]
async fn calls_that_were_accepted_finish() {
    let mut grpc = Grpc::start().await;
    let mut calls = Vec::new();
    for data in 0..100_u8 {
        let mut probe = grpc.probe.clone();
        let request = Payload {
            data: vec![data; 1_000 * usize::from(data)].into(),
        };
        calls.push(tokio::spawn(async move { probe.hold(request).await }));
    }
    let (sender, requests) = rpc_tests::channel(1);
    let mut chat = grpc.streams.chat(requests).await.unwrap().into_inner();
    within(LIMIT, grpc.server.probe.until_running(100)).await;
    // It is told, and knows when.
    let mut witness = RawGrpc::connect(&grpc.server).await;
    grpc.server.begin_shutdown();
    within(LIMIT, witness.closed()).await;
    sender.send(Default::default()).await.unwrap();
    within(LIMIT, chat.message()).await.unwrap().unwrap();
    grpc.server.probe.release_all();
    for (data, call) in calls.into_iter().enumerate() {
        let reply = within(LIMIT, call).await.unwrap().unwrap().into_inner();
        assert_eq!(reply.data.len(), 1_000 * data);
    }
    drop(sender);
    assert!(within(LIMIT, chat.next()).await.is_none());
    let report = within(LIMIT, grpc.server.shut_down()).await;
    assert_eq!((report.finished, report.cut), (101, 0));
}

#[tokio::test]
async fn calls_that_take_longer_than_the_grace_are_cut() {
    let grace = std::time::Duration::from_millis(100);
    let mut grpc = Grpc::start_with(|server| server.shutdown_grace(grace)).await;
    let mut probe = grpc.probe.clone();
    let call = tokio::spawn(async move { probe.hold(Payload::default()).await });
    within(LIMIT, grpc.server.probe.until_running(1)).await;
    let handlers = grpc.server.probe.clone();
    grpc.server.begin_shutdown();
    let report = within(LIMIT, grpc.server.shut_down()).await;
    assert_eq!((report.finished, report.cut), (0, 1));
    assert!(within(LIMIT, call).await.unwrap().is_err());
    within(LIMIT, handlers.until_running(0)).await;
}

#[tokio::test]
async fn idle_and_old_connections_end_in_order() {
    let short = std::time::Duration::from_millis(50);
    let grpc = Grpc::start_with(|server| server.idle_timeout(short)).await;
    let mut probe = ProbeClient::new(connect(&grpc.server).await);
    let call = tokio::spawn(async move { probe.hold(Payload::default()).await });
    within(LIMIT, grpc.server.probe.until_running(1)).await;
    for _ in 0..3 {
        let mut idle = RawGrpc::connect(&grpc.server).await;
        within(LIMIT, idle.closed()).await;
    }
    // A connection with a call is not idle.
    grpc.server.probe.release_all();
    within(LIMIT, call).await.unwrap().unwrap();

    let grpc = Grpc::start_with(|server| server.max_connection_age(short)).await;
    let channel = connect(&grpc.server).await;
    let mut probe = ProbeClient::new(channel);
    let call = tokio::spawn(async move { probe.hold(Payload::default()).await });
    within(LIMIT, grpc.server.probe.until_running(1)).await;
    let mut old = RawGrpc::connect(&grpc.server).await;
    within(LIMIT, old.closed()).await;
    grpc.server.probe.release_all();
    within(LIMIT, call).await.unwrap().unwrap();
}
