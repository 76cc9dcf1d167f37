//! Limits of handlers that block count the handlers, not the calls that wait for them.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use rpc_runtime::{Code, Context, Server, Status, rpc_service};
use rpc_tests::probe::{Payload, Probe, ProbeAsyncClientProxy};
use rpc_tests::{LIMIT, within};

/// Blocks its thread until the test says so.
struct Blocked {
    started: mpsc::Sender<()>,
    gate: Arc<Mutex<mpsc::Receiver<()>>>,
}

#[rpc_service(unimplemented)]
impl Probe for Blocked {
    #[rpc(blocking, limit = 1)]
    async fn echo(&self, _: Context, request: Payload) -> Result<Payload, Status> {
        self.started.send(()).unwrap();
        self.gate.lock().unwrap().recv().unwrap();
        Ok(request)
    }

    #[rpc(blocking)]
    async fn hold(&self, _: Context, request: Payload) -> Result<Payload, Status> {
        Ok(request)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_whose_caller_has_given_up_counts_until_it_ends() {
    let (started, starts) = mpsc::channel();
    let (open, gate) = mpsc::channel();
    let gate = Arc::new(Mutex::new(gate));
    let server = Server::new()
        .max_concurrent_calls(1)
        .service(Blocked { started, gate });
    let bound = server.bind("127.0.0.1:0").await.unwrap();
    let target = bound.target();
    let serving = tokio::spawn(bound.serve());
    let probe = ProbeAsyncClientProxy::connect(target).await.unwrap();

    let short = Duration::from_millis(50);
    let late = probe.echo(Payload::default()).timeout(short).await;
    assert_eq!(late.unwrap_err().code(), Code::DeadlineExceeded);
    starts.recv().unwrap();
    // The thread is still busy with it, so there is no room for another, of this method or any.
    for shed in [
        within(LIMIT, probe.echo(Payload::default())).await,
        within(LIMIT, probe.hold(Payload::default())).await,
    ] {
        let status = shed.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
        assert!(!status.may_have_run());
    }
    open.send(()).unwrap();
    let again = async {
        while probe.hold(Payload::default()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    within(LIMIT, again).await;
    serving.abort();
}
