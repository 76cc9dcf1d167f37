//! tarpc's client with its defaults, except for the length of its queue.

use bench_common::Client;
use bench_tarpc::{EchoClient, QUEUE_LENGTH, text_bytes, transport};
use tarpc::client::Config;
use tarpc::context;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

fn main() -> anyhow::Result<()> {
    bench_common::drive(connect, |caller| tokio::spawn(caller.run()))
}

async fn connect(address: String) -> anyhow::Result<TarpcClient> {
    if let Some(path) = address.strip_prefix("unix:") {
        return over(UnixStream::connect(path).await?);
    }
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    over(stream)
}

fn over<S>(stream: S) -> anyhow::Result<TarpcClient>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let mut config = Config::default();
    config.pending_request_buffer = QUEUE_LENGTH;
    Ok(TarpcClient {
        proxy: EchoClient::new(config, transport(stream)?).spawn(),
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

    async fn logs(&mut self) -> anyhow::Result<usize> {
        let records = self.proxy.logs(context::current()).await?;
        Ok(text_bytes(&records))
    }
}
