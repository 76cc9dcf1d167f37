//! Graceful shutdown: what was accepted finishes, nothing else is begun.

use std::time::Duration;

use rpc_runtime::{Code, RpcFuture, Stage};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{LIMIT, RawPeer, TestServer, within};
use rpc_wire::frame::{Flags, FrameType, GoAway, GoAwayCode, RequestMetadata};
use tokio::net::{TcpListener, TcpStream};

/// Far less than the grace period, and more than connections without calls may take.
const SOON: Duration = Duration::from_secs(10);

fn held() -> Payload {
    Payload {
        data: "held".into(),
    }
}

/// Begins the shutdown; returns when the listener is closed and connections were told.
async fn begin_shutdown(server: &mut TestServer) {
    let mut witness = RawPeer::client(server.socket_addr()).await;
    server.begin_shutdown();
    witness.expect(FrameType::GoAway).await;
}

/// Calls that are held in a server.
async fn hold(server: &TestServer, count: usize) -> Vec<RpcFuture<Payload>> {
    let client = server.client().await;
    let calls = (0..count).map(|_| client.hold(held()).start()).collect();
    server.probe.until_running(count).await;
    calls
}

#[tokio::test]
async fn accepted_calls_finish() {
    within(LIMIT, async {
        let mut server = TestServer::start().await;
        let calls = hold(&server, 100).await;
        begin_shutdown(&mut server).await;
        assert_eq!(server.probe.counts().running(), 100);
        server.probe.release_all();
        for call in calls {
            assert_eq!(call.await.unwrap(), held());
        }
        within(SOON, server.shut_down()).await;
    })
    .await;
}

#[tokio::test]
async fn large_replies_of_accepted_calls_arrive_whole() {
    within(LIMIT, async {
        let mut server = TestServer::start().await;
        let client = server.client().await;
        let large = Payload {
            data: vec![1; 3_000_000].into(),
        };
        let calls: Vec<_> = (0..4).map(|_| client.hold(large.clone()).start()).collect();
        server.probe.until_running(4).await;
        begin_shutdown(&mut server).await;
        server.probe.release_all();
        let stopped = tokio::spawn(server.shut_down());
        for call in calls {
            assert!(call.await.unwrap() == large);
        }
        within(SOON, stopped).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn new_calls_are_not_executed() {
    within(LIMIT, async {
        let mut server = TestServer::start().await;
        let calls = hold(&server, 1).await;
        let client = server.client().await;
        begin_shutdown(&mut server).await;
        // A call that the client makes before it has heard is accepted.
        let mut accepted = calls.len();
        let status = loop {
            match client.echo(held()).await {
                Ok(_) => accepted += 1,
                Err(status) => break status,
            }
        };
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        assert_eq!(status.stage(), Some(Stage::Connect), "{status}");
        assert!(!status.may_have_run(), "{status}");
        server.probe.release_all();
        for call in calls {
            call.await.unwrap();
        }
        assert_eq!(server.probe.counts().started, accepted);
    })
    .await;
}

#[tokio::test]
async fn new_calls_go_to_the_server_that_took_over() {
    within(LIMIT, async {
        let mut server = TestServer::start().await;
        let calls = hold(&server, 1).await;
        let client = server.client().await;
        begin_shutdown(&mut server).await;
        let next = TestServer::start_at(server.socket_addr(), |server| server).await;
        // A call that the client makes before it has heard is accepted by the old one.
        while next.probe.counts().finished == 0 {
            client.echo(held()).await.unwrap();
        }
        let accepted = server.probe.counts().started;
        for _ in 0..10 {
            client.echo(held()).await.unwrap();
        }
        assert_eq!(next.probe.counts().finished, 11);
        server.probe.release_all();
        for call in calls {
            call.await.unwrap();
        }
        assert_eq!(server.probe.counts().started, accepted);
        within(SOON, server.shut_down()).await;
        client.echo(held()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_rolling_restart_under_load_fails_no_call() {
    within(LIMIT, async {
        let mut server = TestServer::start().await;
        let address = server.socket_addr();
        let client = server.client().await;
        let mut done = 0;
        for _ in 0..3 {
            let old = hold(&server, 20).await;
            begin_shutdown(&mut server).await;
            let next = TestServer::start_at(address, |server| server).await;
            let new: Vec<_> = (0..200).map(|_| client.echo(held()).start()).collect();
            server.probe.release_all();
            for call in old.into_iter().chain(new) {
                call.await.unwrap();
                done += 1;
            }
            within(SOON, server.shut_down()).await;
            server = next;
        }
        assert_eq!(done, 3 * 220);
    })
    .await;
}

#[tokio::test]
async fn a_call_that_a_leaving_server_did_not_start_is_sent_to_its_successor() {
    within(LIMIT, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let client = ProbeAsyncClientProxy::connect_lazy(address).unwrap();
        let calls = [(); 2].map(|()| client.echo(held()).start());
        let mut leaving = RawPeer::server(&listener).await;
        leaving.expect(FrameType::Request).await;
        leaving.expect(FrameType::Request).await;
        let goaway = GoAway {
            last_stream_id: 1,
            code: GoAwayCode::NoError,
            message: String::new(),
            versions: Vec::new(),
        };
        leaving.send_goaway(&goaway).await;

        let mut next = RawPeer::server(&listener).await;
        let request = next.expect(FrameType::Request).await;
        let metadata = RequestMetadata::decode_checked(&request.metadata).unwrap();
        assert_eq!(metadata.attempt, 1);
        next.send_response(request.header.stream_id, &request.body)
            .await;
        leaving.send_response(1, &request.body).await;
        for call in calls {
            assert_eq!(call.await.unwrap(), held());
        }
    })
    .await;
}

#[tokio::test]
async fn a_request_after_the_last_goaway_is_refused_unexecuted() {
    within(LIMIT, async {
        let mut server = TestServer::start().await;
        let mut peer = RawPeer::client(server.socket_addr()).await;
        peer.send_request(1, "probe.Probe/Hold", b"").await;
        server.probe.until_running(1).await;

        server.begin_shutdown();
        let announced = peer.expect(FrameType::GoAway).await.goaway();
        assert_eq!(announced.last_stream_id, u32::MAX);
        let ping = peer.expect(FrameType::Ping).await;
        // The client had opened this one before it heard.
        peer.send_request(2, "probe.Probe/Echo", b"").await;
        assert_eq!(peer.expect(FrameType::Response).await.status().0, Code::Ok);
        peer.answer(&ping).await;
        assert_eq!(
            peer.expect(FrameType::GoAway).await.goaway().last_stream_id,
            2
        );

        peer.send_request(3, "probe.Probe/Echo", b"").await;
        let refused = peer.expect(FrameType::Response).await;
        assert_eq!(
            refused.status(),
            (Code::Unavailable, "the server is shutting down".to_owned())
        );
        assert!(refused.header.flags.contains(Flags::NOT_EXECUTED));

        server.probe.release_all();
        let last = peer.expect(FrameType::Response).await;
        assert_eq!((last.header.stream_id, last.status().0), (1, Code::Ok));
        let ping = peer.expect(FrameType::Ping).await;
        peer.answer(&ping).await;
        assert_eq!(peer.next_frame().await, None);
        assert_eq!(server.probe.counts().started, 2);
        let report = server.shut_down().await;
        assert_eq!((report.finished, report.refused, report.cut), (2, 1, 0));
    })
    .await;
}

#[tokio::test]
async fn connections_without_calls_delay_nothing() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let idle = server.client().await;
        idle.echo(held()).await.unwrap();
        let _silent = TcpStream::connect(server.socket_addr()).await.unwrap();
        let mut half_said = RawPeer::connect(server.socket_addr()).await;
        half_said.send(&[0x12, 0x34, 2]).await;
        let _deaf = RawPeer::client(server.socket_addr()).await;
        within(SOON, server.shut_down()).await;
    })
    .await;
}

#[tokio::test]
async fn calls_that_take_longer_than_the_grace_period_are_cut() {
    within(LIMIT, async {
        let grace = Duration::from_millis(50);
        let server = TestServer::start_with(|server| server.shutdown_grace(grace)).await;
        let probe = server.probe.clone();
        let calls = hold(&server, 10).await;
        let report = within(SOON, server.shut_down()).await;
        for call in calls {
            let status = call.await.unwrap_err();
            assert_eq!(status.code(), Code::Unavailable, "{status}");
            assert!(status.may_have_run(), "{status}");
            assert!(status.message().contains("shutdown_grace"), "{status}");
        }
        assert_eq!((report.finished, report.refused, report.cut), (0, 0, 10));
        assert_eq!(
            report.to_string(),
            "0 calls finished, 0 were refused, 10 were cut"
        );
        assert_eq!(probe.until_running(0).await.dropped, 10);
    })
    .await;
}
