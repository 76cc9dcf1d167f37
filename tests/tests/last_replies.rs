//! At an orderly end the server waits until its last replies have arrived, not until they are sent.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::io;
use std::time::Duration;

use rpc_runtime::{Server, ShutdownReport};
use rpc_testkit::{Direction, Faults, LinkEnd, VirtualLink};
use rpc_tests::probe::{ProbeAsyncClientProxy, Size};
use rpc_tests::{LIMIT, RawFrame, RawPeer, TestProbe, TestServer, ends, once, within};
use rpc_wire::frame::FrameType;
use tokio::sync::{mpsc, oneshot};

/// Far less than the time limits of a server, and more than it takes without them.
const SOON: Duration = Duration::from_secs(10);

/// A client whose call is answered while the server shuts down, and the PING behind the answer.
async fn last_reply(server: &mut TestServer) -> (RawPeer, RawFrame) {
    let mut peer = RawPeer::client(server.socket_addr()).await;
    peer.send_request(1, "probe.Probe/Hold", b"").await;
    server.probe.until_running(1).await;
    server.begin_shutdown();
    peer.expect(FrameType::GoAway).await;
    let ping = peer.expect(FrameType::Ping).await;
    peer.answer(&ping).await;
    peer.expect(FrameType::GoAway).await;
    server.probe.release_all();
    peer.expect(FrameType::Response).await;
    let ping = peer.expect(FrameType::Ping).await;
    (peer, ping)
}

#[tokio::test]
async fn a_reply_on_a_slow_link_arrives_whole_before_the_server_is_gone() {
    /// More than the link holds, and several seconds of it.
    const REPLY: u64 = 96 * 1024;
    const BYTES_PER_SECOND: u64 = 32 * 1024;

    within(LIMIT, async {
        let slow = Faults::new().bytes_per_second(BYTES_PER_SECOND);
        let (link, client, server) = VirtualLink::open_with(Faults::new(), slow);
        let probe = TestProbe::new();
        let (shutdown, signal) = oneshot::channel::<()>();
        let serving = Server::new()
            .service(probe.clone())
            .serve_incoming_with_shutdown(one(server), async { signal.await.unwrap_or(()) });
        let serving = tokio::spawn(serving);
        let client = ProbeAsyncClientProxy::connect_with(once(client))
            .await
            .unwrap();
        let call = client.produce(Size { bytes: REPLY }).start();
        probe.until(|counts| counts.finished == 1).await;
        shutdown.send(()).unwrap();
        let report: ShutdownReport = serving.await.unwrap().unwrap();
        // The process ends, and with it what the network would still send.
        link.cut();
        assert_eq!(call.await.unwrap().data.len() as u64, REPLY);
        assert_eq!(report.cut, 0);
        assert!(link.bytes(Direction::ToClient) > REPLY);
    })
    .await;
}

/// One connection, and no end of those to come.
fn one(end: LinkEnd) -> impl futures_core::Stream<Item = io::Result<LinkEnd>> + Send {
    use tokio_stream::StreamExt;
    tokio_stream::once(Ok(end)).chain(tokio_stream::pending())
}

#[tokio::test]
async fn a_client_that_answers_the_ping_behind_its_last_reply_has_everything() {
    within(LIMIT, async {
        let (observe, mut reasons) = ends();
        let mut server = TestServer::start_with(|server| server.on_connection(observe)).await;
        let (mut peer, ping) = last_reply(&mut server).await;
        peer.answer(&ping).await;
        assert_eq!(peer.next_frame().await, None);
        within(SOON, server.shut_down()).await;
        assert_eq!(reasons.recv().await.unwrap(), "finished");
    })
    .await;
}

#[tokio::test]
async fn a_client_that_closes_behind_its_last_reply_has_everything() {
    within(LIMIT, async {
        let (observe, mut reasons) = ends();
        let mut server = TestServer::start_with(|server| server.on_connection(observe)).await;
        let (peer, _) = last_reply(&mut server).await;
        drop(peer);
        within(SOON, server.shut_down()).await;
        assert_eq!(reasons.recv().await.unwrap(), "finished");
    })
    .await;
}

/// Shuts a server down whose client has its last reply and does not say so. Gives why its
/// connection ended.
async fn end_without_receipt(configure: impl FnOnce(Server) -> Server) -> String {
    within(LIMIT, async {
        let (observe, mut reasons): (_, mpsc::UnboundedReceiver<String>) = ends();
        let configure = |server: Server| configure(server.on_connection(observe));
        let mut server = TestServer::start_with(configure).await;
        let (_peer, _ping) = last_reply(&mut server).await;
        let report = within(SOON, server.shut_down()).await;
        assert_eq!((report.finished, report.refused, report.cut), (1, 0, 0));
        reasons.recv().await.unwrap()
    })
    .await
}

#[tokio::test]
async fn a_client_that_says_nothing_is_waited_for_as_long_as_write_timeout() {
    let limit = Duration::from_millis(50);
    let reason = end_without_receipt(|server| server.write_timeout(limit)).await;
    assert_eq!(
        reason,
        "the client did not show for 50ms that it has its last replies"
    );
}

#[tokio::test]
async fn a_client_that_says_nothing_is_waited_for_no_longer_than_shutdown_grace() {
    let grace = Duration::from_millis(500);
    let reason = end_without_receipt(|server| server.shutdown_grace(grace)).await;
    assert_eq!(
        reason,
        "the client did not show within shutdown_grace that it has its last replies"
    );
}
