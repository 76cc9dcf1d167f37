//! An argument that is misspelt: that a method is missing is not said as well.

use rpc_runtime::rpc_service;

use hello::Hello;

mod hello {
    include!("../../../../rpc-build/tests/golden/hello/expected/helloworld.rs");
}

struct Greeter;

#[rpc_service(unimplementd)]
impl Hello for Greeter {}

fn main() {
    let _ = rpc_runtime::Server::new().service(Greeter);
}
