//! Signals of the operating system. Alone in its process, which is what they go to.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use rpc_runtime::{Server, shutdown_signal};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{LIMIT, RawPeer, TestProbe, signal_self, within};
use rpc_wire::frame::FrameType;

#[tokio::test]
async fn a_server_that_is_asked_to_terminate_or_interrupted_finishes_its_calls() {
    for signal in ["-TERM", "-INT"] {
        let probe = TestProbe::new();
        let bound = Server::new().service(probe.clone()).bind("127.0.0.1:0");
        let bound = bound.await.unwrap();
        let address = bound.local_addr();
        let client = ProbeAsyncClientProxy::connect_lazy(bound.target()).unwrap();
        let serving = tokio::spawn(bound.serve_with_shutdown(shutdown_signal().unwrap()));
        let mut other = within(LIMIT, RawPeer::client(address)).await;
        let call = client.hold(Payload::default()).start();
        probe.until_running(1).await;

        signal_self(signal);
        within(LIMIT, other.expect(FrameType::GoAway)).await;
        drop(other);
        probe.release_all();
        within(LIMIT, call).await.unwrap();
        let report = within(LIMIT, serving).await.unwrap().unwrap();
        assert_eq!((report.finished, report.refused, report.cut), (1, 0, 0));
    }
}
