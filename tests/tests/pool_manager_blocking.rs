//! All pools of a process that is not async. Alone in its process, whose pools it closes and which it
//! sends a signal.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use rpc_runtime::{Code, blocking};
use rpc_tests::probe::{Payload, ProbeClientProxy};
use rpc_tests::{LIMIT, TestServer, signal_self, within_blocking};
use tokio::runtime::Builder;

#[test]
fn a_plain_main_closes_its_pools_when_the_process_is_to_end() {
    within_blocking(LIMIT, || {
        let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
        let server = runtime.block_on(TestServer::start());
        let client = ProbeClientProxy::connect(server.address()).unwrap();
        let held = client.calls().hold(Payload::default()).start();
        runtime.block_on(server.probe.until_running(1));

        let closing = blocking::close_pools_on_shutdown_signal(LIMIT).unwrap();
        assert!(!closing.is_done());
        signal_self("-TERM");
        let status = loop {
            if let Err(status) = client.echo(Payload::default()) {
                break status;
            }
        };
        assert_eq!(status.code(), Code::Cancelled);
        assert!(!closing.is_done());
        server.probe.release_all();
        held.wait().unwrap();
        let reports = closing.wait();
        assert_eq!((reports.len(), reports[0].report.cut), (1, 0));
        // The held one, and perhaps one of those that were made meanwhile.
        assert!((1..=2).contains(&reports[0].report.finished), "{reports:?}");
    });
}
