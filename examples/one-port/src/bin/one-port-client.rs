//! `cargo run -p one-port --bin one-port-client -- address name`: calls the server natively.
#![allow(clippy::print_stdout, reason = "this program's job is to print")]

use std::env;
use std::error::Error;

use one_port::hello::{HelloClientProxy, HelloRequest};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let address = args
        .next()
        .ok_or("the first argument is the server's address")?;
    let msg = args.next().unwrap_or_else(|| "world".to_owned());
    let hello = HelloClientProxy::connect(address)?;
    println!("{}", hello.hello(HelloRequest { msg })?.msg);
    Ok(())
}
