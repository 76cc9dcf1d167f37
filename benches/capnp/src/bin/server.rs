//! capnp-rpc's server as its examples build it: everything on one thread.

use bench_capnp::{EchoClient, Mirror};
use capnp_rpc::RpcSystem;
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::twoparty::VatNetwork;
use futures_util::io::{AsyncReadExt, BufReader, BufWriter};
use tokio::net::TcpListener;
use tokio::task;
use tokio_util::compat::TokioAsyncReadCompatExt;

fn main() -> anyhow::Result<()> {
    bench_common::serve_local(accept)
}

async fn accept(listener: TcpListener) -> anyhow::Result<()> {
    let echo: EchoClient = capnp_rpc::new_client(Mirror);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.compat().split();
        let network = VatNetwork::new(
            BufReader::new(reader),
            BufWriter::new(writer),
            Side::Server,
            Default::default(),
        );
        let bootstrap = capnp::capability::FromClientHook::into_client_hook(echo.clone());
        let bootstrap = capnp::capability::Client::new(bootstrap);
        task::spawn_local(RpcSystem::new(Box::new(network), Some(bootstrap)));
    }
}
