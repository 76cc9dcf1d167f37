//! jsonrpsee's client over a WebSocket, with its defaults except for the room in its queues.

use std::sync::Arc;

use bench_common::Messages;
use jsonrpsee::client_transport::ws::{Url, WsTransportClientBuilder};
use jsonrpsee::core::client::{Client, ClientBuilder, ClientT, Subscription, SubscriptionClientT};
use jsonrpsee::rpc_params;

/// Messages of a subscription that may wait for the caller. With the default of 1,024 the subscription ends as soon as the caller
/// is kept from the processor for a few milliseconds.
const SUBSCRIPTION_CAPACITY: usize = 256 * 1024;

fn main() -> anyhow::Result<()> {
    bench_common::drive(connect, |caller| tokio::spawn(caller.run()))
}

async fn connect(address: String) -> anyhow::Result<JsonRpcClient> {
    let url = Url::parse(&format!("ws://{address}"))?;
    let (sender, receiver) = WsTransportClientBuilder::default().build(url).await?;
    let client =
        ClientBuilder::default().max_buffer_capacity_per_subscription(SUBSCRIPTION_CAPACITY);
    Ok(JsonRpcClient {
        client: Arc::new(client.build_with_tokio(sender, receiver)),
    })
}

#[derive(Clone)]
struct JsonRpcClient {
    client: Arc<Client>,
}

impl bench_common::Client for JsonRpcClient {
    async fn echo(&mut self, text: String) -> anyhow::Result<String> {
        Ok(self.client.request("echo", rpc_params![text]).await?)
    }

    async fn stream(&mut self, text: String, messages: &mut Messages<'_>) -> anyhow::Result<()> {
        let stream = self.client.subscribe("repeat", rpc_params![text], "stop");
        let mut stream: Subscription<String> = stream.await?;
        while let Some(message) = stream.next().await {
            if !messages.take(&message?)? {
                return Ok(());
            }
        }
        anyhow::bail!("the stream ended early")
    }
}
