//! Deadlines, and calls that their callers give up.

use std::time::Duration;

use rpc_runtime::{Code, Stage};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy, Size};
use rpc_tests::streams::CountRequest;
use rpc_tests::{LIMIT, within};

use crate::raw::{HEADERS, RST_STREAM, RawServer};
use crate::tonic_server::TonicServer;

const SHORT: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_server_is_told_the_time_that_is_left() {
    within(LIMIT, async {
        let server = TonicServer::start().await;
        let probe = server.probe().await;
        let seen = probe.inspect(()).timeout(LONG).await.unwrap();
        // In the finest unit that an hour fits into.
        let text = &seen.metadata["grpc-timeout"];
        let millis = text.strip_suffix('m').expect("they are milliseconds");
        let left = Duration::from_millis(millis.parse().unwrap());
        assert!(left <= LONG && left > LONG - LIMIT, "{text}");
    })
    .await;
}

#[tokio::test]
async fn a_call_to_a_server_that_stalls_ends_at_its_deadline_and_is_cancelled_there() {
    within(LIMIT, async {
        let server = RawServer::bind().await;
        let probe = ProbeAsyncClientProxy::with(server.channel().connect_lazy().unwrap());
        let call = probe.echo(Payload::default()).timeout(SHORT).start();
        let mut connection = server.open().await;
        let id = connection.request().await;
        let status = call.await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert_eq!(status.stage(), Some(Stage::Wait));
        assert_eq!(connection.until(RST_STREAM).await.id, id);
        assert_eq!(probe.stats().pending, 0);
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_nobody_reads_ends_at_its_deadline_too() {
    within(LIMIT, async {
        let server = RawServer::bind().await;
        let probe = ProbeAsyncClientProxy::with(server.channel().connect_lazy().unwrap());
        let call = probe.subscribe(Size::default()).timeout(SHORT);
        let replies = tokio::spawn(call);
        let mut connection = server.open().await;
        let mut replies = replies.await.unwrap().unwrap();
        let id = connection.until(HEADERS).await.id;
        assert_eq!(connection.until(RST_STREAM).await.id, id);
        let status = replies.message().await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
    })
    .await;
}

#[tokio::test]
async fn a_call_that_is_dropped_ends_its_handler() {
    within(LIMIT, async {
        let server = TonicServer::start().await;
        let probe = server.probe().await;
        let held = probe.hold(Payload::default()).start();
        let request = CountRequest {
            up_to: 1,
            hangs: true,
            ..CountRequest::default()
        };
        let counted = server.streams().await.count(request).await.unwrap();
        server.service.until_running(2).await;
        drop(held);
        server.service.until_running(1).await;
        drop(counted);
        server.service.until_running(0).await;
        assert_eq!(probe.stats().pending, 0);
    })
    .await;
}
