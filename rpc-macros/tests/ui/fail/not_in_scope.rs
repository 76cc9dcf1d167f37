//! The trait is not imported.

use rpc_runtime::rpc_service;

struct Greeter;

#[rpc_service]
impl Hello for Greeter {}

fn main() {}
