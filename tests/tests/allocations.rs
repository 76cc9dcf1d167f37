//! What a call takes from the heap. Alone in its process, so that only its own allocations are counted.
#![allow(unsafe_code, reason = "a global allocator is unsafe to implement")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use rpc_runtime::{Context, Server, Status, rpc_service};
use rpc_tests::probe::{Payload, Probe, ProbeAsyncClientProxy, Size};
use rpc_tests::{LIMIT, within};

/// Counts what it is asked for.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

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
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    calls().await;
    let taken = ALLOCATIONS.load(Ordering::Relaxed) - before;

    println!("{taken} allocations for {CALLS} calls");
    // The buffer of the encoded request; what is more belongs to buffers that grow now and then.
    assert!(taken <= CALLS + CALLS / 10, "more than one for each");
    serving.abort();
}
