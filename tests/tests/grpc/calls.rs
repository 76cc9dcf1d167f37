//! Calls of every kind.

use bytes::Bytes;
use tokio_stream::StreamExt;
use tonic::{Code, Request};

use crate::harness::Grpc;
use crate::protos::probe::{Failure, Payload, Size};
use crate::protos::streams::{Chunk, CountRequest, Number};

fn payload(data: impl Into<Bytes>) -> Payload {
    Payload { data: data.into() }
}

#[tokio::test]
async fn a_unary_call_is_answered() {
    let mut grpc = Grpc::start().await;
    for length in [0, 1, 100, 100_000, 3_000_000] {
        let data = Bytes::from(vec![b'x'; length]);
        let reply = grpc.probe.echo(payload(data.clone())).await.unwrap();
        assert_eq!(reply.into_inner().data, data);
    }
}

#[tokio::test]
async fn a_stream_of_replies_comes_in_order_and_ends() {
    let mut grpc = Grpc::start().await;
    let request = CountRequest {
        up_to: 10_000,
        ..CountRequest::default()
    };
    let replies = grpc.streams.count(request).await.unwrap();
    assert_eq!(replies.metadata().get("counts").unwrap(), "from one");
    let numbers: Vec<_> = replies
        .into_inner()
        .map(|number| number.unwrap().value)
        .collect()
        .await;
    assert!(numbers.into_iter().eq(1..=10_000));
}

#[tokio::test]
async fn a_stream_of_requests_is_read_to_its_end() {
    let mut grpc = Grpc::start().await;
    let numbers = (1..=10_000).map(|value| Number { value });
    let sum = grpc.streams.sum(tokio_stream::iter(numbers)).await.unwrap();
    assert_eq!(sum.into_inner().value, 50_005_000);
}

#[tokio::test]
async fn both_sides_of_a_call_stream_at_the_same_time() {
    let mut grpc = Grpc::start().await;
    let (sender, requests) = rpc_tests::channel(1);
    let mut replies = grpc.streams.chat(requests).await.unwrap().into_inner();
    for length in [0, 1, 10, 100_000, 2_000_000] {
        let data = Bytes::from(vec![b'x'; length]);
        sender.send(Chunk { data: data.clone() }).await.unwrap();
        assert_eq!(replies.message().await.unwrap().unwrap().data, data);
    }
    drop(sender);
    assert!(replies.message().await.unwrap().is_none());
}

#[tokio::test]
async fn a_failure_with_the_code_ok_is_no_success() {
    let mut grpc = Grpc::start().await;
    let failure = Failure {
        message: "not so ok".to_owned(),
        ..Failure::default()
    };
    let status = grpc.probe.fail(failure).await.unwrap_err();
    assert_eq!(status.code(), Code::Unknown);
    assert_eq!(status.message(), "not so ok");
}

#[tokio::test]
async fn a_status_comes_with_its_message_details_and_metadata() {
    let mut grpc = Grpc::start().await;
    let details = tonic_details();
    let mut request = Request::new(Failure {
        code: 5,
        message: "no such k\u{fc}nig: 100 %\n".to_owned(),
        details: details.clone().into(),
    });
    request
        .metadata_mut()
        .insert("tenant", "blue".parse().unwrap());
    let value = tonic::metadata::MetadataValue::from_bytes(&[0, 255, 7]);
    request
        .metadata_mut()
        .insert_bin("trace-bin", value.clone());
    let status = grpc.probe.fail(request).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(status.message(), "no such k\u{fc}nig: 100 %\n");
    assert_eq!(status.details(), details);
    assert_eq!(status.metadata().get("tenant").unwrap(), "blue");
    assert_eq!(status.metadata().get_bin("trace-bin").unwrap(), value);
}

#[tokio::test]
async fn a_failure_keeps_its_code_though_its_message_and_details_are_too_long_for_headers() {
    let mut grpc = Grpc::start().await;
    for (message, details) in [(20_000, 0), (100, 20_000), (20_000, 20_000)] {
        let failure = Failure {
            code: 5,
            message: "m".repeat(message),
            details: vec![1; details].into(),
        };
        let status = grpc.probe.fail(failure).await.unwrap_err();
        assert_eq!(status.code(), Code::NotFound, "{status}");
        let kept = status.message().trim_end_matches("...");
        assert!(kept.len() >= message.min(7_000) && kept.bytes().all(|byte| byte == b'm'));
        assert!(status.details().is_empty());
    }
}

/// Any bytes: what they mean is between handler and caller.
fn tonic_details() -> Vec<u8> {
    vec![8, 5, 18, 1, b'x']
}

#[tokio::test]
async fn a_status_after_some_replies_comes_behind_them() {
    let mut grpc = Grpc::start().await;
    let request = CountRequest {
        up_to: 3,
        code: 9,
        ..CountRequest::default()
    };
    let mut replies = grpc.streams.count(request).await.unwrap().into_inner();
    for value in 1..=3 {
        assert_eq!(replies.message().await.unwrap().unwrap().value, value);
    }
    let status = replies.message().await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(status.message(), "counted far enough");
}

#[tokio::test]
async fn many_calls_share_a_connection() {
    let grpc = Grpc::start().await;
    let calls = (0..500_u64).map(|bytes| {
        let mut probe = grpc.probe.clone();
        tokio::spawn(async move {
            let reply = probe.produce(Size { bytes }).await.unwrap();
            assert_eq!(reply.into_inner().data.len() as u64, bytes);
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
}
