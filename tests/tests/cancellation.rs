//! Dropping a call cancels it, wherever it is.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use rpc_runtime::{Call, Server};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::relay::RelayAsyncClientProxy;
use rpc_tests::{LIMIT, TestRelay, TestServer, within};

/// Polls a call, which has to wait.
fn poll<T>(call: &mut Call<T>) {
    let polled = Pin::new(call).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Pending), "it did not have to wait");
}

#[tokio::test]
async fn a_call_that_is_dropped_is_cancelled_at_the_server() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let mut call = client.hold(Payload::default());
        poll(&mut call);
        server.probe.until_running(1).await;
        drop(call);
        let counts = server.probe.until_running(0).await;
        assert_eq!((counts.dropped, counts.finished), (1, 0));
        client.echo(Payload::default()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_call_that_was_never_polled_was_never_sent() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        drop(client.echo(Payload::default()));
        let kept = client.echo(Payload::default());
        // Requests of one connection arrive in the order in which they were sent.
        client.inspect(()).await.unwrap();
        assert_eq!(server.probe.counts().started, 1);
        kept.await.unwrap();
        assert_eq!(server.probe.counts().started, 2);
    })
    .await;
}

#[tokio::test]
async fn a_queued_call_that_is_dropped_is_never_sent_and_leaves_its_place() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.max_concurrent_streams(1)).await;
        let client = server.client_of_one_connection().await;
        let held = client
            .hold(Payload {
                data: "held".into(),
            })
            .start();
        server.probe.until_running(1).await;
        let mut given_up = client.echo(Payload::default());
        poll(&mut given_up);
        let queued = client
            .echo(Payload {
                data: "queued".into(),
            })
            .start();
        drop(given_up);

        server.probe.release("held");
        held.await.unwrap();
        assert_eq!(queued.await.unwrap().data, "queued");
        assert_eq!(server.probe.counts().started, 2);
    })
    .await;
}

#[tokio::test]
async fn a_dropped_call_makes_room_for_one_that_is_queued() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.max_concurrent_streams(1)).await;
        let client = server.client_of_one_connection().await;
        let held = client.hold(Payload::default()).start();
        server.probe.until_running(1).await;
        let mut queued = client.echo(Payload {
            data: "queued".into(),
        });
        poll(&mut queued);
        drop(held);
        assert_eq!(queued.await.unwrap().data, "queued");
    })
    .await;
}

#[tokio::test]
async fn a_call_that_is_dropped_while_it_connects_is_never_sent() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = ProbeAsyncClientProxy::connect_lazy(server.address()).unwrap();
        let mut call = client.hold(Payload::default());
        poll(&mut call);
        drop(call);
        client.inspect(()).await.unwrap();
        assert_eq!(server.probe.counts().started, 1);
    })
    .await;
}

#[tokio::test]
async fn cancelling_passes_through_a_handler_to_the_calls_that_it_made() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let relay = Server::new().service(TestRelay::to(&server.address()));
        let relay = relay.bind("127.0.0.1:0").await.unwrap();
        let address = relay.local_addr().to_string();
        let serving = tokio::spawn(relay.serve());
        let client = RelayAsyncClientProxy::connect(address).await.unwrap();
        let mut call = client.hold(Payload::default());
        poll(&mut call);
        server.probe.until_running(1).await;
        drop(call);
        let counts = server.probe.until_running(0).await;
        assert_eq!(counts.dropped, 1);
        serving.abort();
    })
    .await;
}

#[tokio::test]
async fn a_thousand_cancelled_calls_leave_the_connection_as_it_was() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let before = client.inspect(()).await.unwrap().peer;
        let mut calls: Vec<_> = (0..1000).map(|_| client.hold(Payload::default())).collect();
        calls.iter_mut().for_each(poll);
        server.probe.until_running(1000).await;
        drop(calls);
        let counts = server.probe.until_running(0).await;
        assert_eq!(counts.dropped, 1000);
        assert_eq!(client.inspect(()).await.unwrap().peer, before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_calls_cancelled_in_a_tight_loop_leave_the_connection_as_it_was() {
    within(LIMIT, async {
        // So many streams that the client is not slowed down.
        let many = |server: Server| server.max_concurrent_streams(10_000);
        let server = TestServer::start_with(many).await;
        let client = server.client().await;
        let before = client.inspect(()).await.unwrap().peer;
        for _ in 0..100 {
            let mut calls: Vec<_> = (0..1000).map(|_| client.hold(Payload::default())).collect();
            calls.iter_mut().for_each(poll);
            drop(calls);
            tokio::task::yield_now().await;
        }
        assert_eq!(client.inspect(()).await.unwrap().peer, before);
        let counts = server.probe.until_running(0).await;
        assert_eq!(
            counts.finished, 2,
            "none of the cancelled calls ran to its end"
        );
    })
    .await;
}
