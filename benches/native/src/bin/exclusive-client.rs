//! This project's asynchronous client over an exclusive pool: one call at a time on each of its connections.

use bench_common::Client;
use bench_native::{EchoAsyncClientProxy, EchoMessage};
use rpc_runtime::Channel;

/// As many as the load has calls in flight.
const CONNECTIONS: usize = 64;

fn main() -> anyhow::Result<()> {
    bench_common::drive(connect, |caller| tokio::spawn(caller.run()))
}

async fn connect(address: String) -> anyhow::Result<ExclusiveClient> {
    let channel = Channel::builder(address).exclusive();
    let channel = channel.max_connections(CONNECTIONS).connect().await?;
    Ok(ExclusiveClient {
        proxy: EchoAsyncClientProxy::with(channel),
    })
}

#[derive(Clone)]
struct ExclusiveClient {
    proxy: EchoAsyncClientProxy,
}

impl Client for ExclusiveClient {
    async fn echo(&mut self, text: String) -> anyhow::Result<String> {
        Ok(self.proxy.echo(EchoMessage { text }).await?.text)
    }
}
