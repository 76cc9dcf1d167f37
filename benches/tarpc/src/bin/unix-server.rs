//! tarpc's server on a Unix socket.

use bench_tarpc::{Mirror, answer};
use tokio::net::UnixListener;

fn main() -> anyhow::Result<()> {
    bench_common::serve_unix(accept)
}

async fn accept(listener: UnixListener) -> anyhow::Result<()> {
    let mirror = Mirror::default();
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(answer(stream, mirror.clone()));
    }
}
