//! Somebody who must not notice what others do.

use rpc_runtime::{RpcFuture, Server};

use crate::probe::{Payload, ProbeAsyncClientProxy};
use crate::{LIMIT, TestServer, within};

/// A server with a well-behaved client, which is in the middle of a call.
pub struct Bystander {
    /// The server, for others.
    pub server: TestServer,
    client: ProbeAsyncClientProxy,
    held: RpcFuture<Payload>,
}

impl Bystander {
    /// A server configured by the test.
    pub async fn start(configure: impl FnOnce(Server) -> Server) -> Self {
        let server = TestServer::start_with(configure).await;
        let client = server.client().await;
        let held = client.hold(Payload::default()).start();
        within(LIMIT, server.probe.until_running(1)).await;
        Bystander {
            server,
            client,
            held,
        }
    }

    /// The call ends well, and so does the next on the same connection.
    pub async fn noticed_nothing(self) {
        self.server.probe.release_all();
        within(LIMIT, self.held).await.expect("the call goes on");
        let next = within(LIMIT, self.client.echo(Payload::default())).await;
        next.expect("the server lives");
    }
}
