//! `cargo run -p gateway [-- address]`: serves until it is stopped.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this program's job is to print"
)]

use std::env;
use std::process::ExitCode;

use gateway::Redis;
use hello::Greeter;
use rpc_runtime::Server;

/// Where to serve if no argument says otherwise.
const DEFAULT_ADDRESS: &str = "127.0.0.1:8000";

fn main() -> ExitCode {
    let address = env::args()
        .nth(1)
        .unwrap_or_else(|| DEFAULT_ADDRESS.to_owned());
    println!("serving helloworld.Hello on {address}, for its own clients and for redis-cli");
    let server = Server::new().service(Greeter).gateway(Redis);
    match server.serve_blocking(&address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
