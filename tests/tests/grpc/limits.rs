//! Limits, and what is said over them.

use std::time::Duration;

use rpc_runtime::Server;
use rpc_tests::{LIMIT, within};
use tonic::{Code, Request};

use crate::harness::{Grpc, RawGrpc};
use crate::protos::probe::{Payload, Size};
use crate::protos::streams::CountRequest;

fn payload(size: usize) -> Payload {
    Payload {
        data: vec![b'x'; size].into(),
    }
}

#[tokio::test]
async fn a_request_over_the_limit_is_refused_before_it_is_read() {
    let mut grpc = Grpc::start_with(|server| server.max_message_size(1_000)).await;
    grpc.probe.echo(payload(990)).await.unwrap();
    let status = grpc.probe.echo(payload(1_000)).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(
        status.message().contains("max_message_size of 1000 bytes"),
        "{status}"
    );

    // Its prefix is enough.
    let raw = RawGrpc::connect(&grpc.server).await;
    for path in [
        "/probe.Probe/Echo",
        "/streams.Streams/Sum",
        "/streams.Streams/Chat",
    ] {
        let (reply, mut request) = raw.begin(path, &[]);
        request
            .send_data(vec![0, 0xff, 0, 0, 0].into(), false)
            .unwrap();
        let reply = within(LIMIT, reply).await;
        assert_eq!(reply.status(), "8", "{path}: {reply:?}");
        assert!(reply.message().contains("max_message_size"), "{reply:?}");
    }
}

#[tokio::test]
async fn metadata_have_their_limit_and_large_ones_arrive() {
    let mut grpc = Grpc::start().await;
    let mut request = Request::new(());
    let large = "x".repeat(12_000);
    request
        .metadata_mut()
        .insert("large", large.parse().unwrap());
    let seen = grpc.probe.inspect(request).await.unwrap().into_inner();
    assert_eq!(seen.metadata["large"], large);

    let mut request = Request::new(());
    let large = "x".repeat(60_000);
    request
        .metadata_mut()
        .insert("large", large.parse().unwrap());
    grpc.probe.inspect(request).await.unwrap_err();
    grpc.probe.inspect(()).await.unwrap();
}

#[tokio::test]
async fn calls_over_the_streams_of_a_connection_wait_at_the_client() {
    let grpc = Grpc::start_with(|server| server.max_concurrent_streams(10)).await;
    let calls: Vec<_> = (0..30)
        .map(|_| {
            let mut probe = grpc.probe.clone();
            tokio::spawn(async move { probe.hold(payload(1)).await })
        })
        .collect();
    within(LIMIT, grpc.server.probe.until_running(10)).await;
    grpc.server.probe.release_all();
    for call in calls {
        within(LIMIT, call).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn calls_over_the_limit_of_the_server_are_refused() {
    let mut grpc = Grpc::start_with(|server| server.max_concurrent_calls(1)).await;
    let mut probe = grpc.probe.clone();
    let held = tokio::spawn(async move { probe.hold(payload(1)).await });
    within(LIMIT, grpc.server.probe.until_running(1)).await;
    let status = grpc.probe.echo(payload(1)).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(
        status.message().contains("max_concurrent_calls"),
        "{status}"
    );
    let status = grpc.streams.count(CountRequest::default());
    assert_eq!(status.await.unwrap_err().code(), Code::ResourceExhausted);
    grpc.server.probe.release_all();
    within(LIMIT, held).await.unwrap().unwrap();
    grpc.probe.echo(payload(1)).await.unwrap();
}

#[tokio::test]
async fn replies_that_the_client_does_not_read_have_a_limit() {
    let configure = |server: Server| server.max_queued_replies(1_000_000);
    let grpc = Grpc::start_with(configure).await;
    let raw = RawGrpc::connect_unread(&grpc.server).await;
    let request = prost::Message::encode_to_vec(&Size { bytes: 600_000 });
    let mut replies = Vec::new();
    for _ in 0..3 {
        replies.push(raw.begin_whole("/probe.Probe/Produce", &[], &request));
    }
    // The first is on its way, the second would be over the limit.
    let mut refused = 0;
    for reply in replies {
        let head = within(LIMIT, reply.head()).await;
        if let Some(code) = head.headers().get("grpc-status") {
            assert_eq!(code, "8");
            let message = head.headers().get("grpc-message").unwrap();
            assert!(message.to_str().unwrap().contains("max_queued_replies"));
            refused += 1;
        }
    }
    assert_eq!(refused, 2);
}

#[tokio::test]
async fn parts_of_requests_have_a_limit_together() {
    let grpc = Grpc::start_with(|server| {
        server
            .max_message_size(1_500_000)
            .max_unread_input(2_000_000)
    });
    let grpc = grpc.await;
    let raw = RawGrpc::connect(&grpc.server).await;
    let mut begun = Vec::new();
    for _ in 0..3 {
        let (reply, mut request) = raw.begin("/probe.Probe/Echo", &[]);
        let mut part = vec![0];
        part.extend_from_slice(&1_400_000_u32.to_be_bytes());
        part.resize(900_000, 0);
        request.send_data(part.into(), false).unwrap();
        begun.push((reply, request));
    }
    let replies = begun.iter_mut().map(|(reply, _)| reply);
    let first = futures_util::future::select_all(replies);
    let (reply, _, _) = within(LIMIT, first).await;
    assert_eq!(reply.status(), "8", "{reply:?}");
    assert!(reply.message().contains("max_unread_input"), "{reply:?}");
}

#[tokio::test]
async fn a_request_that_does_not_go_on_loses_its_call() {
    let timeout = Duration::from_millis(100);
    let grpc = Grpc::start_with(|server| server.frame_timeout(timeout)).await;
    let raw = RawGrpc::connect(&grpc.server).await;
    for part in [&b""[..], b"\0", b"\0\0\0\0\x09beginning"] {
        let (reply, mut request) = raw.begin("/probe.Probe/Echo", &[]);
        request.send_data(part.to_vec().into(), false).unwrap();
        let reply = within(LIMIT, reply).await;
        assert_eq!(reply.status(), "4", "{reply:?}");
        assert!(reply.message().contains("frame_timeout"), "{reply:?}");
    }
    // Between the messages of a stream a client may take its time.
    let (mut reply, mut request) = raw.begin("/streams.Streams/Sum", &[]);
    request
        .send_data(b"\0\0\0\0\x02\x08\x05".to_vec().into(), false)
        .unwrap();
    let early = tokio::time::timeout(3 * timeout, &mut reply).await;
    assert!(early.is_err());
    request
        .send_data(b"\0\0\0\0\x02\x08\x06".to_vec().into(), true)
        .unwrap();
    let reply = within(LIMIT, reply).await;
    assert_eq!(reply.messages(), [b"\x08\x0b".to_vec()]);
}
