//! This project's asynchronous client with its defaults.

use std::net::SocketAddr;

use bench_common::Client;
use bench_native::{EchoAsyncClientProxy, EchoMessage};

fn main() -> anyhow::Result<()> {
    bench_common::drive(connect)
}

async fn connect(address: SocketAddr) -> anyhow::Result<NativeClient> {
    Ok(NativeClient {
        proxy: EchoAsyncClientProxy::connect(address.to_string()).await?,
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
}
