//! The asynchronous client.

use std::time::Duration;

use bench_common::{Client, Messages, max_message_size};
use rpc_runtime::Channel;

use crate::{EchoAsyncClientProxy, EchoMessage, LogRequest, text_bytes};

/// A connection to `target`, with its defaults unless the load raises its limit.
///
/// # Errors
///
/// When the server cannot be reached, or the environment has no valid limit.
pub async fn connect(target: String) -> anyhow::Result<NativeClient> {
    // A setting of the connection, here at its default, gives the channel one of its own.
    let mut channel = Channel::builder(target).connect_timeout(Duration::from_secs(10));
    if let Some(bytes) = max_message_size()? {
        channel = channel.max_message_size(bytes);
    }
    Ok(NativeClient {
        proxy: EchoAsyncClientProxy::with(channel.connect().await?),
    })
}

/// The generated proxy.
#[derive(Clone)]
pub struct NativeClient {
    proxy: EchoAsyncClientProxy,
}

impl Client for NativeClient {
    async fn echo(&mut self, text: String) -> anyhow::Result<String> {
        Ok(self.proxy.echo(EchoMessage { text }).await?.text)
    }

    async fn logs(&mut self) -> anyhow::Result<usize> {
        Ok(text_bytes(&self.proxy.logs(LogRequest {}).await?))
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
