//! The attribute on an implementation without a trait.

use rpc_runtime::rpc_service;

struct Greeter;

#[rpc_service]
impl Greeter {
    fn hello(&self) {}
}

fn main() {
    Greeter.hello();
}
