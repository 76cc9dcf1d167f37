//! `cargo run -p simple --bin simple-client [-- target a b]`: adds and multiplies two numbers by way of the server, which
//! `jsonrpc://127.0.0.1:8000` reaches as well as `127.0.0.1:8000`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this program's job is to print"
)]

use std::env;
use std::process::ExitCode;

use rpc_runtime::Status;
use simple::arith::{ArithServiceClientProxy, Operands};

/// Where the server is if no argument says otherwise.
const DEFAULT_TARGET: &str = "127.0.0.1:8000";

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let target = args.next().unwrap_or_else(|| DEFAULT_TARGET.to_owned());
    let mut number = |default| args.next().map_or(Ok(default), |text| text.parse());
    let (Ok(a), Ok(b)) = (number(6), number(7)) else {
        eprintln!("usage: client [target [a [b]]], where a and b are whole numbers");
        return ExitCode::FAILURE;
    };
    match calculate(&target, Operands { a, b }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(status) => {
            eprintln!("{status}");
            ExitCode::FAILURE
        }
    }
}

fn calculate(target: &str, operands: Operands) -> Result<(), Status> {
    let arith = ArithServiceClientProxy::connect(target)?;
    let Operands { a, b } = operands;
    println!("{a} + {b} = {}", arith.add(operands)?.value);
    println!("{a} * {b} = {}", arith.multiply(operands)?.value);
    Ok(())
}
