//! tonic's client with its defaults: one HTTP/2 connection, which its clones share.

use bench_common::{Client, Messages};
use bench_tonic::EchoMessage;
use bench_tonic::echo_client::EchoClient;
use tonic::transport::{Channel, Endpoint};

fn main() -> anyhow::Result<()> {
    bench_common::drive(connect, |caller| tokio::spawn(caller.run()))
}

async fn connect(address: String) -> anyhow::Result<TonicClient> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true);
    Ok(TonicClient {
        proxy: EchoClient::new(endpoint.connect().await?),
    })
}

#[derive(Clone)]
struct TonicClient {
    proxy: EchoClient<Channel>,
}

impl Client for TonicClient {
    async fn echo(&mut self, text: String) -> anyhow::Result<String> {
        let answer = self.proxy.echo(EchoMessage { text }).await?;
        Ok(answer.into_inner().text)
    }

    async fn stream(&mut self, text: String, messages: &mut Messages<'_>) -> anyhow::Result<()> {
        let answer = self.proxy.repeat(EchoMessage { text }).await?;
        let mut stream = answer.into_inner();
        while let Some(message) = stream.message().await? {
            if !messages.take(&message.text)? {
                return Ok(());
            }
        }
        anyhow::bail!("the stream ended early")
    }
}
