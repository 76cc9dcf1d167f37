//! The same by the async proxy, with a timeout.

use std::env;
use std::time::Duration;

use __name__::greeter::{GreetRequest, GreeterServiceAsyncClientProxy};
use rpc_runtime::Status;

#[tokio::main]
async fn main() -> Result<(), Status> {
    let mut args = env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "127.0.0.1:8000".to_owned());
    let name = args.next().unwrap_or_else(|| "world".to_owned());
    let greeter = GreeterServiceAsyncClientProxy::connect(&address).await?;
    let call = greeter.greet(GreetRequest { name });
    println!("{}", call.timeout(Duration::from_secs(2)).await?.greeting);
    Ok(())
}
