//! `grpc-timeout` holds for the whole life of a call.

use std::time::Duration;

use rpc_tests::{LIMIT, within};
use tonic::{Code, Request};

use crate::harness::{Grpc, RawGrpc};
use crate::protos::flows::Order;
use crate::protos::probe::Payload;
use crate::protos::streams::CountRequest;

/// Long for a call that is held, and short for a test.
const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn a_handler_sees_how_long_its_caller_waits() {
    let mut grpc = Grpc::start().await;
    let mut request = Request::new(());
    request.set_timeout(Duration::from_secs(3600));
    let seen = grpc.probe.inspect(request).await.unwrap().into_inner();
    let remaining = Duration::from_micros(seen.remaining_us);
    assert!(remaining > Duration::from_secs(3500), "{remaining:?}");
    assert!(remaining <= Duration::from_secs(3600), "{remaining:?}");
    // Who says nothing waits for ever.
    let seen = grpc.probe.inspect(()).await.unwrap().into_inner();
    assert_eq!(seen.remaining_us, 0);
}

#[tokio::test]
async fn every_unit_of_a_timeout_is_understood() {
    let grpc = Grpc::start().await;
    for (timeout, ends) in [
        ("1n", true),
        ("1u", true),
        ("20m", true),
        ("99999999n", true),
        ("3600S", false),
        ("60M", false),
        ("99999999H", false),
    ] {
        let path = match ends {
            true => "/probe.Probe/Hold",
            false => "/probe.Probe/Echo",
        };
        let reply = RawGrpc::connect(&grpc.server).await;
        let reply = within(LIMIT, reply.call(path, &[("grpc-timeout", timeout)], b"")).await;
        let expected = if ends { "4" } else { "0" };
        assert_eq!(reply.status(), expected, "{timeout}: {reply:?}");
    }
}

#[tokio::test]
async fn a_timeout_that_is_none_is_an_error() {
    let grpc = Grpc::start().await;
    for timeout in ["", "5", "5x", "-5S", "123456789S"] {
        let raw = RawGrpc::connect(&grpc.server).await;
        let headers = [("grpc-timeout", timeout)];
        let reply = raw.call("/probe.Probe/Echo", &headers, b"").await;
        assert_eq!(reply.status(), "13", "{timeout}: {reply:?}");
        assert!(reply.message().contains("grpc-timeout"), "{reply:?}");
    }
}

#[tokio::test]
async fn a_handler_is_dropped_at_the_deadline() {
    let grpc = Grpc::start().await;
    let raw = RawGrpc::connect(&grpc.server).await;
    let reply = raw.call("/probe.Probe/Hold", &[("grpc-timeout", "50m")], b"");
    let reply = within(LIMIT, reply).await;
    assert_eq!(reply.status(), "4");
    let counts = within(LIMIT, grpc.server.probe.until_running(0)).await;
    assert_eq!((counts.dropped, counts.finished), (1, 0));
}

#[tokio::test]
async fn a_stream_of_replies_ends_at_the_deadline_between_two_of_them() {
    let grpc = Grpc::start().await;
    let request = prost::Message::encode_to_vec(&CountRequest {
        up_to: 3,
        hangs: true,
        ..CountRequest::default()
    });
    let raw = RawGrpc::connect(&grpc.server).await;
    let reply = raw.call(
        "/streams.Streams/Count",
        &[("grpc-timeout", "50m")],
        &request,
    );
    let reply = within(LIMIT, reply).await;
    assert_eq!(reply.messages().len(), 3);
    assert_eq!(reply.status(), "4");
}

#[tokio::test]
async fn a_client_that_takes_no_replies_does_not_keep_the_handler_beyond_the_deadline() {
    let mut grpc = Grpc::start().await;
    let mut request = Request::new(Order {
        pieces: u64::MAX,
        size: 100_000,
        code: 0,
    });
    request.set_timeout(Duration::from_millis(300));
    let _unread = grpc.flows.produce(request).await.unwrap();
    within(LIMIT, grpc.flows_service.until(|flow| flow.produced > 0)).await;
    within(LIMIT, grpc.flows_service.until_idle()).await;
}

#[tokio::test]
async fn a_request_that_does_not_come_is_waited_for_until_the_deadline() {
    let grpc = Grpc::start().await;
    let raw = RawGrpc::connect(&grpc.server).await;
    let (reply, _request) = raw.begin("/probe.Probe/Echo", &[("grpc-timeout", "50m")]);
    let reply = within(LIMIT, reply).await;
    assert_eq!(reply.status(), "4");
    assert!(
        reply.message().contains("before the request was whole"),
        "{reply:?}"
    );
}

#[tokio::test]
async fn tonic_learns_of_the_deadline() {
    let mut grpc = Grpc::start().await;
    let mut request = Request::new(Payload::default());
    request.set_timeout(SHORT);
    let status = within(LIMIT, grpc.probe.hold(request)).await.unwrap_err();
    assert!(
        matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled),
        "{status:?}"
    );
    within(LIMIT, grpc.server.probe.until_running(0)).await;
}
