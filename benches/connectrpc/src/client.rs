//! The client: the Connect protocol over one HTTP/2 connection.

use bench_common::{Client, Messages};
use connectrpc::CodecFormat;
use connectrpc::client::{ClientConfig, Http2Connection, SharedHttp2Connection};

use crate::bench::{EchoClient, EchoMessage, LogRequest};
use crate::text_bytes;

/// Calls that may wait for the connection, as its documentation recommends.
const QUEUE_LENGTH: usize = 1024;

/// A connection to `address`, whose messages are encoded by `codec`.
///
/// # Errors
///
/// When the server cannot be reached.
pub async fn connect(address: String, codec: CodecFormat) -> anyhow::Result<ConnectClient> {
    let config = ClientConfig::new(format!("http://{address}").parse()?).with_codec_format(codec);
    let connection = Http2Connection::connect_plaintext(config.base_uri().clone()).await?;
    Ok(ConnectClient {
        proxy: EchoClient::new(connection.shared(QUEUE_LENGTH), config),
    })
}

/// The generated proxy.
#[derive(Clone)]
pub struct ConnectClient {
    proxy: EchoClient<SharedHttp2Connection>,
}

impl Client for ConnectClient {
    async fn echo(&mut self, text: String) -> anyhow::Result<String> {
        let answer = self.proxy.echo(message(text)).await?;
        Ok(answer.into_owned().text)
    }

    async fn logs(&mut self) -> anyhow::Result<usize> {
        let answer = self.proxy.logs(LogRequest::default()).await?;
        Ok(text_bytes(answer.view()))
    }

    async fn stream(&mut self, text: String, messages: &mut Messages<'_>) -> anyhow::Result<()> {
        let mut stream = self.proxy.repeat(message(text)).await?;
        while let Some(message) = stream.message().await? {
            if !messages.take(message.view().text)? {
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
