//! tarpc's client with its defaults, except for the length of its queue.

use bench_common::Client;
use bench_tarpc::{EchoClient, QUEUE_LENGTH};
use tarpc::client::Config;
use tarpc::context;
use tarpc::serde_transport::Transport;
use tarpc::tokio_serde::formats::Bincode;
use tokio::net::TcpStream;

fn main() -> anyhow::Result<()> {
    bench_common::drive(connect, |caller| tokio::spawn(caller.run()))
}

async fn connect(address: String) -> anyhow::Result<TarpcClient> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut config = Config::default();
    config.pending_request_buffer = QUEUE_LENGTH;
    let transport = Transport::from((stream, Bincode::default()));
    Ok(TarpcClient {
        proxy: EchoClient::new(config, transport).spawn(),
    })
}

#[derive(Clone)]
struct TarpcClient {
    proxy: EchoClient,
}

impl Client for TarpcClient {
    async fn echo(&mut self, text: String) -> anyhow::Result<String> {
        Ok(self.proxy.echo(context::current(), text).await?)
    }
}
