//! jsonrpsee's server with its defaults, except for the number of connections.

use bench_jsonrpsee::{EchoMessage, METHOD};
use jsonrpsee::PendingSubscriptionSink;
use jsonrpsee::core::{SubscriptionResult, to_json_raw_value};
use jsonrpsee::server::{RpcModule, Server, ServerConfig};
use jsonrpsee::types::Params;
use tokio::net::TcpListener;

/// Above what any load needs; the default is 100.
const MAX_CONNECTIONS: u32 = 1024;

fn main() -> anyhow::Result<()> {
    bench_common::serve(accept)
}

async fn accept(listener: TcpListener) -> anyhow::Result<()> {
    let mut module = RpcModule::new(());
    module.register_method("echo", |params, _, _| params.one::<String>())?;
    module.register_method(METHOD, |params, _, _| params.parse::<EchoMessage>())?;
    module.register_subscription("repeat", "text", "stop", |params, sink, _, _| {
        repeat(params, sink)
    })?;

    let config = ServerConfig::builder().max_connections(MAX_CONNECTIONS);
    let server = Server::builder()
        .set_config(config.build())
        .build_from_tcp(listener.into_std()?)?;
    server.start(module).stopped().await;
    Ok(())
}

async fn repeat(params: Params<'static>, sink: PendingSubscriptionSink) -> SubscriptionResult {
    let text: String = params.one()?;
    let sink = sink.accept().await?;
    loop {
        sink.send(to_json_raw_value(&text)?).await?;
    }
}
