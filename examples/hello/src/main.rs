//! `cargo run -p hello`: a server on a free port, and the three ways to call it.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this program's job is to print"
)]

use std::error::Error;
use std::process::ExitCode;
use std::sync::mpsc;

use hello::Greeter;
use hello::hello::{HelloAsyncClientProxy, HelloClientProxy, HelloRequest};
use rpc_runtime::Server;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let runtime = Runtime::new()?;
    let server = runtime.block_on(Server::new().service(Greeter).bind("127.0.0.1:0"))?;
    let address = server.local_addr().to_string();
    println!("serving helloworld.Hello on {address}");

    let (stop, stopped) = oneshot::channel::<()>();
    let serving = runtime.spawn(server.serve_with_shutdown(async {
        // The sender is dropped to stop the server, so there is nothing to receive.
        let _ = stopped.await;
    }));

    call_and_wait(&address)?;
    runtime.block_on(call_and_await(&address))?;
    call_with_callback(&address)?;

    drop(stop);
    runtime.block_on(serving)??;
    println!("served, stopped");
    Ok(())
}

/// The sync proxy: there is no runtime in sight.
fn call_and_wait(address: &str) -> Result<(), Box<dyn Error>> {
    let hello = HelloClientProxy::connect(address)?;
    let reply = hello.hello(HelloRequest {
        msg: "sync world".into(),
    })?;
    println!("sync proxy:           {}", reply.msg);
    Ok(())
}

/// The async proxy: a call is a future.
async fn call_and_await(address: &str) -> Result<(), Box<dyn Error>> {
    let hello = HelloAsyncClientProxy::connect(address).await?;
    let reply = hello
        .hello(HelloRequest {
            msg: "async world".into(),
        })
        .await?;
    println!("async proxy:          {}", reply.msg);
    Ok(())
}

/// A call that is sent at once and tells a callback how it ended.
fn call_with_callback(address: &str) -> Result<(), Box<dyn Error>> {
    let hello = HelloClientProxy::connect(address)?;
    let (done, outcome) = mpsc::channel();
    let future = hello
        .calls()
        .hello(HelloRequest {
            msg: "world of callbacks".into(),
        })
        .start();
    future.on_complete(move |outcome| {
        // Nobody waits any more once the program ends.
        let _ = done.send(outcome.clone());
    });
    let reply = outcome.recv()??;
    println!("future with callback: {}", reply.msg);
    Ok(())
}
