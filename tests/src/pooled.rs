//! Clients with a pool of their own.

use rpc_runtime::{ChannelBuilder, PoolStats};

use crate::probe::ProbeAsyncClientProxy;

/// A proxy on a channel as it was configured.
///
/// # Panics
///
/// If nobody can be connected to.
pub async fn connect(builder: ChannelBuilder) -> ProbeAsyncClientProxy {
    let channel = builder.connect().await;
    ProbeAsyncClientProxy::with(channel.expect("the server listens"))
}

/// Waits until the pool of a proxy is as `wanted`, which has to come about by itself.
pub async fn until_pool(
    client: &ProbeAsyncClientProxy,
    wanted: impl Fn(&PoolStats) -> bool,
) -> PoolStats {
    loop {
        let stats = client.stats();
        if wanted(&stats) {
            return stats;
        }
        tokio::task::yield_now().await;
    }
}
