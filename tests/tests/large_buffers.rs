//! The buffers of large messages are used again, and are given back however calls end.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use rpc_runtime::memory::{self, ClassStats};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{LIMIT, TestServer, within};

const MIB: usize = 1024 * 1024;

/// Buffers of the size that a mebibyte takes.
fn buffers() -> ClassStats {
    let stats = memory::stats();
    stats.into_iter().find(|class| class.size >= MIB).unwrap()
}

/// The server lets go of a reply when it is written, which may be after its client has read it.
async fn until_none_is_in_use() {
    while buffers().in_use > 0 {
        tokio::task::yield_now().await;
    }
}

// The pool belongs to the process, so all of it is one test.
#[tokio::test]
async fn buffers_of_large_messages_are_used_again_however_calls_end() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = server.client().await;
        let payload = Payload {
            data: vec![7; MIB].into(),
        };
        for _ in 0..10 {
            assert!(client.echo(payload.clone()).await.unwrap().data == payload.data);
        }
        until_none_is_in_use().await;
        let used = buffers();
        assert!(used.free > 0, "{used:?}");
        assert!(used.hits > used.misses, "{used:?}");

        // Over gRPC, whose requests arrive in pieces.
        let grpc = ProbeAsyncClientProxy::connect(format!("grpc://{}", server.socket_addr()));
        let grpc = grpc.await.unwrap();
        for _ in 0..10 {
            assert!(grpc.echo(payload.clone()).await.unwrap().data == payload.data);
        }
        until_none_is_in_use().await;
        let misses = buffers().misses - used.misses;
        assert!(misses < 5, "{misses} of 40 buffers were new");

        // Cancelled while the handler has the request.
        let held = client.hold(payload.clone()).start();
        server.probe.until_running(1).await;
        drop(held);
        until_none_is_in_use().await;

        // Lost with the server.
        let held = client.hold(payload).start();
        server.probe.until_running(1).await;
        drop(server);
        assert!(held.await.is_err());
        until_none_is_in_use().await;

        memory::release_unused();
        assert_eq!(buffers().free, 0);
    })
    .await;
}
