//! Serves on the address in the first argument, until Ctrl-C.

use std::env;
use std::error::Error;

use __name__::Greeter;
use rpc_runtime::{Server, shutdown_signal};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".to_owned());
    let server = Server::new().service(Greeter).bind(&address).await?;
    println!("serving on {}", server.local_addr());
    server.serve_with_shutdown(shutdown_signal()?).await?;
    Ok(())
}
