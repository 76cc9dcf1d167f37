//! How services are registered and named, and what streaming methods answer.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::sync::Arc;

use rpc_runtime::{Code, Context, Server, Stage, Status, Streaming, rpc_service};
use rpc_tests::probe::{Payload, ProbeClientProxy, Seen, Size};
use rpc_tests::relay::{
    Hop, Hopped, Mirror, MirrorAsyncClientProxy, MirrorServer, Relay, RelayAsyncClientProxy,
    RelayServer,
};
use rpc_tests::{LIMIT, RawPeer, TestProbe, TestServer, within, within_blocking};
use rpc_wire::frame::{Flags, FrameType};

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

#[tokio::test]
async fn a_streaming_call_is_unimplemented_before_anything_is_sent() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let status = client.subscribe(Size::default()).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{status}");
        assert_eq!(
            status.message(),
            "streaming methods cannot be called in this version"
        );
        assert_eq!(status.method(), Some("probe.Probe/Subscribe"), "{status}");
        assert!(!status.may_have_run(), "{status}");
        assert_eq!(server.probe.counts().started, 0);

        let mirror = MirrorAsyncClientProxy::local(Both::default());
        let none = || rpc_runtime::blocking::requests(Vec::new());
        let status = mirror.collect(none()).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{status}");
        let status = mirror.collect(none()).with_metadata().await.unwrap_err();
        assert_eq!(
            status.message(),
            "streaming methods cannot be called in this version"
        );
        assert!(!status.may_have_run(), "{status}");
    })
    .await;
}

#[test]
fn a_sync_streaming_call_is_unimplemented() {
    within_blocking(LIMIT, || {
        let client = ProbeClientProxy::local(TestProbe::new());
        let status = client.subscribe(Size::default()).unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{status}");
        assert_ne!(status.stage(), Some(Stage::Wait), "{status}");
    });
}

#[tokio::test]
async fn a_server_answers_a_streaming_method_with_unimplemented_and_does_not_run_it() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = RawPeer::client(server.socket_addr()).await;
        peer.send_request(1, "probe.Probe/Subscribe", b"").await;
        let reply = peer.expect(FrameType::Response).await;
        let text = "this version of the server does not serve streaming methods";
        assert_eq!(reply.status(), (Code::Unimplemented, text.to_owned()));
        assert!(reply.header.flags.contains(Flags::NOT_EXECUTED));
        assert_eq!(server.probe.counts().started, 0);
        peer.send_request(2, "probe.Probe/Echo", b"").await;
        assert_eq!(peer.expect(FrameType::Response).await.status().0, Code::Ok);
    })
    .await;
}
