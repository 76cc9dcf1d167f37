//! Greets the name in the second argument, by the server at the address in the first: no async in sight.

use std::env;

use __name__::greeter::{GreetRequest, GreeterServiceClientProxy};
use rpc_runtime::Status;

fn main() -> Result<(), Status> {
    let mut args = env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "127.0.0.1:8000".to_owned());
    let name = args.next().unwrap_or_else(|| "world".to_owned());
    let greeter = GreeterServiceClientProxy::connect(&address)?;
    println!("{}", greeter.greet(GreetRequest { name })?.greeting);
    Ok(())
}
