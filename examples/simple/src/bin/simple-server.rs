//! `cargo run -p simple [-- address]`: serves until it is stopped.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this program's job is to print"
)]

use std::env;
use std::process::ExitCode;

use rpc_runtime::Server;
use simple::Arith;

/// Where to serve if no argument says otherwise.
const DEFAULT_ADDRESS: &str = "127.0.0.1:8000";

fn main() -> ExitCode {
    let address = env::args()
        .nth(1)
        .unwrap_or_else(|| DEFAULT_ADDRESS.to_owned());
    println!("serving simple.ArithService on {address}, for its own clients and for JSON-RPC");
    match Server::new().service(Arith).serve_blocking(&address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
