//! `cargo run -p streaming`: a server on a free port, and a client for each kind of stream.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this program's job is to print"
)]

mod chat;
mod upload;
mod watch;

use std::error::Error;
use std::process::ExitCode;

use rpc_runtime::Server;
use streaming::{FileStore, OpenRoom, Sensor};
use tokio::sync::oneshot;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let sensor = Sensor::default();
    let server = Server::new()
        .service(FileStore)
        .service(sensor.clone())
        .service(OpenRoom::default())
        .bind("127.0.0.1:0")
        .await?;
    let address = server.local_addr().to_string();
    println!("serving Files, Thermometer and Room on {address}");

    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.serve_with_shutdown(async {
        // The sender is dropped to stop the server, so there is nothing to receive.
        let _ = stopped.await;
    }));

    upload::upload_a_file(&address).await?;
    watch::watch_for_a_while(&address, &sensor).await?;
    chat::chat(&address).await?;

    drop(stop);
    serving.await??;
    println!("served, stopped");
    Ok(())
}
