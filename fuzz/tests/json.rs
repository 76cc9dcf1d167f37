//! The target `json`, alone in its process: its memory is counted.

use rpc_testkit::CountingAllocator;

#[global_allocator]
static MEMORY: CountingAllocator = CountingAllocator::new();

#[test]
fn json() {
    rpc_fuzz::prepare_json();
    bolero::check!().for_each(|bytes: &[u8]| {
        // A value of two bytes is one of forty while its message is written, with a name in JSON.
        let most = 128 * bytes.len() + 64 * 1024;
        rpc_fuzz::costs_at_most(&MEMORY, most, || rpc_fuzz::json(bytes));
    });
}
