//! `local()`: a proxy that calls an implementation in the same process, as users' tests do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rpc_runtime::{Code, Context, Metadata, Status, Streaming, rpc_service};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy, ProbeClientProxy};
use rpc_tests::relay::{Mirror, MirrorAsyncClientProxy, MirrorClientProxy, MirrorServer};
use rpc_tests::{LIMIT, TestProbe, within, within_blocking};

/// A fake as a user would write it.
#[derive(Clone, Default)]
struct FakeMirror {
    calls: Arc<AtomicUsize>,
}

#[rpc_service]
impl Mirror for FakeMirror {
    async fn reflect(&self, _: Context, request: Payload) -> Result<Payload, Status> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        match &request.data[..] {
            b"" => Err(Status::invalid_argument("there is nothing to reflect")),
            data => Ok(Payload {
                data: data.iter().rev().copied().collect(),
            }),
        }
    }

    async fn collect(&self, _: Context, _: Streaming<Payload>) -> Result<Payload, Status> {
        Err(Status::unimplemented("this fake does not collect"))
    }
}

#[tokio::test]
async fn an_async_proxy_calls_a_fake() {
    within(LIMIT, async {
        let fake = FakeMirror::default();
        let mirror = MirrorAsyncClientProxy::local(fake.clone());
        let reply = mirror
            .reflect(Payload { data: "abc".into() })
            .await
            .unwrap();
        assert_eq!(reply.data, "cba");
        let status = mirror.reflect(Payload::default()).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(status.message(), "there is nothing to reflect");
        assert_eq!(status.address(), Some("this process"));
        assert_eq!(fake.calls.load(Ordering::Relaxed), 2);
    })
    .await;
}

#[tokio::test]
async fn proxies_take_a_fake_that_the_test_shares() {
    within(LIMIT, async {
        let fake = Arc::new(FakeMirror::default());
        let mirror = MirrorAsyncClientProxy::local(fake.clone());
        mirror.reflect(Payload { data: "a".into() }).await.unwrap();
        let mirror = MirrorClientProxy::local(Arc::clone(&fake));
        mirror.reflect(Payload { data: "b".into() }).unwrap();
        let mirror = MirrorClientProxy::local(MirrorServer::from_arc(Arc::clone(&fake)));
        mirror.reflect(Payload { data: "c".into() }).unwrap();
        assert_eq!(fake.calls.load(Ordering::Relaxed), 3);
    })
    .await;
}

#[test]
fn a_sync_proxy_calls_a_fake() {
    within_blocking(LIMIT, || {
        let fake = FakeMirror::default();
        let mirror = MirrorClientProxy::local(fake.clone());
        assert_eq!(
            mirror.reflect(Payload { data: "abc".into() }).unwrap().data,
            "cba"
        );
        let status = mirror.reflect(Payload::default()).unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(fake.calls.load(Ordering::Relaxed), 2);
    });
}

#[tokio::test]
async fn a_sync_proxy_calls_a_fake_from_async_code() {
    within(LIMIT, async {
        let mirror = MirrorClientProxy::local(FakeMirror::default());
        assert_eq!(
            mirror.reflect(Payload { data: "ab".into() }).unwrap().data,
            "ba"
        );
    })
    .await;
}

#[tokio::test]
async fn local_calls_have_deadlines_metadata_and_cancellation_as_others_do() {
    within(LIMIT, async {
        let probe = TestProbe::new();
        let client = ProbeAsyncClientProxy::local(probe.clone());
        let mut metadata = Metadata::new();
        metadata.insert("tenant", "blue").unwrap();
        let seen = client.inspect(()).metadata(metadata).await.unwrap();
        assert_eq!(seen.metadata["tenant"], "blue");
        assert!(seen.remaining_us > 0);
        assert_eq!(seen.peer, "", "there is no address");

        let held = client
            .hold(Payload::default())
            .timeout(Duration::from_millis(20));
        assert_eq!(held.await.unwrap_err().code(), Code::DeadlineExceeded);
        let held = client.hold(Payload::default()).start();
        probe.until_running(1).await;
        drop(held);
        assert_eq!(probe.until_running(0).await.dropped, 2);
    })
    .await;
}

#[test]
fn large_messages_go_through_a_local_proxy() {
    within_blocking(LIMIT, || {
        let client = ProbeClientProxy::local(TestProbe::new());
        let large = Payload {
            data: (0..3_000_000).map(|i| i as u8).collect(),
        };
        assert!(client.echo(large.clone()).unwrap() == large);
    });
}
