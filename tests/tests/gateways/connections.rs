//! How connections of a gateway end: a client that goes, limits, a shutdown.

use std::error::Error;
use std::time::Duration;

use futures_util::stream;
use rpc_runtime::gateway::{Connection, Gateway, Prefix};
use rpc_runtime::{Accepted, Server, ShutdownReport};
use rpc_tests::probe::Payload;
use rpc_tests::{LIMIT, TestServer, within};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, duplex, sink};
use tokio::sync::mpsc;

use crate::harness::{Lines, LinesPeer};

fn payload(data: &'static str) -> Payload {
    Payload { data: data.into() }
}

#[tokio::test]
async fn a_call_is_cancelled_when_its_gateway_sees_the_client_go() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.gateway(Lines)).await;
        let mut peer = LinesPeer::connect(server.socket_addr()).await;
        peer.begin("probe.Probe/Hold", &payload("x")).await;
        server.probe.until_running(1).await;
        drop(peer);
        assert_eq!(server.probe.until_running(0).await.dropped, 1);
    })
    .await;
}

#[tokio::test]
async fn accepted_calls_finish_when_the_server_shuts_down_and_idle_connections_end() {
    within(LIMIT, async {
        let mut server = TestServer::start_with(|server| server.gateway(Lines)).await;
        let mut busy = LinesPeer::connect(server.socket_addr()).await;
        let mut idle = LinesPeer::connect(server.socket_addr()).await;
        idle.call::<Payload>("probe.Probe/Echo", &payload("x"))
            .await
            .unwrap();
        busy.begin("probe.Probe/Hold", &payload("x")).await;
        server.probe.until_running(1).await;
        server.begin_shutdown();
        assert_eq!(idle.rest().await, "");
        assert_eq!(server.probe.counts().running(), 1);
        server.probe.release_all();
        assert_eq!(busy.answer::<Payload>().await.unwrap(), [payload("x")]);
        assert_eq!(busy.rest().await, "");
        assert_eq!(counts(server.shut_down().await), (1, 0, 0));
    })
    .await;
}

/// Reads in a task of its own, and says goodbye.
struct Elsewhere;

impl Gateway for Elsewhere {
    fn name(&self) -> &'static str {
        "elsewhere"
    }

    fn probe(&self, first: &[u8]) -> Prefix {
        Prefix::compare(first, b"elsewhere")
    }

    async fn serve(&self, connection: Connection) -> Result<(), Box<dyn Error + Send + Sync>> {
        let (mut reader, mut writer) = tokio::io::split(connection);
        let reading = tokio::spawn(async move { tokio::io::copy(&mut reader, &mut sink()).await });
        writer.write_all(b"hello ").await?;
        reading.await??;
        writer.write_all(b"goodbye").await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_gateway_that_reads_in_another_task_is_told_of_a_shutdown_too() {
    within(LIMIT, async {
        let mut server = TestServer::start_with(|server| server.gateway(Elsewhere)).await;
        let mut peer = LinesPeer::connect(server.socket_addr()).await;
        peer.send(b"elsewhere").await;
        server.settle().await;
        server.begin_shutdown();
        assert_eq!(peer.rest().await, "hello goodbye");
        server.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn a_call_that_outlives_the_grace_period_is_cut() {
    within(LIMIT, async {
        let grace = Duration::from_millis(50);
        let configure = |server: Server| server.shutdown_grace(grace).gateway(Lines);
        let server = TestServer::start_with(configure).await;
        let probe = server.probe.clone();
        let mut peer = LinesPeer::connect(server.socket_addr()).await;
        peer.begin("probe.Probe/Hold", &payload("x")).await;
        probe.until_running(1).await;
        assert_eq!(counts(server.shut_down().await), (0, 0, 1));
        assert_eq!(probe.until_running(0).await.dropped, 1);
        assert_eq!(peer.rest().await, "");
    })
    .await;
}

fn counts(report: ShutdownReport) -> (u64, u64, u64) {
    (report.finished, report.refused, report.cut)
}

#[tokio::test]
async fn a_connection_ends_when_it_was_idle_for_long_and_not_while_a_call_runs() {
    within(LIMIT, async {
        let idle = Duration::from_millis(50);
        let configure = |server: Server| server.idle_timeout(idle).gateway(Lines);
        let server = TestServer::start_with(configure).await;
        let mut busy = LinesPeer::connect(server.socket_addr()).await;
        busy.begin("probe.Probe/Hold", &payload("x")).await;
        server.probe.until_running(1).await;
        let mut unused = LinesPeer::connect(server.socket_addr()).await;
        unused
            .call::<Payload>("probe.Probe/Echo", &payload("x"))
            .await
            .unwrap();
        assert_eq!(unused.rest().await, "");
        busy.begin("probe.Probe/Echo", &payload("y")).await;
        server.probe.release_all();
        assert_eq!(busy.answer::<Payload>().await.unwrap(), [payload("x")]);
        assert_eq!(busy.answer::<Payload>().await.unwrap(), [payload("y")]);
        assert_eq!(busy.rest().await, "");
    })
    .await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_its_replies_loses_the_connection() {
    within(LIMIT, async {
        let (closed, mut reasons) = tokio::sync::mpsc::unbounded_channel();
        let configure = |server: Server| {
            let timeout = Duration::from_millis(50);
            server
                .write_timeout(timeout)
                .gateway(Lines)
                .on_connection(move |event| {
                    if let rpc_runtime::ConnectionEvent::Closed { reason, .. } = event {
                        // The test may be over.
                        let _ = closed.send(reason.to_owned());
                    }
                })
        };
        let server = TestServer::start_with(configure).await;
        let mut peer = LinesPeer::connect(server.socket_addr()).await;
        // Far more than the sockets hold.
        let size = rpc_tests::probe::Size { bytes: 8 << 20 };
        peer.begin("probe.Probe/Produce", &size).await;
        let reason = reasons.recv().await.unwrap();
        assert!(reason.contains("write_timeout"), "{reason}");
    })
    .await;
}

/// Tells how much each read gave.
struct Measured(mpsc::UnboundedSender<usize>);

impl Gateway for Measured {
    fn name(&self) -> &'static str {
        "measured"
    }

    fn probe(&self, first: &[u8]) -> Prefix {
        Prefix::compare(first, b"measure")
    }

    async fn serve(&self, mut connection: Connection) -> Result<(), Box<dyn Error + Send + Sync>> {
        loop {
            let read = connection.fill_buf().await?.len();
            if read == 0 {
                return Ok(());
            }
            connection.consume(read);
            self.0.send(read)?;
        }
    }
}

#[tokio::test]
async fn reads_have_little_room_until_they_fill_it() {
    within(LIMIT, async {
        let (mut client, connection) = duplex(1024 * 1024);
        client.write_all(b"measure").await.unwrap();
        client.write_all(&[0; 500_000]).await.unwrap();
        client.shutdown().await.unwrap();
        let (sender, mut reads) = mpsc::unbounded_channel();
        let server = Server::new().gateway(Measured(sender));
        let incoming = stream::iter([std::io::Result::Ok(Accepted::new(connection))]);
        server.serve_incoming(incoming).await.unwrap();
        let mut sizes = Vec::new();
        while let Some(size) = reads.recv().await {
            sizes.push(size);
        }
        assert_eq!(sizes.iter().sum::<usize>(), 500_007);
        assert!(sizes[1] <= 4 * 1024, "{sizes:?}");
        assert!(sizes.contains(&(64 * 1024)), "{sizes:?}");
    })
    .await;
}
