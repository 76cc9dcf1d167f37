//! This project's asynchronous client with its defaults.

use std::time::Duration;

use bench_common::{Client, Messages};
use bench_native::{EchoAsyncClientProxy, EchoMessage};
use rpc_runtime::Channel;

fn main() -> anyhow::Result<()> {
    bench_common::drive(connect, |caller| tokio::spawn(caller.run()))
}

async fn connect(address: String) -> anyhow::Result<NativeClient> {
    // A setting of the connection, here at its default, gives the channel one of its own.
    let channel = Channel::builder(address).connect_timeout(Duration::from_secs(10));
    Ok(NativeClient {
        proxy: EchoAsyncClientProxy::with(channel.connect().await?),
    })
}

#[derive(Clone)]
struct NativeClient {
    proxy: EchoAsyncClientProxy,
}

impl Client for NativeClient {
    async fn echo(&mut self, text: String) -> anyhow::Result<String> {
        Ok(self.proxy.echo(EchoMessage { text }).await?.text)
    }

    async fn stream(&mut self, text: String, messages: &mut Messages<'_>) -> anyhow::Result<()> {
        let mut stream = self.proxy.repeat(EchoMessage { text }).await?;
        while let Some(message) = stream.message().await? {
            if !messages.take(&message.text)? {
                return Ok(());
            }
        }
        anyhow::bail!("the stream ended early")
    }
}
