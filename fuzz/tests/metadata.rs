//! The target `metadata`, alone in its process: its memory is counted.

use rpc_testkit::CountingAllocator;

#[global_allocator]
static MEMORY: CountingAllocator = CountingAllocator::new();

#[test]
fn metadata() {
    bolero::check!().for_each(|bytes: &[u8]| {
        // An entry of metadata is 5 bytes at least, and becomes two buffers in a vector that grows.
        let most = 128 * bytes.len() + 16 * 1024;
        rpc_fuzz::costs_at_most(&MEMORY, most, || rpc_fuzz::metadata(bytes));
    });
}
