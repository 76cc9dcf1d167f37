//! What an interceptor cannot break.

use std::future::pending;
use std::time::Duration;

use rpc_runtime::middleware::{Interceptor, Next, Request, Response};
use rpc_runtime::{Code, Status};
use rpc_tests::{LIMIT, channel, within};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::harness::{payload, plain, serve, watch};

#[tokio::test]
async fn a_panic_of_its_own_is_an_internal_error_and_the_connection_lives_on() {
    within(LIMIT, async {
        let (watch, mut ends) = watch();
        let server = serve(|server| {
            server
                .intercept(watch)
                .intercept(async |request: Request, next: Next| {
                    assert_ne!(request.method().name(), "Sum", "on purpose");
                    let response = next.run(request).await;
                    assert!(response.is_ok(), "on purpose");
                    response
                })
        })
        .await;
        let (probe, streams) = plain(&server).await;
        let (_sender, requests) = channel(1);
        let status = streams.sum(requests).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        assert_eq!(status.message(), "an interceptor panicked");
        assert!(!status.may_have_run());
        assert_eq!(ends.recv().await.unwrap().code(), Code::Internal);

        let status = probe.fail(Default::default()).await.unwrap_err();
        assert_eq!(status.message(), "an interceptor panicked");
        assert!(status.may_have_run());
        assert_eq!(ends.recv().await.unwrap().code(), Code::Internal);
        probe.echo(payload("still there")).await.unwrap();
    })
    .await;
}

/// Never answers, and tells when it begins and when it is dropped.
struct Stuck(UnboundedSender<&'static str>);

struct Dropped(UnboundedSender<&'static str>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

impl Interceptor for Stuck {
    async fn intercept(&self, request: Request, next: Next) -> Result<Response, Status> {
        if request.method().name() == "Echo" {
            return next.run(request).await;
        }
        let _dropped = Dropped(self.0.clone());
        let _ = self.0.send("begun");
        pending().await
    }
}

#[tokio::test]
async fn one_that_waits_is_dropped_when_its_call_is_cancelled_or_late() {
    within(LIMIT, async {
        let (steps, mut step) = unbounded_channel();
        let (watch, mut ends) = watch();
        let server = serve(|server| server.intercept(watch).intercept(Stuck(steps))).await;
        let (probe, _) = plain(&server).await;

        let cancelled = probe.hold(payload("")).start();
        assert_eq!(step.recv().await, Some("begun"));
        // It holds nobody else up.
        probe.echo(payload("")).await.unwrap();
        assert_eq!(ends.recv().await.unwrap().code(), Code::Ok);
        drop(cancelled);
        assert_eq!(step.recv().await, Some("dropped"));
        assert_eq!(ends.recv().await.unwrap().code(), Code::Cancelled);

        let late = probe.hold(payload("")).timeout(Duration::from_millis(250));
        assert_eq!(late.await.unwrap_err().code(), Code::DeadlineExceeded);
        assert_eq!(step.recv().await, Some("begun"));
        assert_eq!(step.recv().await, Some("dropped"));
        assert_eq!(server.probe.counts().running(), 0);
    })
    .await;
}
