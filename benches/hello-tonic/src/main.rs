//! A server on a free port, and a call to it.

use helloworld::hello_client::HelloClient;
use helloworld::hello_server::{Hello, HelloServer};
use helloworld::{HelloReply, HelloRequest};
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

mod helloworld {
    tonic::include_proto!("helloworld");
}

struct Greeter;

#[tonic::async_trait]
impl Hello for Greeter {
    async fn hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        let msg = format!("Hello {}", request.into_inner().msg);
        Ok(Response::new(HelloReply { msg }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let server = Server::builder().add_service(HelloServer::new(Greeter));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));

    let mut hello = HelloClient::connect(address).await?;
    let request = HelloRequest {
        msg: "world".to_owned(),
    };
    println!("{}", hello.hello(request).await?.into_inner().msg);
    Ok(())
}
