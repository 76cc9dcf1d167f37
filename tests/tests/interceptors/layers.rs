//! Tower's layers around calls.

use std::time::Duration;

use rpc_runtime::{Code, Status};
use rpc_tests::streams::Number;
use rpc_tests::{LIMIT, channel, within};
use tower::limit::ConcurrencyLimitLayer;
use tower::timeout::TimeoutLayer;
use tower::util::MapErrLayer;
use tower::{BoxError, ServiceBuilder};

use crate::harness::{clients, payload, plain, serve};

const SHORT: Duration = Duration::from_millis(20);

fn too_late(error: BoxError) -> BoxError {
    match error.is::<tower::timeout::error::Elapsed>() {
        true => Status::deadline_exceeded("the layer's time is over").into(),
        false => error,
    }
}

#[tokio::test]
async fn a_timeout_ends_calls_of_a_server_with_the_status_that_its_error_is_mapped_to() {
    within(LIMIT, async {
        let layer = ServiceBuilder::new()
            .layer(MapErrLayer::new(too_late))
            .layer(TimeoutLayer::new(SHORT));
        let server = serve(|server| server.layer(layer)).await;
        let (probe, streams) = plain(&server).await;
        let status = probe.hold(payload("")).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert_eq!(status.message(), "the layer's time is over");
        server.probe.until_running(0).await;
        probe.echo(payload("")).await.unwrap();

        let (_sender, requests) = channel::<Number>(1);
        let status = streams.sum(requests).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
    })
    .await;
}

#[tokio::test]
async fn a_timeout_ends_calls_of_a_client_and_an_error_that_is_no_status_is_unknown() {
    within(LIMIT, async {
        let server = serve(|server| server).await;
        let layer = TimeoutLayer::new(SHORT);
        let (probe, _) = clients(&server, |builder| builder.layer(layer)).await;
        let status = probe.hold(payload("")).await.unwrap_err();
        assert_eq!(status.code(), Code::Unknown);
        assert!(status.message().contains("request timed out"), "{status}");
        // The call is cancelled at the server, if it has got there.
        server.settle().await;
        server.probe.until_running(0).await;
    })
    .await;
}

#[tokio::test]
async fn a_concurrency_limit_is_shared_by_the_calls_of_a_server() {
    within(LIMIT, async {
        let server = serve(|server| server.layer(ConcurrencyLimitLayer::new(2))).await;
        let (probe, _) = plain(&server).await;
        let calls: Vec<_> = (0..5).map(|_| probe.hold(payload("")).start()).collect();
        server.probe.until_running(2).await;
        server.settle().await;
        assert_eq!(server.probe.counts().started, 2);
        server.probe.release_all();
        for call in calls {
            call.await.unwrap();
        }
        assert_eq!(server.probe.counts().finished, 5);
    })
    .await;
}

#[tokio::test]
async fn a_concurrency_limit_is_shared_by_the_calls_of_a_channel_and_its_clones() {
    within(LIMIT, async {
        let server = serve(|server| server).await;
        let limited =
            |builder: rpc_runtime::ChannelBuilder| builder.layer(ConcurrencyLimitLayer::new(2));
        let (probe, _) = clients(&server, limited).await;
        let calls: Vec<_> = (0..5)
            .map(|_| probe.clone().hold(payload("")).start())
            .collect();
        server.probe.until_running(2).await;
        server.settle().await;
        assert_eq!(server.probe.counts().started, 2);
        server.probe.release_all();
        for call in calls {
            call.await.unwrap();
        }
        assert_eq!(server.probe.counts().finished, 5);
    })
    .await;
}
