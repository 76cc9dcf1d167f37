//! The target `peers`, alone in its process: its memory is counted.

use rpc_testkit::CountingAllocator;

#[global_allocator]
static MEMORY: CountingAllocator = CountingAllocator::new();

#[test]
fn peers() {
    bolero::check!().for_each(|bytes: &[u8]| {
        // Beside what the bytes become: four calls, the tables, and answers to frames of 16 bytes.
        let most = 128 * bytes.len() + 512 * 1024;
        rpc_fuzz::costs_at_most(&MEMORY, most, || rpc_fuzz::peers(bytes));
    });
}
