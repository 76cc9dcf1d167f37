//! How services are registered and named.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::sync::Arc;

use rpc_runtime::{Code, Context, Server, Status, Streaming, rpc_service};
use rpc_tests::probe::{Payload, Seen};
use rpc_tests::relay::{
    Hop, Hopped, Mirror, MirrorAsyncClientProxy, MirrorServer, Relay, RelayAsyncClientProxy,
    RelayServer,
};
use rpc_tests::{LIMIT, RawPeer, TestProbe, TestServer, within};
use rpc_wire::frame::FrameType;

/// One type with two services.
#[derive(Clone, Default)]
struct Both {
    name: &'static str,
}

#[rpc_service]
impl Relay for Both {
    async fn inspect(&self, cx: Context, _: Hop) -> Result<Hopped, Status> {
        let method = format!("{} {}", self.name, cx.method().unwrap().path());
        Ok(Hopped {
            seen: Some(Seen {
                method,
                ..Seen::default()
            }),
            ..Hopped::default()
        })
    }

    async fn hold(&self, _: Context, _: Payload) -> Result<(), Status> {
        Ok(())
    }
}

#[rpc_service]
impl Mirror for Both {
    async fn reflect(&self, cx: Context, _: Payload) -> Result<Payload, Status> {
        let text = format!("{} {}", self.name, cx.method().unwrap().path());
        Ok(Payload { data: text.into() })
    }

    async fn collect(&self, _: Context, _: Streaming<Payload>) -> Result<Payload, Status> {
        panic!("streaming methods are not served")
    }
}

#[tokio::test]
async fn a_type_with_several_services_is_registered_for_each() {
    within(LIMIT, async {
        let shared = Arc::new(Both { name: "shared" });
        let server = Server::new()
            .service(RelayServer::from_arc(shared))
            .service(MirrorServer::new(Both { name: "own" }));
        let server = server.bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().to_string();
        let serving = tokio::spawn(server.serve());

        let relay = RelayAsyncClientProxy::connect(&address).await.unwrap();
        let seen = relay.inspect(Hop::default()).await.unwrap().seen.unwrap();
        assert_eq!(seen.method, "shared relay.Relay/Inspect");
        // Both proxies have one connection, and each has methods that are the other's by number.
        let mirror = MirrorAsyncClientProxy::with(relay.channel().clone());
        let reply = mirror.reflect(Payload::default()).await.unwrap();
        assert_eq!(reply.data, "own relay.Mirror/Reflect");
        serving.abort();
    })
    .await;
}

#[tokio::test]
async fn a_service_answers_under_its_own_name_and_an_alias() {
    within(LIMIT, async {
        let alias = TestProbe::new();
        let configure = |server: Server| server.service_as("legacy", alias.clone());
        let server = TestServer::start_with(configure).await;
        let mut peer = RawPeer::client(server.socket_addr()).await;
        for (id, path) in [
            (1, "probe.Probe/Echo"),
            (2, "legacy/Echo"),
            (3, "legacy/Inspect"),
        ] {
            peer.send_request(id, path, b"").await;
            let reply = peer.expect(FrameType::Response).await;
            assert_eq!(
                (reply.header.stream_id, reply.status().0),
                (id, Code::Ok),
                "{path}"
            );
        }
        assert_eq!(server.probe.counts().finished, 1);
        assert_eq!(alias.counts().finished, 2);
        peer.send_request(4, "legacy.Probe/Echo", b"").await;
        let reply = peer.expect(FrameType::Response).await;
        assert_eq!(reply.status().0, Code::Unimplemented);
    })
    .await;
}
