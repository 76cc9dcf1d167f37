//! What holds for the calls that a gateway makes.

use std::error::Error;
use std::time::Duration;

use rpc_runtime::gateway::{Connection, Gateway, Prefix};
use rpc_runtime::middleware::{Body, Next, Request};
use rpc_runtime::{Code, Status};
use rpc_tests::probe::{Failure, Panics, Payload, Seen, Size};
use rpc_tests::{LIMIT, SECRET, TestServer, within};
use tokio::io::AsyncWriteExt;

use crate::harness::{Lines, LinesPeer};

fn payload(data: &'static str) -> Payload {
    Payload { data: data.into() }
}

#[tokio::test]
async fn handlers_know_the_peer_the_metadata_and_the_method() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.gateway(Lines)).await;
        let mut peer = LinesPeer::connect(server.socket_addr()).await;
        let seen = peer.call::<Seen>("probe.Probe/Inspect", &()).await.unwrap();
        assert_eq!(seen[0].metadata["from"], "lines");
        assert!(seen[0].peer.starts_with("127.0.0.1:"), "{}", seen[0].peer);
        assert_eq!(seen[0].method, "probe.Probe/Inspect");
        peer.begin("probe.Probe/Echo", &payload("x")).await;
        assert_eq!(peer.line().await, "from lines", "reply metadata come back");
    })
    .await;
}

#[tokio::test]
async fn a_call_that_fails_has_the_status_of_its_handler_and_the_connection_goes_on() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.gateway(Lines)).await;
        let mut peer = LinesPeer::connect(server.socket_addr()).await;
        let failure = Failure {
            code: Code::NotFound.value(),
            message: "no such thing".to_owned(),
            ..Failure::default()
        };
        let failed = peer.call::<()>("probe.Probe/Fail", &failure).await;
        assert_eq!(failed.unwrap_err(), "NotFound no such thing");
        let failed = peer
            .call::<()>("probe.Probe/Panic", &Panics::default())
            .await;
        let failed = failed.unwrap_err();
        assert!(
            failed.starts_with("Internal ") && !failed.contains(SECRET),
            "{failed}"
        );
        let unknown = peer.call::<()>("probe.Probe/Nothing", &()).await;
        assert!(unknown.unwrap_err().starts_with("Unimplemented "));
        let echo = peer
            .call::<Payload>("probe.Probe/Echo", &payload("x"))
            .await;
        assert_eq!(echo.unwrap(), [payload("x")]);
    })
    .await;
}

#[tokio::test]
async fn interceptors_see_the_call_and_may_refuse_it() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| {
            server
                .gateway(Lines)
                .intercept(async |mut request: Request, next: Next| {
                    if request.method().path() == "probe.Probe/Echo" {
                        return Err(Status::permission_denied("not you"));
                    }
                    request
                        .metadata_mut()
                        .insert("from", "the interceptor")
                        .unwrap();
                    next.run(request).await
                })
        })
        .await;
        let mut peer = LinesPeer::connect(server.socket_addr()).await;
        let refused = peer
            .call::<Payload>("probe.Probe/Echo", &payload("x"))
            .await;
        assert_eq!(refused.unwrap_err(), "PermissionDenied not you");
        assert_eq!(server.probe.counts().started, 0);
        let seen = peer.call::<Seen>("probe.Probe/Inspect", &()).await.unwrap();
        assert_eq!(seen[0].metadata["from"], "the interceptor");
    })
    .await;
}

#[tokio::test]
async fn calls_of_all_protocols_together_are_held_to_max_concurrent_calls() {
    within(LIMIT, async {
        let server =
            TestServer::start_with(|server| server.max_concurrent_calls(2).gateway(Lines)).await;
        let native = server.client().await;
        let held = native.hold(payload("x")).start();
        let mut first = LinesPeer::connect(server.socket_addr()).await;
        first.begin("probe.Probe/Hold", &payload("y")).await;
        server.probe.until_running(2).await;
        let mut second = LinesPeer::connect(server.socket_addr()).await;
        let shed = second
            .call::<Payload>("probe.Probe/Echo", &payload("z"))
            .await;
        let shed = shed.unwrap_err();
        assert!(shed.starts_with("ResourceExhausted ") && shed.contains("max_concurrent_calls"));
        server.probe.release_all();
        held.await.unwrap();
        first.answer::<Payload>().await.unwrap();
        second
            .call::<Payload>("probe.Probe/Echo", &payload("z"))
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_call_ends_at_the_deadline_that_the_gateway_gave() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.gateway(Lines)).await;
        let mut peer = LinesPeer::connect(server.socket_addr()).await;
        peer.send(b"call probe.Probe/Hold 0a0178 20\n").await;
        let late = peer.answer::<Payload>().await.unwrap_err();
        assert!(late.starts_with("DeadlineExceeded "), "{late}");
        assert_eq!(server.probe.until_running(0).await.dropped, 1);
    })
    .await;
}

#[tokio::test]
async fn a_call_without_a_deadline_has_default_timeout() {
    within(LIMIT, async {
        let timeout = Duration::from_millis(20);
        let server =
            TestServer::start_with(|server| server.default_timeout(timeout).gateway(Lines)).await;
        let mut peer = LinesPeer::connect(server.socket_addr()).await;
        let late = peer
            .call::<Payload>("probe.Probe/Hold", &payload("x"))
            .await;
        let late = late.unwrap_err();
        assert!(late.starts_with("DeadlineExceeded ") && late.contains("default_timeout"));
    })
    .await;
}

/// Says what comes of a call beside another of the same connection that lasts.
struct Beside;

impl Gateway for Beside {
    fn name(&self) -> &'static str {
        "beside"
    }

    fn probe(&self, first: &[u8]) -> Prefix {
        Prefix::compare(first, b"beside\n")
    }

    async fn serve(&self, mut connection: Connection) -> Result<(), Box<dyn Error + Send + Sync>> {
        let calls = connection.calls();
        let lasting = calls.prepare("probe.Probe/Hold")?;
        let other = calls.prepare("probe.Probe/Echo")?;
        let answer = tokio::select! {
            biased;
            _ = lasting.run(Body::message("")) => unreachable!("nobody releases it"),
            answer = other.run(Body::message("")) => answer,
        };
        let answer = answer.map_or_else(|status| status.to_string(), |_| "ok".to_owned());
        connection.write_all(answer.as_bytes()).await?;
        Ok(())
    }
}

#[tokio::test]
async fn no_more_calls_of_a_connection_run_at_a_time_than_max_concurrent_streams() {
    within(LIMIT, async {
        for (limit, expected) in [(1, "RESOURCE_EXHAUSTED"), (2, "ok")] {
            let server = TestServer::start_with(|server| {
                server.max_concurrent_streams(limit).gateway(Beside)
            })
            .await;
            let mut peer = LinesPeer::connect(server.socket_addr()).await;
            peer.send(b"beside\n").await;
            let answer = peer.rest().await;
            assert!(answer.starts_with(expected), "{answer}");
            assert_eq!(answer.contains("not executed"), limit == 1, "{answer}");
            // What was not awaited to its end was cancelled.
            server.probe.until_running(0).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_request_over_max_message_size_reaches_no_handler() {
    within(LIMIT, async {
        let server =
            TestServer::start_with(|server| server.max_message_size(8).gateway(Lines)).await;
        let mut peer = LinesPeer::connect(server.socket_addr()).await;
        let echo = peer
            .call::<Payload>("probe.Probe/Echo", &payload("sixsix"))
            .await;
        assert_eq!(echo.unwrap(), [payload("sixsix")]);
        let refused = peer
            .call::<Payload>("probe.Probe/Echo", &payload("seven77"))
            .await;
        let refused = refused.unwrap_err();
        assert!(refused.starts_with("ResourceExhausted ") && refused.contains("max_message_size"));
        let reply = peer
            .call::<Payload>("probe.Probe/Produce", &Size { bytes: 1 << 20 })
            .await;
        assert_eq!(
            reply.unwrap()[0].data.len(),
            1 << 20,
            "replies have no such limit"
        );
        assert_eq!(server.probe.counts().started, 2);
    })
    .await;
}
