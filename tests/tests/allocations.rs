//! What a call takes from the heap. Alone in its process, so that only its own allocations are counted.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use rpc_runtime::{Context, Server, Status, rpc_service};
use rpc_testkit::CountingAllocator;
use rpc_tests::probe::{Payload, Probe, ProbeAsyncClientProxy, Size};
use rpc_tests::{LIMIT, within};

#[global_allocator]
static MEMORY: CountingAllocator = CountingAllocator::new();

/// Answers with messages that hold nothing on the heap.
struct Quiet;

#[rpc_service(unimplemented)]
impl Probe for Quiet {
    async fn produce(&self, _cx: Context, _size: Size) -> Result<Payload, Status> {
        // A handler large enough that a box for each would show.
        let room = [0u8; 512];
        std::future::ready(()).await;
        std::hint::black_box(room);
        Ok(Payload::default())
    }
}

/// Calls that are made before counting, so that buffers have their size, and calls that are counted.
const CALLS: usize = 1_000;

#[tokio::test]
async fn a_unary_call_takes_one_allocation_on_both_sides_together_beside_its_messages() {
    let server = Server::new().service(Quiet);
    let server = server.bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().to_string();
    let serving = tokio::spawn(server.serve());
    let client = ProbeAsyncClientProxy::connect(&address).await.unwrap();

    let calls = async || {
        for bytes in 0..CALLS as u64 {
            let call = client.produce(Size { bytes });
            within(LIMIT, call).await.unwrap();
        }
    };
    calls().await;
    let before = MEMORY.allocations();
    calls().await;
    let taken = MEMORY.allocations() - before;

    println!("{taken} allocations for {CALLS} calls");
    // The buffer of the encoded request; what is more belongs to buffers that grow now and then.
    assert!(taken <= CALLS + CALLS / 10, "more than one for each");
    serving.abort();
}
