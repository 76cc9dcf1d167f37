//! A trait that was not generated. The attribute finds services by name, so the compiler says this.

use rpc_runtime::rpc_service;

struct Greeter;

trait Greet {}

#[rpc_service]
impl Greet for Greeter {}

fn main() {}
