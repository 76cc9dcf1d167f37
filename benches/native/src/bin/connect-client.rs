//! This project's asynchronous client as it should not be used: with a connection for each call.

use std::time::Duration;

use bench_common::Client;
use bench_native::{EchoAsyncClientProxy, EchoMessage};
use rpc_runtime::Channel;

fn main() -> anyhow::Result<()> {
    bench_common::drive(connect, |caller| tokio::spawn(caller.run()))
}

async fn connect(address: String) -> anyhow::Result<ConnectingClient> {
    Ok(ConnectingClient { address })
}

#[derive(Clone)]
struct ConnectingClient {
    address: String,
}

impl Client for ConnectingClient {
    async fn echo(&mut self, text: String) -> anyhow::Result<String> {
        // A setting of the connection, here at its default, gives the channel one of its own.
        let channel = Channel::builder(&self.address).connect_timeout(Duration::from_secs(10));
        let proxy = EchoAsyncClientProxy::with(channel.connect().await?);
        Ok(proxy.echo(EchoMessage { text }).await?.text)
    }
}
