//! What is compressed and should not be, and what is none: errors of the call, with what to do.
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use rpc_runtime::{Channel, Code, Compression, Stage, Status};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::streams::{Number, StreamsAsyncClientProxy};
use rpc_tests::{
    Expected, LIMIT, RawFrame, RawPeer, TestServer, TestStreams, compressed_request_frame,
    request_frame, within,
};
use rpc_wire::frame::{Flags, FrameType, Settings};
use tokio::net::TcpListener;

const ECHO: &str = "probe.Probe/Echo";

/// A zstd message of a few bytes for each 128 KiB of zeros that it becomes.
fn zeros(blocks: usize) -> Vec<u8> {
    // The magic number, no options, a window of 128 KiB.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3];
    for block in 0..blocks {
        let last = u32::from(block + 1 == blocks);
        let header = (128 * 1024) << 3 | 1 << 1 | last;
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}

fn supporting(name: &str) -> Settings {
    Settings {
        compression: vec![name.to_owned()],
        ..Settings::default()
    }
}

async fn server(algorithms: &[Compression]) -> TestServer {
    TestServer::start_with(|server| {
        server
            .service(TestStreams::default())
            .compression(algorithms.iter().copied())
            .max_message_size(64 << 20)
    })
    .await
}

/// Sends a whole request that is said to be compressed; gives the answer.
async fn answer_to(peer: &mut RawPeer, id: u32, body: &[u8]) -> RawFrame {
    peer.send(&compressed_request_frame(id, ECHO, body)).await;
    within(LIMIT, peer.expect(FrameType::Response)).await
}

#[tokio::test]
async fn bytes_that_cannot_be_decompressed_are_refused_and_the_connection_goes_on() {
    for algorithm in [Compression::Gzip, Compression::Zstd, Compression::Snappy] {
        let server = server(&[algorithm]).await;
        let settings = supporting(algorithm.name());
        let mut peer = RawPeer::client_with(server.socket_addr(), &settings).await;
        for (id, garbage) in [(1, &b"garbage"[..]), (2, b""), (3, &[0x5a; 10_000])] {
            let answer = answer_to(&mut peer, id, garbage).await;
            let (code, message) = answer.status();
            assert_eq!(code, Code::Internal, "{message}");
            let expected = format!("the request cannot be decompressed with {algorithm}: ");
            assert!(message.starts_with(&expected), "{message}");
            assert!(answer.header.flags.contains(Flags::NOT_EXECUTED));
        }
        assert_eq!(server.probe.counts().started, 0);
        peer.send(&request_frame(9, ECHO, b"")).await;
        let answer = within(LIMIT, peer.expect(FrameType::Response)).await;
        assert_eq!(answer.status().0, Code::Ok);
    }
}

#[tokio::test]
async fn compression_that_was_not_agreed_on_is_unimplemented_and_lists_what_is_supported() {
    let server = server(&[Compression::Gzip, Compression::Zstd]).await;
    for settings in [Settings::default(), supporting("lzma")] {
        let mut peer = RawPeer::client_with(server.socket_addr(), &settings).await;
        let answer = answer_to(&mut peer, 1, b"whatever").await;
        let (code, message) = answer.status();
        assert_eq!(code, Code::Unimplemented);
        assert!(message.ends_with("supported here: gzip, zstd"), "{message}");
        assert!(answer.header.flags.contains(Flags::NOT_EXECUTED));
    }
    let plain = TestServer::start().await;
    let mut peer = RawPeer::client_with(plain.socket_addr(), &supporting("gzip")).await;
    let answer = answer_to(&mut peer, 1, b"whatever").await;
    assert!(answer.status().1.ends_with("none is supported here"));
}

#[tokio::test]
async fn a_message_that_is_no_message_once_it_is_decompressed_is_told_so() {
    let server = server(&[Compression::Zstd]).await;
    let mut peer = RawPeer::client_with(server.socket_addr(), &supporting("zstd")).await;
    let answer = answer_to(&mut peer, 1, &zeros(1)).await;
    let (code, message) = answer.status();
    assert_eq!(code, Code::InvalidArgument);
    assert!(message.contains("not a valid Payload"), "{message}");
    assert!(answer.header.flags.contains(Flags::NOT_EXECUTED));
}

#[tokio::test]
async fn a_message_that_becomes_too_many_times_as_long_is_refused_below_the_largest_size() {
    let server = server(&[Compression::Zstd]).await;
    let mut peer = RawPeer::client_with(server.socket_addr(), &supporting("zstd")).await;
    // 32 MiB in a kibibyte, where 64 MiB are allowed.
    let answer = answer_to(&mut peer, 1, &zeros(256)).await;
    let (code, message) = answer.status();
    assert_eq!(code, Code::ResourceExhausted);
    assert!(
        message.contains("max_compression_ratio of 1100"),
        "{message}"
    );
    assert!(answer.header.flags.contains(Flags::NOT_EXECUTED));
    // What is small may be all zeros; here they are no message.
    let answer = answer_to(&mut peer, 2, &zeros(2)).await;
    assert_eq!(answer.status().0, Code::InvalidArgument);

    let generous = TestServer::start_with(|server| {
        server
            .compression([Compression::Zstd])
            .max_message_size(64 << 20)
            .max_compression_ratio(100_000)
    });
    let generous = generous.await;
    let mut peer = RawPeer::client_with(generous.socket_addr(), &supporting("zstd")).await;
    let answer = answer_to(&mut peer, 1, &zeros(256)).await;
    assert_eq!(answer.status().0, Code::InvalidArgument);
    let answer = answer_to(&mut peer, 2, &zeros(513)).await;
    let (code, message) = answer.status();
    assert_eq!(code, Code::ResourceExhausted);
    let expected = "the server's limit max_message_size of 67108864 bytes after decompression";
    assert!(message.contains(expected), "{message}");
}

#[tokio::test]
async fn our_own_clients_send_nothing_that_our_own_servers_take_for_a_bomb() {
    let server = server(&[Compression::Zstd]).await;
    let channel = Channel::builder(server.address())
        .compression([Compression::Zstd])
        .max_message_size(64 << 20);
    let client = ProbeAsyncClientProxy::with(channel.connect().await.unwrap());
    let zeros = Payload {
        data: vec![0; 20 << 20].into(),
    };
    let call = client.echo(zeros.clone()).compression(Compression::Zstd);
    assert_eq!(within(LIMIT, call).await.unwrap(), zeros);
}

#[tokio::test]
async fn a_request_that_is_too_large_before_it_is_compressed_is_not_sent() {
    let server = TestServer::start_with(|server| {
        server
            .compression([Compression::Zstd])
            .max_message_size(5_000)
    });
    let server = server.await;
    let channel = Channel::builder(server.address()).compression([Compression::Zstd]);
    let client = ProbeAsyncClientProxy::with(channel.connect().await.unwrap());
    let zeros = Payload {
        data: vec![0; 10_000].into(),
    };
    let status = within(LIMIT, client.echo(zeros)).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    let expected = "the request of 10003 bytes is over the server's limit max_message_size";
    assert!(status.message().contains(expected), "{status}");
    assert_eq!(server.probe.counts().started, 0);
}

/// A call whose server answers with a body that is said to be compressed with zstd.
async fn reply_of(body: &[u8]) -> (Status, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serving = async {
        let mut peer = RawPeer::server_with(&listener, &supporting("zstd")).await;
        peer.expect(FrameType::Request).await;
        peer.send_compressed_response(1, body).await;
        peer
    };
    let calling = async {
        let client = ProbeAsyncClientProxy::connect(&address).await.unwrap();
        client.echo(Payload::default()).await.unwrap_err()
    };
    let (_peer, status) = within(LIMIT, async { tokio::join!(serving, calling) }).await;
    (status, address)
}

#[tokio::test]
async fn a_reply_that_cannot_be_decompressed_ends_its_call() {
    let (status, address) = reply_of(b"garbage").await;
    let expected = Expected {
        code: Code::Internal,
        stage: Some(Stage::Decode),
        may_have_run: true,
        address: Some(&address),
        method: Some(ECHO),
        says: &["the reply cannot be decompressed with zstd"],
    };
    expected.check(&status);
    let (status, address) = reply_of(&zeros(33)).await;
    let expected = Expected {
        code: Code::ResourceExhausted,
        address: Some(&address),
        says: &["the client's limit max_compression_ratio of 1100"],
        ..expected
    };
    expected.check(&status);
}

#[tokio::test]
async fn a_stream_of_requests_with_one_that_cannot_be_decompressed_ends_for_its_handler() {
    let server = server(&[Compression::Zstd]).await;
    let mut peer = RawPeer::client_with(server.socket_addr(), &supporting("zstd")).await;
    peer.send(&compressed_request_frame(
        1,
        "streams.Streams/Sum",
        b"garbage",
    ))
    .await;
    let answer = within(LIMIT, peer.expect(FrameType::Response)).await;
    let (code, message) = answer.status();
    assert_eq!(code, Code::Internal);
    assert!(
        message.contains("the request cannot be decompressed"),
        "{message}"
    );
    // The service works.
    let client = StreamsAsyncClientProxy::connect(server.address())
        .await
        .unwrap();
    let sum = client.sum(tokio_stream::iter([Number { value: 3 }]));
    assert_eq!(within(LIMIT, sum).await.unwrap().value, 3);
}
