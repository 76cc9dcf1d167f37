//! Which connections there are, and how calls share them.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use rpc_runtime::Channel;
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy, ProbeClientProxy};
use rpc_tests::{LIMIT, TestServer, within};

fn payload(text: &'static str) -> Payload {
    Payload { data: text.into() }
}

/// The client's end of the connection that a proxy's calls take.
async fn connection_of(proxy: &ProbeAsyncClientProxy) -> String {
    proxy.inspect(()).await.unwrap().peer
}

#[tokio::test]
async fn responses_come_in_any_order_on_one_connection() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let before = connection_of(&client).await;
        let [first, second, third] =
            ["first", "second", "third"].map(|name| client.hold(payload(name)).start());
        server.probe.until_running(3).await;

        server.probe.release("third");
        assert_eq!(third.await.unwrap(), payload("third"));
        server.probe.release("first");
        assert_eq!(first.await.unwrap(), payload("first"));
        server.probe.release("second");
        assert_eq!(second.await.unwrap(), payload("second"));
        assert_eq!(connection_of(&client).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_call_that_takes_long_holds_up_no_other() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let held = client.hold(payload("held")).start();
        server.probe.until_running(1).await;
        for _ in 0..100 {
            client.echo(payload("other")).await.unwrap();
        }
        assert!(!held.is_done());
        server.probe.release_all();
        held.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn async_proxies_of_one_runtime_share_a_connection() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut connections = BTreeSet::new();
        let eager = server.client().await;
        let lazy = ProbeAsyncClientProxy::connect_lazy(server.address()).unwrap();
        let with_scheme =
            ProbeAsyncClientProxy::connect_lazy(format!("rpc://{}", server.address())).unwrap();
        let options = Channel::builder(server.address()).timeout(Duration::from_secs(20));
        let with_timeout = ProbeAsyncClientProxy::with(options.connect().await.unwrap());
        for proxy in [&eager, &lazy, &with_scheme, &with_timeout, &eager.clone()] {
            connections.insert(connection_of(proxy).await);
        }
        assert_eq!(connections.len(), 1, "{connections:?}");
    })
    .await;
}

#[tokio::test]
async fn sync_proxies_share_a_connection_of_the_librarys_own_runtime() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let address = server.address();
        let connections = tokio::task::spawn_blocking(move || {
            let proxies = [(); 3].map(|()| ProbeClientProxy::connect(&address).unwrap());
            proxies.map(|proxy| proxy.inspect(()).unwrap().peer)
        });
        let connections = BTreeSet::from(connections.await.unwrap());
        assert_eq!(connections.len(), 1, "{connections:?}");
        let other_runtime = connection_of(&server.client().await).await;
        assert!(!connections.contains(&other_runtime));
    })
    .await;
}

#[tokio::test]
async fn many_first_calls_at_once_share_one_attempt_to_connect() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = ProbeAsyncClientProxy::connect_lazy(server.address()).unwrap();
        let calls: Vec<_> = (0..200).map(|_| client.inspect(()).start()).collect();
        let mut connections = BTreeSet::new();
        for call in calls {
            connections.insert(call.await.unwrap().peer);
        }
        assert_eq!(connections.len(), 1, "{connections:?}");
    })
    .await;
}

#[tokio::test]
async fn a_channel_that_sets_how_connections_are_made_has_one_of_its_own() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let builder = || Channel::builder(server.address());
        let shared = server.client().await;
        let mut connections = BTreeSet::from([connection_of(&shared).await]);
        // Whoever would share a connection can only share that of a channel that lives.
        let mut channels = Vec::new();
        for builder in [
            builder().connect_timeout(Duration::from_secs(5)),
            builder().max_message_size(1024),
            builder().max_metadata_size(32 * 1024),
        ] {
            let channel = builder.connect().await.unwrap();
            let proxy = ProbeAsyncClientProxy::with(channel.clone());
            let connection = connection_of(&proxy).await;
            let of_a_clone = connection_of(&ProbeAsyncClientProxy::with(channel.clone())).await;
            assert_eq!(of_a_clone, connection);
            assert!(
                connections.insert(connection),
                "it is shared: {connections:?}"
            );
            channels.push(channel);
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_that_went_and_came_back_is_found_again() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let address = server.socket_addr();
        let client = server.client().await;
        client.echo(payload("before")).await.unwrap();
        server.kill().await;
        let server = TestServer::start_at(address, |server| server).await;
        // The end of the first connection may show only when it is used.
        while let Err(status) = client.echo(payload("after")).await {
            assert_eq!(status.code(), rpc_runtime::Code::Unavailable, "{status}");
        }
        assert!(server.probe.counts().finished >= 1);
    })
    .await;
}

#[tokio::test]
async fn running_out_of_stream_ids_replaces_the_connection_without_a_failed_call() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let builder = Channel::builder(server.address()).first_stream_id(u32::MAX - 40);
        let client = ProbeAsyncClientProxy::with(builder.connect().await.unwrap());
        let held = client.hold(payload("held")).start();
        server.probe.until_running(1).await;

        let mut connections = BTreeSet::new();
        for _ in 0..100 {
            connections.insert(connection_of(&client).await);
        }
        assert!(
            connections.len() >= 3,
            "one of about 25 ids served them all: {connections:?}"
        );
        let at_once: Vec<_> = (0..100).map(|_| client.inspect(()).start()).collect();
        for call in at_once {
            call.await.unwrap();
        }
        server.probe.release_all();
        assert_eq!(
            held.await.unwrap(),
            payload("held"),
            "it was on the first connection"
        );
    })
    .await;
}
