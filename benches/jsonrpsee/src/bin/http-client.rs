//! jsonrpsee's client over HTTP, with its defaults: calls at a time have a connection each.

use bench_common::Client;
use bench_jsonrpsee::{EchoMessage, METHOD};
use jsonrpsee::core::client::ClientT;
use jsonrpsee::core::params::ObjectParams;
use jsonrpsee_http_client::{HttpClient, HttpClientBuilder};

fn main() -> anyhow::Result<()> {
    bench_common::drive(connect, |caller| tokio::spawn(caller.run()))
}

async fn connect(address: String) -> anyhow::Result<JsonRpcClient> {
    let client = HttpClientBuilder::default().build(format!("http://{address}"))?;
    Ok(JsonRpcClient { client })
}

#[derive(Clone)]
struct JsonRpcClient {
    client: HttpClient,
}

impl Client for JsonRpcClient {
    async fn echo(&mut self, text: String) -> anyhow::Result<String> {
        let mut params = ObjectParams::new();
        params.insert("text", text)?;
        let answer: EchoMessage = self.client.request(METHOD, params).await?;
        Ok(answer.text)
    }
}
