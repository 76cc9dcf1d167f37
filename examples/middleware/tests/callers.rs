//! What callers may do, and what they are told.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::time::Duration;

use middleware::proto::{Count, CounterAsyncClientProxy};
use rpc_runtime::middleware::Credentials;
use rpc_runtime::{Channel, Code};
use tokio::task::JoinHandle;

/// A server, and a proxy with this token.
async fn serve(token: Option<&str>) -> (JoinHandle<()>, CounterAsyncClientProxy) {
    let server = middleware::server(Duration::from_millis(20));
    let server = server.bind("127.0.0.1:0").await.unwrap();
    let channel = Channel::builder(server.local_addr().to_string());
    let serving = tokio::spawn(async { server.serve().await.unwrap() });
    let channel = match token {
        Some(token) => channel.intercept(Credentials::bearer(token)),
        None => channel,
    };
    let channel = channel.connect().await.unwrap();
    (serving, CounterAsyncClientProxy::with(channel))
}

#[tokio::test]
async fn admin_may_read_and_add() {
    let (_serving, counter) = serve(Some("a-t0ken")).await;
    counter.add(Count { value: 7 }).await.unwrap();
    assert_eq!(counter.read(()).await.unwrap(), Count { value: 7 });
    let status = counter.add(Count { value: 7_000 }).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange);
}

#[tokio::test]
async fn guests_may_read_only() {
    let (_serving, counter) = serve(Some("g-t0ken")).await;
    assert_eq!(counter.read(()).await.unwrap(), Count::default());
    let status = counter.add(Count { value: 1 }).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert!(status.message().contains("guest"), "{status}");
}

#[tokio::test]
async fn strangers_may_do_nothing() {
    for token in [None, Some("wrong")] {
        let (_serving, counter) = serve(token).await;
        let status = counter.read(()).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);
    }
}

#[tokio::test]
async fn no_call_takes_longer_than_the_layer_allows() {
    let (_serving, counter) = serve(Some("a-t0ken")).await;
    let status = counter.ponder(()).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.message().contains("its time"), "{status}");
}
