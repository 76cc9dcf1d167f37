//! tarpc's server on TCP.

use bench_tarpc::{Mirror, answer};
use tokio::net::TcpListener;

fn main() -> anyhow::Result<()> {
    bench_common::serve(accept)
}

async fn accept(listener: TcpListener) -> anyhow::Result<()> {
    let mirror = Mirror::default();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(answer(stream, mirror.clone()));
    }
}
