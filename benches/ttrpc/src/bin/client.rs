//! ttrpc's asynchronous client with its defaults.

use bench_common::{Client, Messages};
use bench_ttrpc::echo::{EchoMessage, LogRequest};
use bench_ttrpc::echo_ttrpc::EchoClient;
use bench_ttrpc::text_bytes;
use ttrpc::context::Context;

fn main() -> anyhow::Result<()> {
    bench_common::drive(connect, |caller| tokio::spawn(caller.run()))
}

async fn connect(address: String) -> anyhow::Result<TtrpcClient> {
    // As ttrpc writes the address of a socket.
    let address = address.replace("unix:", "unix://");
    let client = ttrpc::r#async::Client::connect(&address).await?;
    Ok(TtrpcClient {
        proxy: EchoClient::new(client),
    })
}

#[derive(Clone)]
struct TtrpcClient {
    proxy: EchoClient,
}

impl Client for TtrpcClient {
    async fn echo(&mut self, text: String) -> anyhow::Result<String> {
        let request = message(text);
        let answer = self.proxy.echo(Context::default(), &request);
        Ok(answer.await?.text)
    }

    async fn logs(&mut self) -> anyhow::Result<usize> {
        let request = LogRequest::default();
        let answer = self.proxy.logs(Context::default(), &request);
        Ok(text_bytes(&answer.await?))
    }

    async fn stream(&mut self, text: String, messages: &mut Messages<'_>) -> anyhow::Result<()> {
        let request = message(text);
        let stream = self.proxy.repeat(Context::default(), &request);
        let mut stream = stream.await?;
        while let Some(message) = stream.recv().await? {
            if !messages.take(&message.text)? {
                return Ok(());
            }
        }
        anyhow::bail!("the stream ended early")
    }
}

fn message(text: String) -> EchoMessage {
    EchoMessage {
        text,
        ..EchoMessage::default()
    }
}
