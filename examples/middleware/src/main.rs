//! `cargo run -p middleware`: a server on a free port, and two callers of it.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this program's job is to print"
)]

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use middleware::proto::{Count, CounterAsyncClientProxy};
use rpc_runtime::middleware::{Credentials, Logging};
use rpc_runtime::{Channel, Status};

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let server = middleware::server(Duration::from_millis(100));
    let server = server.bind("127.0.0.1:0").await?;
    let address = server.local_addr().to_string();
    let serving = tokio::spawn(server.serve());

    let admin = connect(&address, "a-t0ken").await?;
    println!("admin adds: {:?}", admin.add(Count { value: 7 }).await?);
    report(
        "admin adds too much",
        admin.add(Count { value: 7_000 }).await,
    );
    report("admin ponders", admin.ponder(()).await);

    let guest = connect(&address, "g-t0ken").await?;
    println!("guest reads: {:?}", guest.read(()).await?);
    report("guest adds", guest.add(Count { value: 1 }).await);

    let stranger = connect(&address, "wrong").await?;
    report("a stranger reads", stranger.read(()).await);

    serving.abort();
    Ok(())
}

/// A proxy whose calls are logged, and bring a token. All of them share one connection.
async fn connect(address: &str, token: &str) -> Result<CounterAsyncClientProxy, Status> {
    let channel = Channel::builder(address)
        .intercept(Logging::new())
        .intercept(Credentials::bearer(token))
        .connect()
        .await?;
    Ok(CounterAsyncClientProxy::with(channel))
}

fn report(what: &str, outcome: Result<Count, Status>) {
    match outcome {
        Ok(count) => println!("{what}: {count:?}"),
        Err(status) => println!("{what}: {status}"),
    }
}
