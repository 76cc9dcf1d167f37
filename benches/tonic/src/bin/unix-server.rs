//! tonic's server with its defaults on a Unix socket.

use futures_util::stream;
use tokio::net::UnixListener;
use tonic::transport::Server;

fn main() -> anyhow::Result<()> {
    bench_common::serve_unix(accept)
}

async fn accept(listener: UnixListener) -> anyhow::Result<()> {
    let incoming = stream::unfold(listener, async |listener| {
        let accepted = listener.accept().await;
        Some((accepted.map(|(stream, _)| stream), listener))
    });
    Server::builder()
        .add_service(bench_tonic::service()?)
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}
