//! A server under attack, a client beside the attacker, and what the attack costs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rpc_runtime::Server;
use rpc_tests::flows::FlowsAsyncClientProxy;
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{LIMIT, TestFlows, TestServer, piece, within};
use tokio::sync::{Mutex, MutexGuard};
use tokio::task::JoinHandle;

use crate::MEMORY;

/// One attack at a time: all memory of the process is counted.
static ALONE: Mutex<()> = Mutex::const_new(());

pub(crate) const KIB: usize = 1024;
pub(crate) const MIB: usize = 1024 * KIB;

/// What one attacker's connection may cost beyond what its attack is about: 1 MiB that it has not read
/// and as much that is being written, in buffers that double as they grow; and the attacker
/// itself, who is in the same process.
pub(crate) const CONNECTION: usize = 6 * MIB;

/// What may be left of an attack: capacity that the process keeps, and the bystander's calls.
const LEFT: usize = 256 * KIB;

/// Counts the memory of what happens while it lives, alone in the process.
pub(crate) struct Meter {
    before: usize,
    _alone: MutexGuard<'static, ()>,
}

impl Meter {
    pub(crate) async fn start() -> Self {
        let alone = ALONE.lock().await;
        MEMORY.reset_peak();
        Meter {
            before: MEMORY.live_bytes(),
            _alone: alone,
        }
    }

    /// Begins to count here.
    pub(crate) fn reset(&mut self) {
        MEMORY.reset_peak();
        self.before = MEMORY.live_bytes();
    }

    /// Prints what it cost, and waits until the memory is free again.
    ///
    /// # Panics
    ///
    /// If it cost more than `bound` bytes, or the memory is not given back.
    pub(crate) async fn check(self, name: &str, outcome: &str, bound: usize) {
        let peak = MEMORY.peak_bytes().saturating_sub(self.before);
        println!(
            "{name}: {} KiB of {} KiB; {outcome}",
            peak / KIB,
            bound / KIB
        );
        assert!(peak <= bound, "{name} cost {peak} bytes, over {bound}");
        let free_again = async {
            while MEMORY.live_bytes() > self.before + LEFT {
                // Buffers that wait for the next large message are not left behind.
                rpc_runtime::memory::release_unused();
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let freed = tokio::time::timeout(LIMIT, free_again).await;
        let left = MEMORY.live_bytes().saturating_sub(self.before);
        assert!(freed.is_ok(), "{name} left {left} bytes behind");
    }
}

/// A server under attack.
pub(crate) struct Target {
    pub(crate) server: TestServer,
    pub(crate) flows: TestFlows,
}

impl Target {
    pub(crate) fn address(&self) -> SocketAddr {
        self.server.socket_addr()
    }
}

/// Runs an attack, which tells how it ended, on a server with a well-behaved client.
///
/// # Panics
///
/// If it costs more than `bound` bytes, if the memory is not given back, or if a call of the
/// other client fails.
pub(crate) async fn survives(
    name: &str,
    bound: usize,
    configure: impl FnOnce(Server) -> Server,
    attack: impl AsyncFnOnce(&Target) -> String,
) {
    let mut meter = Meter::start().await;
    let (server, flows, client) = TestFlows::serve_with(configure).await;
    let target = Target { server, flows };
    let bystander = Bystander::start(&target, client).await;
    meter.reset();
    let outcome = within(LIMIT, attack(&target)).await;
    within(LIMIT, target.server.probe.until_running(0)).await;
    meter.check(name, &outcome, bound).await;
    let calls = bystander.noticed_nothing().await;
    assert!(calls > 0);
}

/// A client that makes calls all the time, each of which must succeed.
struct Bystander {
    done: Arc<AtomicBool>,
    calling: JoinHandle<usize>,
}

impl Bystander {
    async fn start(target: &Target, flows: FlowsAsyncClientProxy) -> Self {
        let probe = target.server.client().await;
        call(&probe, &flows).await;
        let done = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&done);
        let calling = tokio::spawn(async move {
            let mut calls = 0;
            while !stop.load(Ordering::Relaxed) {
                call(&probe, &flows).await;
                calls += 1;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            call(&probe, &flows).await;
            calls
        });
        Bystander { done, calling }
    }

    async fn noticed_nothing(self) -> usize {
        self.done.store(true, Ordering::Relaxed);
        let calls = within(LIMIT, self.calling).await;
        calls.expect("every call of the bystander succeeds")
    }
}

/// A unary call and a stream.
async fn call(probe: &ProbeAsyncClientProxy, flows: &FlowsAsyncClientProxy) {
    let sent = Payload {
        data: vec![7; 100].into(),
    };
    let echoed = within(LIMIT, probe.echo(sent.clone())).await;
    assert_eq!(echoed.expect("the call works"), sent);
    let uploaded = flows.consume(tokio_stream::iter([piece("one"), piece("two")]));
    let total = within(LIMIT, uploaded).await.expect("the stream works");
    assert_eq!(total.pieces, 2);
}
