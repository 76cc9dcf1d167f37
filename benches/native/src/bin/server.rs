//! This project's server with its defaults.

use bench_native::{Echo, EchoMessage};
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
}
