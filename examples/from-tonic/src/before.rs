//! The service with tonic.

use std::error::Error;
use std::time::Duration;

use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::hello::hello_client::HelloClient;
use crate::hello::hello_server::{Hello, HelloServer};
use crate::hello::{HelloReply, HelloRequest};

/// Greets people.
#[derive(Debug)]
pub struct Greeter;

#[tonic::async_trait]
impl Hello for Greeter {
    async fn hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        let request = request.into_inner();
        if request.msg.is_empty() {
            return Err(Status::invalid_argument("msg is empty"));
        }
        Ok(Response::new(HelloReply {
            msg: format!("Hello {}", request.msg),
        }))
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
