//! Peers that stop reading, stop talking or never stop: they cost a bounded amount, and hold up
//! nothing but themselves.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::io::{Read, Write};
use std::time::Duration;

use rpc_runtime::{Channel, Code, Server, Stage};
use rpc_tests::flows::Order;
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{LIMIT, RawPeer, TestFlows, TestProbe, TestServer, request_frame, within};
use rpc_wire::frame::{Flags, FrameHeader, FrameType, Settings};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

fn payload(size: usize) -> Payload {
    Payload {
        data: vec![7; size].into(),
    }
}

/// A `Payload` of 1 KiB as it is encoded.
fn kilobyte() -> Vec<u8> {
    [&[0x0a, 0x80, 0x08][..], &[1; 1024]].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_stops_reading_from_a_client_that_reads_no_replies() {
    /// Far more than the sockets and the server's limit hold together.
    const TOO_MUCH: usize = 64 * 1024 * 1024;

    within(LIMIT, async {
        let server = TestServer::start().await;
        let mut peer = RawPeer::client(server.socket_addr()).await;
        let mut sent = 0;
        for first in (1..).step_by(64) {
            let batch: Vec<u8> = (first..first + 64)
                .flat_map(|id| request_frame(id, "probe.Probe/Echo", &kilobyte()))
                .collect();
            let stuck = tokio::time::timeout(Duration::from_secs(1), peer.send(&batch));
            if stuck.await.is_err() {
                break;
            }
            sent += batch.len();
            assert!(sent < TOO_MUCH, "the server read {sent} bytes");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_to_a_server_that_reads_nothing_wait_instead_of_filling_the_memory() {
    within(LIMIT, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(async move {
            let _peer = RawPeer::server(&listener).await;
            let _ = stopped.await;
        });
        let probe = ProbeAsyncClientProxy::connect(&address).await.unwrap();
        let mut stage = None;
        for _ in 0..100 {
            let calls: Vec<_> = (0..100)
                .map(|_| {
                    let call = probe.echo(payload(16_000));
                    tokio::spawn(call.timeout(Duration::from_millis(20)))
                })
                .collect();
            for call in calls {
                let status = call.await.unwrap().unwrap_err();
                assert_eq!(status.code(), Code::DeadlineExceeded);
                stage = status.stage();
            }
            if stage == Some(Stage::Queue) {
                break;
            }
        }
        assert_eq!(stage, Some(Stage::Queue));
        drop(stop);
        server.await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_call_that_cannot_be_sent_passes_its_turn_on() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| {
            server.max_concurrent_streams(1).max_message_size(1000)
        })
        .await;
        let probe = server.client_of_one_connection().await;
        let held = tokio::spawn(probe.hold(payload(1)));
        server.probe.until_running(1).await;
        let mut too_large = Box::pin(probe.echo(payload(5000)));
        let mut small = Box::pin(probe.echo(payload(2)));
        // Polled once, both are in the queue, in this order.
        tokio::select! {
            biased;
            _ = &mut too_large => unreachable!("the only stream is taken"),
            _ = &mut small => unreachable!("the only stream is taken"),
            () = std::future::ready(()) => {}
        }
        server.probe.release_all();
        held.await.unwrap().unwrap();
        assert_eq!(too_large.await.unwrap_err().code(), Code::ResourceExhausted);
        small.await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_connection_closes_when_its_last_call_is_cancelled() {
    within(LIMIT, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (requested, both_requested) = oneshot::channel();
        let server = tokio::spawn(async move {
            let mut peer = RawPeer::server(&listener).await;
            for _ in 0..2 {
                peer.next_frame().await.unwrap();
            }
            requested.send(()).unwrap();
            // Two CANCELs, then the end.
            while peer.next_frame().await.is_some() {}
        });
        let channel = Channel::builder(&address).first_stream_id(u32::MAX - 17);
        let probe = ProbeAsyncClientProxy::with(channel.connect().await.unwrap());
        let calls = [(); 2].map(|()| tokio::spawn(probe.echo(payload(1))));
        both_requested.await.unwrap();
        for call in calls {
            call.abort();
        }
        server.await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_client_that_never_stops_asking_does_not_hold_up_the_shutdown() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| {
            let server = server.shutdown_grace(LIMIT * 2);
            server.write_timeout(Duration::from_secs(1))
        })
        .await;
        let mut writer = std::net::TcpStream::connect(server.socket_addr()).unwrap();
        let mut reader = writer.try_clone().unwrap();
        let (answered, first_answer) = oneshot::channel();
        let reading = std::thread::spawn(move || {
            let mut answered = Some(answered);
            let mut buffer = vec![0; 1 << 20];
            while reader.read(&mut buffer).is_ok_and(|count| count > 0) {
                if let Some(answered) = answered.take() {
                    answered.send(()).unwrap();
                }
            }
        });
        let writing = std::thread::spawn(move || {
            let mut frames = Vec::new();
            Settings::default().encode(&mut frames);
            for first in (1..).step_by(512) {
                for id in first..first + 512 {
                    frames.extend(request_frame(id, "probe.Probe/Echo", &[]));
                }
                if writer.write_all(&frames).is_err() {
                    return;
                }
                frames.clear();
            }
        });
        first_answer.await.unwrap();
        server.shut_down().await;
        writing.join().unwrap();
        reading.join().unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_to_a_server_that_never_answers_is_given_up() {
    within(LIMIT, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let channel = Channel::builder(&address).connect_timeout(Duration::from_millis(100));
        let probe = ProbeAsyncClientProxy::with(channel.connect_lazy().unwrap());
        let status = probe.echo(payload(1)).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.message().contains("connect_timeout"), "{status}");
    })
    .await;
}

#[tokio::test]
async fn a_server_reads_no_more_requests_while_as_many_replies_are_unread_as_its_limit_allows() {
    const LIMIT_OF_OUTPUT: usize = 16 * 1024;
    /// What lies in the pipe, both ways, and what is read at a time.
    const PIPE: usize = 1024;

    within(LIMIT, async {
        let (mut client, end) = tokio::io::duplex(PIPE);
        let probe = TestProbe::new();
        let server = Server::new()
            .service(probe.clone())
            .max_unread_output(LIMIT_OF_OUTPUT);
        let connections = tokio_stream::once(Ok::<_, std::io::Error>(end));
        let serving = tokio::spawn(server.serve_incoming(connections));
        let mut requests = Vec::new();
        Settings::default().encode(&mut requests);
        for id in 1..=200 {
            requests.extend(request_frame(id, "probe.Probe/Echo", &kilobyte()));
        }
        let sending = tokio::time::timeout(Duration::from_millis(200), async {
            client.write_all(&requests).await.unwrap();
        });
        assert!(sending.await.is_err(), "not all are read");
        let answered = probe.counts().finished * 1024;
        let most = LIMIT_OF_OUTPUT + 4 * PIPE;
        assert!(
            (LIMIT_OF_OUTPUT..most).contains(&answered),
            "{answered} bytes"
        );
        serving.abort();
    })
    .await;
}

#[tokio::test]
async fn a_frame_that_is_skipped_must_arrive_in_time_too() {
    let short = Duration::from_millis(50);
    let server = TestServer::start_with(|server| server.frame_timeout(short)).await;
    let mut peer = RawPeer::client(server.socket_addr()).await;
    let mut header = Vec::new();
    FrameHeader {
        frame_type: FrameType::Request,
        flags: Flags::NONE,
        stream_id: 1,
        metadata_len: 1024 * 1024,
        body_len: 0,
    }
    .encode(&mut header);
    peer.send(&header).await;
    let goaway = within(LIMIT, peer.expect(FrameType::GoAway)).await.goaway();
    assert!(goaway.message.contains("frame_timeout"), "{goaway:?}");
}

#[tokio::test]
async fn streams_of_large_replies_that_find_no_room_end_and_say_why() {
    /// Room for the first message of one stream.
    const LIMIT_OF_REPLIES: usize = 2 * 1024 * 1024;

    let limit = |server: Server| server.max_queued_replies(LIMIT_OF_REPLIES);
    let (server, _flows, _client) = TestFlows::serve_with(limit).await;
    let mut peer = RawPeer::client(server.socket_addr()).await;
    let order = Order {
        pieces: u64::MAX,
        size: 3 * 1024 * 1024,
        code: 0,
    };
    let order = prost::Message::encode_to_vec(&order);
    for id in 1..=2 {
        peer.send_request(id, "flows.Flows/Produce", &order).await;
    }
    let refused = loop {
        let frame = within(LIMIT, peer.next_frame()).await.unwrap();
        if frame.header.flags.contains(Flags::STATUS) {
            break frame;
        }
    };
    let (code, message) = refused.status();
    assert_eq!(code, Code::ResourceExhausted);
    assert!(message.contains("max_queued_replies"), "{message}");
}
