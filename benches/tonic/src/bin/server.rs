//! tonic's server with its defaults.

use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

fn main() -> anyhow::Result<()> {
    bench_common::serve(accept)
}

async fn accept(listener: TcpListener) -> anyhow::Result<()> {
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .add_service(bench_tonic::service()?)
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}
