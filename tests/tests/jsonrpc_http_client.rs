//! Proxies call servers that speak JSON-RPC over HTTP: `jsonrpc+http://` targets, at jsonrpsee and at our own.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hello::hello::{HelloAsyncClientProxy, HelloClientProxy, HelloRequest};
use jsonrpsee_server::types::ErrorObjectOwned;
use jsonrpsee_server::{RpcModule, ServerBuilder, ServerHandle};
use rpc_runtime::{Batch, Channel, Code, ConnectionEvent, Metadata};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{LIMIT, TestServer, within, within_blocking};
use serde_json::{Value, json};

fn payload(data: impl Into<bytes::Bytes>) -> Payload {
    Payload { data: data.into() }
}

fn hello(msg: &str) -> HelloRequest {
    HelloRequest { msg: msg.into() }
}

/// A server of jsonrpsee, which greets.
async fn jsonrpsee() -> (SocketAddr, ServerHandle) {
    let server = ServerBuilder::default().build("127.0.0.1:0").await.unwrap();
    let mut module = RpcModule::new(());
    let greet = |params: jsonrpsee_server::types::Params<'_>, _: &(), _: &_| {
        let params: Value = params.parse()?;
        match params["msg"].as_str() {
            Some(name) => Ok(json!({"msg": format!("Hello {name}"), "more": 1})),
            None => {
                let data = json!({"why": "nobody"});
                Err(ErrorObjectOwned::owned(
                    -32005,
                    "nobody is there",
                    Some(data),
                ))
            }
        }
    };
    module
        .register_method("helloworld.Hello/Hello", greet)
        .unwrap();
    (server.local_addr().unwrap(), server.start(module))
}

#[tokio::test]
async fn proxies_call_a_server_of_jsonrpsee() {
    within(LIMIT, async {
        let (address, _server) = jsonrpsee().await;
        let target = format!("jsonrpc+http://{address}");
        let client = HelloAsyncClientProxy::connect(target.clone())
            .await
            .unwrap();
        for name in ["w", "x"] {
            let reply = client.hello(hello(name)).await.unwrap();
            assert_eq!(reply.msg, format!("Hello {name}"));
        }
        let status = client.hello(hello("")).await.unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (Code::NotFound, "nobody is there")
        );
        assert_eq!(status.details(), br#"{"why":"nobody"}"#);
        let calling = tokio::task::spawn_blocking(|| {
            within_blocking(LIMIT, || {
                HelloClientProxy::connect(target)
                    .unwrap()
                    .hello(hello("sync"))
            })
        });
        assert_eq!(calling.await.unwrap().unwrap().msg, "Hello sync");
        let other = format!("jsonrpc+http://{address}");
        let other = ProbeAsyncClientProxy::connect(other).await.unwrap();
        let status = other.echo(payload("x")).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
    })
    .await;
}

#[tokio::test]
async fn calls_at_a_time_take_a_connection_each_and_later_ones_use_them_again() {
    within(LIMIT, async {
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let server = TestServer::start_with(|server| {
            server.on_connection(move |event| {
                if matches!(event, ConnectionEvent::Opened { .. }) {
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .await;
        let target = format!("jsonrpc+http://{}/rpc", server.socket_addr());
        let channel = Channel::builder(target).max_connections(4);
        let client = ProbeAsyncClientProxy::with(channel.connect().await.unwrap());
        for _ in 0..20 {
            assert_eq!(client.echo(payload("x")).await.unwrap(), payload("x"));
        }
        assert_eq!(connections.load(Ordering::Relaxed), 1);
        let calls: Vec<_> = (0..4)
            .map(|_| tokio::spawn(client.hold(payload("x"))))
            .collect();
        server.probe.until_running(4).await;
        server.probe.release_all();
        for call in calls {
            call.await.unwrap().unwrap();
        }
        let batch: Batch<_> = (0..100).map(|_| client.echo(payload("x"))).collect();
        assert!(batch.all().await.iter().all(Result::is_ok));
        assert_eq!(connections.load(Ordering::Relaxed), 4);
    })
    .await;
}

#[tokio::test]
async fn metadata_go_as_headers() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let target = format!("jsonrpc+http://{}", server.socket_addr());
        let client = ProbeAsyncClientProxy::connect(target).await.unwrap();
        let mut metadata = Metadata::new();
        metadata.insert("tenant", "blue").unwrap();
        let seen = client.inspect(()).metadata(metadata).await.unwrap();
        assert_eq!(seen.metadata["tenant"], "blue");
        assert!(seen.metadata["user-agent"].starts_with("rpc-runtime/"));
    })
    .await;
}

#[tokio::test]
async fn a_call_that_is_given_up_takes_its_connection_and_no_other_call() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let target = format!("jsonrpc+http://{}", server.socket_addr());
        let client = ProbeAsyncClientProxy::connect(target).await.unwrap();
        let held = client.hold(payload("x")).timeout(Duration::from_millis(20));
        assert_eq!(held.await.unwrap_err().code(), Code::DeadlineExceeded);
        assert_eq!(client.echo(payload("x")).await.unwrap(), payload("x"));
    })
    .await;
}

#[tokio::test]
async fn what_is_no_json_rpc_over_http_says_so() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        // A path that is a method's.
        let target = format!("jsonrpc+http://{}/a/b", server.socket_addr());
        let client = ProbeAsyncClientProxy::connect(target).await.unwrap();
        let status = client.echo(payload("x")).await.unwrap_err();
        assert!(
            status.message().contains("no answer of JSON-RPC"),
            "{status}"
        );
    })
    .await;
}
