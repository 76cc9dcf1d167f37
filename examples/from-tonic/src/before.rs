//! The service with tonic.

use std::error::Error;
use std::pin::Pin;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::hello::hello_client::HelloClient;
use crate::hello::hello_server::{Hello, HelloServer};
use crate::hello::{HelloAllRequest, HelloReply, HelloRequest};

/// Greets people.
#[derive(Debug)]
pub struct Greeter;

#[tonic::async_trait]
impl Hello for Greeter {
    type HelloAllStream = Pin<Box<dyn Stream<Item = Result<HelloReply, Status>> + Send>>;

    async fn hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        let request = request.into_inner();
        if request.msg.is_empty() {
            return Err(Status::invalid_argument("msg is empty"));
        }
        Ok(Response::new(HelloReply {
            msg: format!("Hello {}", request.msg),
        }))
    }

    async fn hello_all(
        &self,
        request: Request<HelloAllRequest>,
    ) -> Result<Response<Self::HelloAllStream>, Status> {
        let names = tokio_stream::iter(request.into_inner().names);
        Ok(Response::new(Box::pin(names.map(|name| {
            Ok(HelloReply {
                msg: format!("Hello {name}"),
            })
        }))))
    }
}

/// Serves until the future is dropped.
///
/// # Errors
///
/// The server cannot start.
pub async fn serve(listener: TcpListener) -> Result<(), Box<dyn Error + Send + Sync>> {
    tonic::transport::Server::builder()
        .add_service(HelloServer::new(Greeter))
        .serve_with_incoming(TcpIncoming::from(listener))
        .await?;
    Ok(())
}

/// Calls the service at `address`.
///
/// # Errors
///
/// Nobody is there, or the call failed.
pub async fn greet(address: &str, name: &str) -> Result<String, Box<dyn Error + Send + Sync>> {
    let mut hello = HelloClient::connect(format!("http://{address}")).await?;
    let mut request = Request::new(HelloRequest { msg: name.into() });
    request.set_timeout(Duration::from_secs(2));
    let reply = hello.hello(request).await?.into_inner();
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
    let mut hello = HelloClient::connect(format!("http://{address}")).await?;
    let names = names.iter().map(ToString::to_string).collect();
    let request = Request::new(HelloAllRequest { names });
    let mut replies = hello.hello_all(request).await?.into_inner();
    let mut greetings = Vec::new();
    while let Some(reply) = replies.message().await? {
        greetings.push(reply.msg);
    }
    Ok(greetings)
}
