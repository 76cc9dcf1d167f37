//! capnp-rpc's client as its examples build it: everything on one thread.

use bench_capnp::EchoClient;
use bench_common::Client;
use capnp_rpc::RpcSystem;
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::twoparty::VatNetwork;
use futures_util::io::{AsyncReadExt, BufReader, BufWriter};
use tokio::net::TcpStream;
use tokio::task;
use tokio_util::compat::TokioAsyncReadCompatExt;

fn main() -> anyhow::Result<()> {
    bench_common::drive_local(connect, |caller| task::spawn_local(caller.run()))
}

async fn connect(address: String) -> anyhow::Result<CapnpClient> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (reader, writer) = stream.compat().split();
    let network = VatNetwork::new(
        BufReader::new(reader),
        BufWriter::new(writer),
        Side::Client,
        Default::default(),
    );
    let mut system = RpcSystem::new(Box::new(network), None);
    let echo = system.bootstrap(Side::Server);
    task::spawn_local(system);
    Ok(CapnpClient { echo })
}

#[derive(Clone)]
struct CapnpClient {
    echo: EchoClient,
}

impl Client for CapnpClient {
    async fn echo(&mut self, text: String) -> anyhow::Result<String> {
        Ok(self.echo.echo(&text).await?)
    }
}
