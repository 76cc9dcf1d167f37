//! `cargo run -p hello --bin client [-- address name]`: greets `name` by way of the server.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this program's job is to print"
)]

use std::env;
use std::process::ExitCode;

use hello::hello::{HelloClientProxy, HelloRequest};
use rpc_runtime::Status;

/// Where the server is if no argument says otherwise.
const DEFAULT_ADDRESS: &str = "127.0.0.1:8000";

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let address = args.next().unwrap_or_else(|| DEFAULT_ADDRESS.to_owned());
    let name = args.next().unwrap_or_else(|| "world".to_owned());
    match greet(&address, name) {
        Ok(greeting) => {
            println!("{greeting}");
            ExitCode::SUCCESS
        }
        Err(status) => {
            eprintln!("{status}");
            ExitCode::FAILURE
        }
    }
}

fn greet(address: &str, name: String) -> Result<String, Status> {
    let hello = HelloClientProxy::connect(address)?;
    let reply = hello.hello(HelloRequest { msg: name })?;
    Ok(reply.msg)
}
