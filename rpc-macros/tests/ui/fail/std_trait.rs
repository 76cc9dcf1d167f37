//! Traits of the standard library.

use std::fmt::{self, Debug};

use rpc_runtime::rpc_service;

struct Greeter;

#[rpc_service]
impl Debug for Greeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Greeter")
    }
}

#[rpc_service]
impl std::panic::UnwindSafe for Greeter {}

fn main() {
    println!("{Greeter:?}");
}
