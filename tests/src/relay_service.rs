//! A service whose handlers call another server.

use rpc_runtime::{Channel, Context, Status, rpc_service};

use crate::probe::{Payload, ProbeAsyncClientProxy, ProbeClientProxy, Seen};
use crate::relay::hop::Way;
use crate::relay::{Hop, Hopped, Relay};

/// The implementation of `Relay`: its handlers call a probe.
#[derive(Clone)]
pub struct TestRelay {
    probe: ProbeAsyncClientProxy,
    sync_probe: ProbeClientProxy,
}

impl TestRelay {
    /// A relay to the probe at `address`.
    ///
    /// # Panics
    ///
    /// If `address` is none.
    pub fn to(address: &str) -> Self {
        TestRelay {
            probe: ProbeAsyncClientProxy::connect_lazy(address).expect("it is an address"),
            sync_probe: ProbeClientProxy::connect_lazy(address).expect("it is an address"),
        }
    }

    /// A relay that calls through `channel`.
    pub fn over(channel: Channel) -> Self {
        TestRelay {
            probe: ProbeAsyncClientProxy::with(channel.clone()),
            sync_probe: ProbeClientProxy::with(channel),
        }
    }

    async fn ask(&self, cx: Context, way: Way) -> Result<Seen, Status> {
        let probe = self.probe.clone();
        let task = match way {
            Way::Await => return probe.inspect(()).await,
            Way::Start => return probe.inspect(()).start().await,
            Way::Sync => return self.sync_probe.inspect(()),
            Way::SpawnScoped => tokio::spawn(cx.scope(async move { probe.inspect(()).await })),
            Way::SpawnGivenContext => {
                tokio::spawn(async move { probe.inspect(()).context(&cx).await })
            }
            Way::SpawnUnlinked => tokio::spawn(async move { probe.inspect(()).await }),
        };
        task.await.expect("the task does not panic")
    }
}

#[rpc_service]
impl Relay for TestRelay {
    async fn inspect(&self, cx: Context, request: Hop) -> Result<Hopped, Status> {
        let remaining = cx.remaining().map_or(0, |remaining| remaining.as_micros());
        let seen = self.ask(cx, request.way()).await?;
        Ok(Hopped {
            remaining_us: remaining as u64,
            seen: Some(seen),
        })
    }

    async fn hold(&self, _: Context, request: Payload) -> Result<(), Status> {
        self.probe.hold(request).await.map(drop)
    }
}
