//! Attackers over HTTP. Each costs its own connection at most: a client beside them notices nothing.

use std::time::Duration;

use rpc_runtime::Server;
use rpc_tests::{
    Bystander, HTTP2_PREFACE, LIMIT, TestServer, http2_frame as frame, http2_headers, within,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{RawGrpc, connect};
use crate::protos::probe::Payload;
use crate::protos::probe::probe_client::ProbeClient;

/// Times that a flood repeats itself, unless it is stopped.
const FLOOD: u32 = 200_000;

/// Short for whoever is slow.
const SHORT: Duration = Duration::from_millis(100);

/// The headers of a call.
fn headers(path: &str) -> Vec<u8> {
    http2_headers(path, "application/grpc")
}

/// An attacker who has introduced himself.
async fn attacker(server: &TestServer) -> TcpStream {
    let mut stream = TcpStream::connect(server.socket_addr()).await.unwrap();
    let settings = frame(4, 0, 0, &[]);
    stream
        .write_all(&[HTTP2_PREFACE, &settings].concat())
        .await
        .unwrap();
    stream
}

/// Sends what `next` makes of the numbers from 1 on, and reads what comes back; true if the server closed.
async fn flood(stream: TcpStream, mut next: impl FnMut(u32) -> Vec<u8>) -> bool {
    let (mut reader, mut writer) = stream.into_split();
    let reading = tokio::spawn(async move {
        let mut buffer = vec![0; 64 * 1024];
        while reader.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
    });
    let sending = async {
        let mut batch = Vec::new();
        for number in 1..=FLOOD {
            batch.extend(next(number));
            if batch.len() >= 64 * 1024 {
                writer.write_all(&batch).await?;
                batch.clear();
            }
        }
        writer.write_all(&batch).await
    };
    let sent: std::io::Result<()> = within(LIMIT, sending).await;
    let closed = sent.is_err() || reading.is_finished();
    reading.abort();
    closed
}

/// Runs an attack beside a native client and one of tonic's.
async fn survives(configure: impl FnOnce(Server) -> Server, attack: impl AsyncFnOnce(&TestServer)) {
    let bystander = Bystander::start(configure).await;
    let mut tonic = ProbeClient::new(connect(&bystander.server).await);
    attack(&bystander.server).await;
    within(LIMIT, bystander.server.probe.until_running(1)).await;
    let reply = within(LIMIT, tonic.echo(Payload::default())).await;
    reply.unwrap();
    bystander.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rapid_reset_is_slowed_down_or_ended() {
    survives(
        |server| server,
        async |server| {
            let block = headers("/probe.Probe/Hold");
            let stream = attacker(server).await;
            let sent = tokio::time::timeout(
                Duration::from_secs(3),
                flood(stream, |number| {
                    let id = 2 * number - 1;
                    let mut frames = frame(1, 4, id, &block);
                    frames.extend(frame(0, 1, id, &[0; 5]));
                    frames.extend(frame(3, 0, id, &8_u32.to_be_bytes()));
                    frames
                }),
            );
            let ended = sent.await;
            // It was closed, or made to wait for its turn.
            assert!(!matches!(ended, Ok(false)), "all were taken at once");
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn continuations_without_end_close_the_connection() {
    survives(
        |server| server,
        async |server| {
            let mut stream = attacker(server).await;
            stream
                .write_all(&frame(1, 0, 1, &headers("/")))
                .await
                .unwrap();
            let mut field = vec![0, 1, b'x', 100];
            field.resize(104, b'y');
            let closed = flood(stream, |_| frame(9, 0, 1, &field)).await;
            assert!(closed);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_continuations_close_the_connection() {
    survives(
        |server| server,
        async |server| {
            let mut stream = attacker(server).await;
            stream
                .write_all(&frame(1, 0, 1, &headers("/")))
                .await
                .unwrap();
            assert!(flood(stream, |_| frame(9, 0, 1, &[])).await);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_of_pings_and_settings_hold_up_nobody_else() {
    survives(
        |server| server,
        async |server| {
            let stream = attacker(server).await;
            flood(stream, |_| frame(6, 0, 0, &[7; 8])).await;
            let stream = attacker(server).await;
            flood(stream, |_| frame(4, 0, 0, &[])).await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_sends_pings_and_reads_nothing_loses_its_connection() {
    survives(
        |server| server.write_timeout(SHORT),
        async |server| {
            let mut stream = attacker(server).await;
            let pings = frame(6, 0, 0, &[7; 8]).repeat(1_000);
            let flooding = async { while stream.write_all(&pings).await.is_ok() {} };
            within(LIMIT, flooding).await;
        },
    )
    .await;
}

/// Waits until the server has closed.
async fn until_closed(mut stream: TcpStream) {
    let mut buffer = [0; 1024];
    let closed = async { while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {} };
    within(LIMIT, closed).await;
}

#[tokio::test]
async fn headers_that_come_slowly_close_the_connection() {
    survives(
        |server| server.frame_timeout(SHORT).handshake_timeout(SHORT),
        async |server| {
            for beginning in ["P", "POST ", "POST / HTTP/1.1\r\nhost: x\r\n", "PRI * HT"] {
                let mut stream = TcpStream::connect(server.socket_addr()).await.unwrap();
                stream.write_all(beginning.as_bytes()).await.unwrap();
                until_closed(stream).await;
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_client_that_goes_silent_within_its_headers_is_found_out() {
    survives(
        |server| server.keepalive_interval(SHORT).keepalive_timeout(SHORT),
        async |server| {
            let mut stream = attacker(server).await;
            stream
                .write_all(&frame(1, 0, 1, &headers("/")))
                .await
                .unwrap();
            until_closed(stream).await;
        },
    )
    .await;
}

#[tokio::test]
async fn a_body_without_end_ends_at_the_limit() {
    survives(
        |server| server,
        async |server| {
            let raw = RawGrpc::connect(server).await;
            let (reply, mut request) = raw.begin("/probe.Probe/Echo", &[]);
            // Messages without end where there is to be one.
            let mut data = vec![0; 5 * 1_000];
            data.extend([0, 0xff]);
            request.send_data(data.into(), false).unwrap();
            let reply = within(LIMIT, reply).await;
            assert_eq!(reply.status(), "12", "{reply:?}");
        },
    )
    .await;
}
