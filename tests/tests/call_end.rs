//! What goes on beside a handler learns when its call has ended.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::time::Duration;

use rpc_runtime::{Code, Context, Server, Status, rpc_service};
use rpc_tests::probe::{Payload, Probe, ProbeAsyncClientProxy};
use rpc_tests::{LIMIT, TestServer, within};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Tells how each of its calls ended, which a task learns that outlives the handler.
struct Watched {
    ends: mpsc::UnboundedSender<Code>,
    /// What its tasks call meanwhile, if anything.
    backend: Option<ProbeAsyncClientProxy>,
    nested: mpsc::UnboundedSender<Result<Payload, Status>>,
}

impl Watched {
    fn watch(&self, cx: &Context) {
        let (ends, observed) = (self.ends.clone(), cx.clone());
        tokio::spawn(async move {
            let _ = ends.send(observed.cancelled().await);
        });
        if let Some(backend) = self.backend.clone() {
            let nested = self.nested.clone();
            tokio::spawn(cx.clone().scope(async move {
                let _ = nested.send(backend.hold(Payload::default()).await);
            }));
        }
    }
}

#[rpc_service(unimplemented)]
impl Probe for Watched {
    /// Ends at once.
    async fn echo(&self, cx: Context, request: Payload) -> Result<Payload, Status> {
        self.watch(&cx);
        Ok(request)
    }

    /// Ends a little later.
    async fn inspect(&self, cx: Context, (): ()) -> Result<rpc_tests::probe::Seen, Status> {
        self.watch(&cx);
        tokio::task::yield_now().await;
        Err(Status::not_found("nothing to see"))
    }

    /// Never ends.
    async fn hold(&self, cx: Context, _: Payload) -> Result<Payload, Status> {
        self.watch(&cx);
        std::future::pending().await
    }
}

struct Watching {
    client: ProbeAsyncClientProxy,
    ends: mpsc::UnboundedReceiver<Code>,
    nested: mpsc::UnboundedReceiver<Result<Payload, Status>>,
    serving: JoinHandle<()>,
}

impl Watching {
    async fn start(backend: Option<ProbeAsyncClientProxy>) -> Self {
        let (end, ends) = mpsc::unbounded_channel();
        let (nested_end, nested) = mpsc::unbounded_channel();
        let service = Watched {
            ends: end,
            backend,
            nested: nested_end,
        };
        let bound = Server::new().service(service).bind("127.0.0.1:0").await;
        let bound = bound.unwrap();
        let address = bound.local_addr().to_string();
        let serving = tokio::spawn(async move { bound.serve().await.unwrap() });
        Watching {
            client: ProbeAsyncClientProxy::connect(&address).await.unwrap(),
            ends,
            nested,
            serving,
        }
    }

    async fn end(&mut self) -> Code {
        within(LIMIT, self.ends.recv()).await.unwrap()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[tokio::test]
async fn an_observer_learns_how_a_call_ended() {
    let mut watching = Watching::start(None).await;
    let client = watching.client.clone();
    client.echo(Payload::default()).await.unwrap();
    assert_eq!(watching.end().await, Code::Ok);
    client.inspect(()).await.unwrap_err();
    assert_eq!(watching.end().await, Code::NotFound);

    let late = client.hold(Payload::default());
    late.timeout(Duration::from_millis(20)).await.unwrap_err();
    let code = watching.end().await;
    assert!([Code::DeadlineExceeded, Code::Cancelled].contains(&code));
}

#[tokio::test]
async fn an_observer_learns_that_a_call_was_cancelled() {
    let mut watching = Watching::start(None).await;
    let call = watching.client.hold(Payload::default()).start();
    // Sent behind it, so the first has come to its handler when this one is answered.
    watching.client.echo(Payload::default()).await.unwrap();
    assert_eq!(watching.end().await, Code::Ok);
    drop(call);
    assert_eq!(watching.end().await, Code::Cancelled);
}

#[tokio::test]
async fn a_call_made_by_a_task_in_scope_ends_with_the_call_it_was_made_for() {
    let backend = TestServer::start().await;
    let mut watching = Watching::start(Some(backend.client().await)).await;
    let call = watching.client.hold(Payload::default()).start();
    backend.probe.until_running(1).await;
    drop(call);
    let status = within(LIMIT, watching.nested.recv()).await.unwrap();
    let status = status.unwrap_err();
    assert_eq!(status.code(), Code::Cancelled, "{status}");
    assert!(
        status
            .message()
            .contains("the call that this one was made for")
    );
    backend.probe.until_running(0).await;
}

#[tokio::test]
async fn a_call_made_by_a_task_in_scope_goes_on_when_the_call_it_was_made_for_ended_well() {
    let backend = TestServer::start().await;
    let mut watching = Watching::start(Some(backend.client().await)).await;
    watching.client.echo(Payload::default()).await.unwrap();
    assert_eq!(watching.end().await, Code::Ok);
    backend.probe.until_running(1).await;
    backend.probe.release_all();
    let reply = within(LIMIT, watching.nested.recv()).await.unwrap();
    reply.unwrap();
}
