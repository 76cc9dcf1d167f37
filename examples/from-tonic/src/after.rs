//! The same service with rpc-runtime.

use std::error::Error;
use std::time::Duration;

use rpc_runtime::{Context, Server, Status, rpc_service};
use tokio::net::TcpListener;
use tokio_stream::{Stream, StreamExt};

use crate::hello::{Hello, HelloAllRequest, HelloAsyncClientProxy, HelloReply, HelloRequest};

/// Greets people.
#[derive(Debug)]
pub struct Greeter;

#[rpc_service]
impl Hello for Greeter {
    async fn hello(&self, _cx: Context, request: HelloRequest) -> Result<HelloReply, Status> {
        if request.msg.is_empty() {
            return Err(Status::invalid_argument("msg is empty"));
        }
        Ok(HelloReply {
            msg: format!("Hello {}", request.msg),
        })
    }

    async fn hello_all(
        &self,
        _cx: Context,
        request: HelloAllRequest,
    ) -> Result<impl Stream<Item = Result<HelloReply, Status>> + Send + 'static, Status> {
        let names = tokio_stream::iter(request.names);
        Ok(names.map(|name| {
            Ok(HelloReply {
                msg: format!("Hello {name}"),
            })
        }))
    }
}

/// Serves until the future is dropped.
///
/// # Errors
///
/// The server cannot start.
pub async fn serve(listener: TcpListener) -> Result<(), Box<dyn Error + Send + Sync>> {
    Server::new()
        .service(Greeter)
        .serve_with_listener(listener)
        .await?;
    Ok(())
}

/// Calls the service at `address`.
///
/// # Errors
///
/// Nobody is there, or the call failed.
pub async fn greet(address: &str, name: &str) -> Result<String, Box<dyn Error + Send + Sync>> {
    let hello = HelloAsyncClientProxy::connect(address).await?;
    let request = HelloRequest { msg: name.into() };
    let reply = hello.hello(request).timeout(Duration::from_secs(2)).await?;
    Ok(reply.msg)
}

/// Calls the service at `address` and waits for all greetings.
///
/// # Errors
///
/// Nobody is there, or the call failed.
pub async fn greet_all(
    address: &str,
    names: &[&str],
) -> Result<Vec<String>, Box<dyn Error + Send + Sync>> {
    let hello = HelloAsyncClientProxy::connect(address).await?;
    let names = names.iter().map(ToString::to_string).collect();
    let mut replies = hello.hello_all(HelloAllRequest { names }).await?;
    let mut greetings = Vec::new();
    while let Some(reply) = replies.message().await? {
        greetings.push(reply.msg);
    }
    Ok(greetings)
}
