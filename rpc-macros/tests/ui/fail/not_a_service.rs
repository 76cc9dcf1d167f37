//! The trait of something else.

use std::fmt;

use rpc_runtime::rpc_service;

struct Greeter;

#[rpc_service]
impl fmt::Display for Greeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("greeter")
    }
}

fn main() {}
