//! This project's server with its defaults.

use bench_native::{Echo, EchoMessage};
use futures_util::stream::{self, Stream};
use rpc_runtime::{Context, Server, Status, rpc_service};
use tokio::net::TcpListener;

fn main() -> anyhow::Result<()> {
    bench_common::serve(accept)
}

async fn accept(listener: TcpListener) -> anyhow::Result<()> {
    Server::new()
        .service(Mirror)
        .serve_with_listener(listener)
        .await?;
    Ok(())
}

struct Mirror;

#[rpc_service]
impl Echo for Mirror {
    async fn echo(&self, _: Context, request: EchoMessage) -> Result<EchoMessage, Status> {
        Ok(request)
    }

    async fn repeat(
        &self,
        _: Context,
        request: EchoMessage,
    ) -> Result<impl Stream<Item = Result<EchoMessage, Status>> + Send + 'static, Status> {
        Ok(stream::repeat_with(move || Ok(request.clone())))
    }
}
