//! This project's sync client with its defaults.

use std::time::Duration;

use bench_native::{EchoClientProxy, EchoMessage};
use rpc_runtime::Channel;

fn main() -> anyhow::Result<()> {
    bench_common::drive_blocking(|address| {
        // A setting of the connection, here at its default, gives the channel one of its own.
        let channel = Channel::builder(address).connect_timeout(Duration::from_secs(10));
        let proxy = EchoClientProxy::with(channel.connect_blocking()?);
        Ok(move |text| Ok(proxy.echo(EchoMessage { text })?.text))
    })
}
