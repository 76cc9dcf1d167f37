//! Calls that fail and are sent again: which may be, and what servers see of it.

use std::time::Duration;

use rpc_runtime::{Code, Retry};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{LIMIT, channel, within};

use crate::raw::{END_STREAM, HEADERS, RawServer};

const REFUSED_STREAM: u32 = 7;
const ENHANCE_YOUR_CALM: u32 = 11;

fn lazy(server: &RawServer) -> ProbeAsyncClientProxy {
    let channel = server.channel().own_pool().connect_lazy();
    ProbeAsyncClientProxy::with(channel.unwrap())
}

#[tokio::test]
async fn a_refused_call_is_sent_again_on_its_connection() {
    within(LIMIT, async {
        let server = RawServer::bind().await;
        let call = lazy(&server).echo(Payload::default()).start();
        let mut connection = server.open().await;
        let first = connection.request().await;
        connection.reset(first, REFUSED_STREAM).await;
        let second = connection.request().await;
        assert!(second > first);
        connection.answer(second).await;
        call.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_call_above_the_last_of_a_goaway_is_sent_again_elsewhere_and_others_finish() {
    within(LIMIT, async {
        let server = RawServer::bind().await;
        let probe = lazy(&server);
        let served = probe.echo(Payload::default()).start();
        let mut old = server.open().await;
        let id = old.request().await;
        let passed_over = probe.echo(Payload::default()).start();
        old.request().await;
        old.goaway(id, 0, "").await;

        let mut new = server.open().await;
        let again = new.request().await;
        new.answer(again).await;
        passed_over.await.unwrap();
        old.answer(id).await;
        served.await.unwrap();
        // The old connection takes leave, and the pool has the new one only.
        while old.next().await.is_some() {}
        while probe.stats().closed == 0 {
            tokio::task::yield_now().await;
        }
        let stats = probe.stats();
        assert_eq!((stats.opened, stats.closed, stats.errors), (2, 1, 0));
    })
    .await;
}

#[tokio::test]
async fn a_call_that_may_have_run_is_not_sent_again() {
    within(LIMIT, async {
        let server = RawServer::bind().await;
        let probe = lazy(&server);
        let call = probe.echo(Payload::default()).retry(Retry::exponential(3));
        let call = call.start();
        let mut connection = server.open().await;
        let id = connection.request().await;
        connection
            .goaway(id, ENHANCE_YOUR_CALM, "too_many_pings")
            .await;
        drop(connection);
        let status = call.await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.may_have_run(), "{status}");
        assert_eq!(status.attempts(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_retry_names_the_attempts_before_it_and_waits_as_the_server_asks() {
    within(LIMIT, async {
        let server = RawServer::bind().await;
        let call = lazy(&server)
            .echo(Payload::default())
            .idempotent(true)
            // Without the server's word it would take longer than the test may.
            .retry(Retry::exponential(3).initial_backoff(Duration::from_secs(3600)))
            .timeout(Duration::from_secs(7200));
        let call = call.start();
        let mut connection = server.open().await;
        let first = connection.until(HEADERS).await;
        let attempts = b"grpc-previous-rpc-attempts";
        assert!(!has(&first.payload, attempts));
        let headers = [
            (":status", "200"),
            ("content-type", "application/grpc"),
            ("grpc-status", "14"),
            ("grpc-retry-pushback-ms", "1"),
        ];
        connection.headers(first.id, END_STREAM, &headers).await;
        let second = connection.request().await;
        connection.answer(second).await;
        call.await.unwrap();
    })
    .await;
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn a_stream_of_requests_that_was_begun_is_not_sent_again() {
    within(LIMIT, async {
        let server = RawServer::bind().await;
        let client = server.channel().own_pool().connect_lazy().unwrap();
        let streams = rpc_tests::streams::StreamsAsyncClientProxy::with(client);
        let (_sender, requests) = channel(1);
        let call = streams.sum(requests).start();
        let mut connection = server.open().await;
        let id = connection.until(HEADERS).await.id;
        connection.reset(id, REFUSED_STREAM).await;
        let status = call.await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(!status.may_have_run());
    })
    .await;
}
