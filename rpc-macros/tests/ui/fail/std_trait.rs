//! Traits of the standard library.

use std::fmt::{self, Debug};
use std::io::Read;

use rpc_runtime::rpc_service;

#[derive(Clone)]
struct Greeter;

#[rpc_service]
impl Debug for Greeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Greeter")
    }
}

#[rpc_service]
impl std::panic::UnwindSafe for Greeter {}

#[rpc_service]
impl Copy for Greeter {}

#[rpc_service]
impl Read for Greeter {
    fn read(&mut self, _buf: &mut [u8]) -> std::io::Result<usize> {
        Ok(0)
    }
}

fn main() {
    println!("{Greeter:?}");
}
