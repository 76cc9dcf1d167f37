//! Attempts to connect during an outage are paced, however many calls are made.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::time::{Duration, Instant};

use rpc_runtime::{Code, Stage};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{LIMIT, TestServer, within};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

/// Attempts that are waited for.
const ATTEMPTS: usize = 5;

/// The shortest pauses between them: half of 100, 200, 400 and 800 ms.
const SHORTEST: Duration = Duration::from_millis(50 + 100 + 200 + 400);

/// Calls that are made at any time.
const CALLERS: usize = 50;

/// Calls as fast as it can until there were some attempts to connect, which come through
/// `attempts`, and checks their pace.
async fn hammer(client: &ProbeAsyncClientProxy, mut attempts: UnboundedReceiver<Instant>) {
    let (failed, mut failures) = unbounded_channel();
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (client, failed) = (client.clone(), failed.clone());
        callers.spawn(async move {
            while failed
                .send(client.echo(Payload::default()).await.unwrap_err())
                .is_ok()
            {}
        });
    }
    let first = attempts.recv().await.unwrap();
    let mut last = first;
    for _ in 1..ATTEMPTS {
        last = attempts.recv().await.unwrap();
    }
    assert!(
        last - first >= SHORTEST,
        "{ATTEMPTS} attempts in {:?}",
        last - first
    );

    failures.close();
    let mut count = 0;
    while let Some(status) = failures.recv().await {
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        let connected = status.stage() != Some(Stage::Connect);
        assert!(connected || !status.may_have_run(), "{status}");
        count += 1;
    }
    assert!(count > 0, "nobody was told of the outage");
    // One more for each caller: the connection that was there before may have had to be used.
    assert!(
        count <= CALLERS * (ATTEMPTS + 1),
        "{count} calls failed without an attempt"
    );
}

#[tokio::test]
async fn attempts_to_reach_a_server_that_went_are_paced_though_calls_hammer() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let address = server.socket_addr();
        let (attempted, mut attempts) = unbounded_channel();
        let connector = move || {
            // The test may have seen enough.
            let _ = attempted.send(Instant::now());
            TcpStream::connect(address)
        };
        let client = ProbeAsyncClientProxy::connect_with(connector)
            .await
            .unwrap();
        attempts.recv().await.unwrap();
        server.kill().await;
        hammer(&client, attempts).await;
    })
    .await;
}

#[tokio::test]
async fn attempts_to_use_a_server_that_closes_at_once_are_paced_though_calls_hammer() {
    within(LIMIT, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (attempted, attempts) = unbounded_channel();
        let closing = tokio::spawn(async move {
            while listener.accept().await.is_ok() && attempted.send(Instant::now()).is_ok() {}
        });
        let client = ProbeAsyncClientProxy::connect_lazy(address).unwrap();
        hammer(&client, attempts).await;
        closing.abort();
    })
    .await;
}

#[tokio::test]
async fn a_server_that_comes_back_during_a_pause_is_found() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let address = server.socket_addr();
        let client = server.client().await;
        server.kill().await;
        for _ in 0..3 {
            client.echo(Payload::default()).await.unwrap_err();
        }
        let call = client.echo(Payload::default()).start();
        let _server = TestServer::start_at(address, |server| server).await;
        call.await.unwrap();
    })
    .await;
}
