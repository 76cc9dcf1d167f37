//! `interop-server [origin..]`: serves on a free port, whose number it prints, until it is told to end by SIGTERM.
//! Web pages of these origins may call it.
#![allow(
    clippy::print_stdout,
    reason = "whoever started it has to know the port"
)]

mod service;

use rpc_runtime::{Compression, Cors, ServeError, Server, shutdown_signal};

use crate::service::Service;

rpc_runtime::include_protos!();

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    let server = Server::new()
        .service(Service::default())
        .compression([Compression::Gzip])
        .cors(Cors::origins(std::env::args().skip(1)))
        .bind("127.0.0.1:0")
        .await?;
    println!("{}", server.local_addr().port());
    server.serve_with_shutdown(shutdown_signal()?).await?;
    Ok(())
}
