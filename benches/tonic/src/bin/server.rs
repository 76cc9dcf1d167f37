//! tonic's server with its defaults.

use std::pin::Pin;

use bench_tonic::EchoMessage;
use bench_tonic::echo_server::{Echo, EchoServer};
use futures_util::stream::{self, Stream};
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

fn main() -> anyhow::Result<()> {
    bench_common::serve(accept)
}

async fn accept(listener: TcpListener) -> anyhow::Result<()> {
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .add_service(EchoServer::new(Mirror))
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}

struct Mirror;

#[tonic::async_trait]
impl Echo for Mirror {
    type RepeatStream = Pin<Box<dyn Stream<Item = Result<EchoMessage, Status>> + Send>>;

    async fn echo(&self, request: Request<EchoMessage>) -> Result<Response<EchoMessage>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn repeat(
        &self,
        request: Request<EchoMessage>,
    ) -> Result<Response<Self::RepeatStream>, Status> {
        let message = request.into_inner();
        let messages = stream::repeat_with(move || Ok(message.clone()));
        Ok(Response::new(Box::pin(messages)))
    }
}
