//! The attribute on a type.

use rpc_runtime::rpc_service;

#[rpc_service]
struct Greeter;

fn main() {
    let _ = Greeter;
}
