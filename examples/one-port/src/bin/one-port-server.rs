//! `cargo run -p one-port [-- address [origin]]`: serves until it is stopped. Web pages of `origin` may call.
#![allow(clippy::print_stdout, reason = "this program's job is to print")]

use std::env;
use std::error::Error;

use one_port::Greeter;
use rpc_runtime::{Cors, Server};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "127.0.0.1:8000".to_owned());
    let origin = args
        .next()
        .unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
    let server = Server::new().service(Greeter).cors(Cors::origins([origin]));
    let bound = server.bind(address).await?;
    println!("{}", bound.local_addr());
    bound.serve().await?;
    Ok(())
}
