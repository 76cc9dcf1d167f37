//! tonic's client with its defaults: one HTTP/2 connection, which its clones share.

use bench_common::{Client, Messages, max_message_size};
use bench_tonic::echo_client::EchoClient;
use bench_tonic::{EchoMessage, LogRequest, text_bytes};
use tonic::transport::{Channel, Endpoint};

fn main() -> anyhow::Result<()> {
    bench_common::drive(connect, |caller| tokio::spawn(caller.run()))
}

async fn connect(address: String) -> anyhow::Result<TonicClient> {
    let target = match address.starts_with("unix:") {
        true => address,
        false => format!("http://{address}"),
    };
    let endpoint = Endpoint::from_shared(target)?.tcp_nodelay(true);
    let mut proxy = EchoClient::new(endpoint.connect().await?);
    if let Some(bytes) = max_message_size()? {
        proxy = proxy.max_decoding_message_size(bytes);
        proxy = proxy.max_encoding_message_size(bytes);
    }
    Ok(TonicClient { proxy })
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

    async fn logs(&mut self) -> anyhow::Result<usize> {
        let answer = self.proxy.logs(LogRequest {}).await?;
        Ok(text_bytes(answer.get_ref()))
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
