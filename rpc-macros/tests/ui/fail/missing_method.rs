//! A forgotten method.

use rpc_runtime::rpc_service;

use hello::Hello;

mod hello {
    include!("../../../../rpc-build/tests/golden/hello/expected/helloworld.rs");
}

struct Greeter;

#[rpc_service]
impl Hello for Greeter {}

fn main() {}
