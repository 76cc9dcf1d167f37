//! Compression: messages arrive as they were, smaller on the way.
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use bytes::Bytes;
use rpc_runtime::{
    Channel, ChannelBuilder, Code, Compression, Context, Server, Stage, Status, rpc_service,
};
use rpc_tests::probe::{Payload, Probe, ProbeAsyncClientProxy, ProbeClientProxy, Size};
use rpc_tests::streams::{Chunk, StreamsAsyncClientProxy};
use rpc_tests::{
    Expected, LIMIT, RawFrame, TestServer, TestStreams, Wiretap, within, within_blocking,
};
use rpc_wire::frame::{Flags, FrameType};

const ALL: [Compression; 3] = [Compression::Gzip, Compression::Zstd, Compression::Snappy];

/// Something that becomes smaller, but not ridiculously so.
fn text(length: usize) -> Bytes {
    let words = (0_usize..).flat_map(|n| format!("word {} ", n * n % 997).into_bytes());
    words.take(length).collect()
}

fn payload(length: usize) -> Payload {
    Payload { data: text(length) }
}

fn is_compressed(frame: &RawFrame) -> bool {
    frame.header.flags.contains(Flags::COMPRESSED)
}

/// The bodies of messages on their way, with whether they are compressed.
fn messages(frames: &[RawFrame]) -> Vec<(bool, usize)> {
    let mut messages: Vec<(bool, usize)> = Vec::new();
    let mut whole = true;
    for frame in frames {
        let length = frame.body.len();
        match frame.header.frame_type {
            FrameType::Data | FrameType::Request | FrameType::Response if length > 0 => {}
            _ => continue,
        }
        match messages.last_mut().filter(|_| !whole) {
            Some((_, sum)) => *sum += length,
            None => messages.push((is_compressed(frame), length)),
        }
        whole = frame.header.flags.contains(Flags::END_MESSAGE);
    }
    messages
}

/// A server that supports these algorithms, behind a wire.
async fn server(algorithms: &[Compression]) -> (TestServer, Wiretap) {
    let server = TestServer::start_with(|server| {
        server
            .service(TestStreams::default())
            .compression(algorithms.iter().copied())
    });
    let server = server.await;
    let wire = Wiretap::to(server.socket_addr()).await;
    (server, wire)
}

async fn channel(
    wire: &Wiretap,
    configure: impl FnOnce(ChannelBuilder) -> ChannelBuilder,
) -> Channel {
    let channel = configure(Channel::builder(wire.address()));
    channel.connect().await.unwrap()
}

async fn echo(client: &ProbeAsyncClientProxy, length: usize) {
    let reply = within(LIMIT, client.echo(payload(length))).await;
    assert_eq!(reply.unwrap(), payload(length));
}

#[tokio::test]
async fn unary_calls_of_all_sizes_are_compressed_both_ways_with_every_algorithm() {
    for algorithm in ALL {
        let (_server, wire) = server(&[algorithm]).await;
        let channel = channel(&wire, |channel| channel.compression([algorithm])).await;
        let client = ProbeAsyncClientProxy::with(channel);
        for length in [0, 10_000, 3_000_000] {
            echo(&client, length).await;
        }
        for messages in [
            messages(&wire.from_clients()),
            messages(&wire.from_server()),
        ] {
            let [(true, small), (true, large)] = messages[..] else {
                panic!("{algorithm}: {messages:?}")
            };
            assert!(
                small < 8_000 && large < 2_000_000,
                "{algorithm}: {messages:?}"
            );
        }
    }
}

#[tokio::test]
async fn streams_are_compressed_message_by_message_with_every_algorithm() {
    for algorithm in ALL {
        let (_server, wire) = server(&[algorithm]).await;
        let channel = channel(&wire, |channel| channel.compression([algorithm])).await;
        let client = StreamsAsyncClientProxy::with(channel);
        let lengths = [10, 5_000, 400_000, 0, 1_024, 50_000];
        let chunk = |length: usize| Chunk { data: text(length) };
        let sent = tokio_stream::iter(lengths.map(chunk));
        let mut replies = within(LIMIT, client.chat(sent)).await.unwrap();
        for length in lengths {
            let reply = within(LIMIT, replies.message()).await.unwrap().unwrap();
            assert_eq!(reply, chunk(length), "{algorithm}");
        }
        assert_eq!(within(LIMIT, replies.message()).await.unwrap(), None);
        for messages in [
            messages(&wire.from_clients()),
            messages(&wire.from_server()),
        ] {
            let compressed: Vec<_> = messages.iter().map(|(compressed, _)| *compressed).collect();
            // The empty one has no frame with a body.
            assert_eq!(compressed, [false, true, true, true, true], "{algorithm}");
        }
    }
}

#[tokio::test]
async fn the_threshold_decides_for_each_message() {
    let server = TestServer::start_with(|server| {
        server.compression([Compression::Zstd]).compress_from(3_000)
    });
    let server = server.await;
    let wire = Wiretap::to(server.socket_addr()).await;
    let channel = channel(&wire, |channel| {
        channel
            .compression([Compression::Zstd])
            .compress_from(2_000)
    });
    let client = ProbeAsyncClientProxy::with(channel.await);
    for length in [1_000, 2_500, 4_000] {
        echo(&client, length).await;
    }
    let compressed = |frames: Vec<RawFrame>| {
        let messages = messages(&frames).into_iter();
        messages
            .map(|(compressed, _)| compressed)
            .collect::<Vec<_>>()
    };
    assert_eq!(compressed(wire.from_clients()), [false, true, true]);
    assert_eq!(compressed(wire.from_server()), [false, false, true]);
}

#[tokio::test]
async fn a_message_that_would_become_longer_is_sent_as_it_is() {
    let (_server, wire) = server(&ALL).await;
    let channel = channel(&wire, |channel| channel.compression(ALL)).await;
    let client = ProbeAsyncClientProxy::with(channel);
    let noise: Bytes = std::iter::repeat_with(|| fastrand::u8(..))
        .take(5_000)
        .collect();
    let sent = Payload { data: noise };
    let reply = within(LIMIT, client.echo(sent.clone())).await.unwrap();
    assert_eq!(reply, sent);
    assert!(!wire.from_clients().iter().any(is_compressed));
    assert!(!wire.from_server().iter().any(is_compressed));
}

#[tokio::test]
async fn a_channel_that_says_nothing_sends_plain_requests_and_takes_compressed_replies() {
    let (_server, wire) = server(&[Compression::Gzip]).await;
    let client = ProbeAsyncClientProxy::connect(wire.address())
        .await
        .unwrap();
    echo(&client, 10_000).await;
    assert!(!wire.from_clients().iter().any(is_compressed));
    assert!(messages(&wire.from_server())[0].0);

    let (_server, wire) = server(&[Compression::Gzip]).await;
    let channel = channel(&wire, |channel| channel.compression([])).await;
    echo(&ProbeAsyncClientProxy::with(channel), 10_000).await;
    assert!(!messages(&wire.from_server())[0].0, "it supports none");
}

#[tokio::test]
async fn a_call_decides_for_itself() {
    let (_server, wire) = server(&[Compression::Gzip]).await;
    let client = ProbeAsyncClientProxy::connect(wire.address())
        .await
        .unwrap();
    let call = client.echo(payload(600)).compression(Compression::Gzip);
    assert_eq!(within(LIMIT, call).await.unwrap(), payload(600));
    assert!(messages(&wire.from_clients())[0].0, "whatever its size");

    let (_server, wire) = server(&[Compression::Gzip]).await;
    let channel = channel(&wire, |channel| channel.compression(ALL)).await;
    let client = ProbeAsyncClientProxy::with(channel);
    let call = client.echo(payload(10_000)).compression(None);
    within(LIMIT, call).await.unwrap();
    assert!(!messages(&wire.from_clients())[0].0);
}

#[tokio::test]
async fn a_call_that_asks_for_an_algorithm_waits_for_the_servers_word() {
    let (_server, wire) = server(&[Compression::Snappy]).await;
    let client = ProbeAsyncClientProxy::connect_lazy(wire.address()).unwrap();
    let call = client
        .echo(payload(10_000))
        .compression(Compression::Snappy);
    assert_eq!(within(LIMIT, call).await.unwrap(), payload(10_000));
    assert!(messages(&wire.from_clients())[0].0);
}

#[tokio::test]
async fn a_stream_whose_call_asks_for_an_algorithm_is_compressed_whatever_the_sizes() {
    let (_server, wire) = server(&[Compression::Snappy]).await;
    let client = StreamsAsyncClientProxy::connect_lazy(wire.address()).unwrap();
    let chunk = Chunk { data: text(600) };
    let call = client.chat(tokio_stream::iter([chunk.clone(), chunk.clone()]));
    let mut replies = within(LIMIT, call.compression(Compression::Snappy))
        .await
        .unwrap();
    assert_eq!(within(LIMIT, replies.message()).await.unwrap(), Some(chunk));
    while within(LIMIT, replies.message()).await.unwrap().is_some() {}
    let messages = messages(&wire.from_clients());
    assert!(messages.len() == 2 && messages.iter().all(|(compressed, _)| *compressed));
}

/// What a call is told that asked for an algorithm in vain.
fn not_agreed<'a>(address: &'a str, says: &'a [&'a str]) -> Expected<'a> {
    Expected {
        code: Code::Unimplemented,
        stage: Some(Stage::Send),
        may_have_run: false,
        address: Some(address),
        method: Some("probe.Probe/Echo"),
        says,
    }
}

#[tokio::test]
async fn an_algorithm_that_the_server_lacks_is_an_error_for_a_call_and_none_for_a_channel() {
    let plain = TestServer::start().await;
    let channel = Channel::builder(plain.address()).compression([Compression::Zstd]);
    let client = ProbeAsyncClientProxy::with(channel.connect().await.unwrap());
    echo(&client, 10_000).await;
    let call = client.echo(payload(10)).compression(Compression::Zstd);
    let address = plain.address();
    let says = ["the call asks for compression with zstd; the server supports no compression"];
    not_agreed(&address, &says).check_err(within(LIMIT, call).await);
    assert_eq!(plain.probe.counts().started, 1, "the call was not sent");

    let (_server, wire) = server(&[Compression::Gzip, Compression::Snappy]).await;
    let client = ProbeAsyncClientProxy::connect(wire.address())
        .await
        .unwrap();
    let call = client.echo(payload(10)).compression(Compression::Zstd);
    let address = wire.address();
    let says = ["compression with zstd; the server supports: gzip, snappy"];
    not_agreed(&address, &says).check_err(within(LIMIT, call).await);
}

#[tokio::test]
async fn an_algorithm_that_the_connection_does_not_use_is_an_error_that_says_what_to_do() {
    let (_server, wire) = server(&ALL).await;
    let client = ProbeAsyncClientProxy::connect(wire.address())
        .await
        .unwrap();
    let call = client.echo(payload(10)).compression(Compression::Gzip);
    let address = wire.address();
    let says = ["the connection uses zstd", "ChannelBuilder::compression"];
    not_agreed(&address, &says).check_err(within(LIMIT, call).await);
}

#[test]
fn sync_proxies_compress_too() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_server, wire) = runtime.block_on(server(&ALL));
    let address = wire.address();
    within_blocking(LIMIT, move || {
        let channel = Channel::builder(address).compression(ALL);
        let client = ProbeClientProxy::with(channel.connect_blocking().unwrap());
        assert_eq!(client.echo(payload(10_000)).unwrap(), payload(10_000));
        let call = client
            .calls()
            .echo(payload(500))
            .compression(Compression::Gzip);
        assert_eq!(call.wait().unwrap(), payload(500));
    });
    let messages = messages(&wire.from_clients());
    assert!(messages.len() == 2 && messages.iter().all(|(compressed, _)| *compressed));
}

/// Answers with secrets.
struct Secretive;

#[rpc_service(unimplemented)]
impl Probe for Secretive {
    async fn produce(&self, cx: Context, request: Size) -> Result<Payload, Status> {
        cx.set_reply_compression(false);
        Ok(payload(request.bytes as usize))
    }

    async fn echo(&self, _: Context, _: Payload) -> Result<Payload, Status> {
        // It is not ready at once.
        tokio::task::yield_now().await;
        Ok(payload(10_000))
    }
}

#[tokio::test]
async fn a_handler_can_keep_its_reply_from_being_compressed() {
    let server = Server::new().service(Secretive).compression(ALL);
    let server = server.bind("127.0.0.1:0").await.unwrap();
    let wire = Wiretap::to(server.local_addr()).await;
    let serving = tokio::spawn(server.serve());
    let client = ProbeAsyncClientProxy::connect(wire.address())
        .await
        .unwrap();
    let secret = within(LIMIT, client.produce(Size { bytes: 10_000 })).await;
    assert_eq!(secret.unwrap(), payload(10_000));
    let open = within(LIMIT, client.echo(payload(0))).await;
    assert_eq!(open.unwrap(), payload(10_000));
    let replies = messages(&wire.from_server());
    assert!(!replies[0].0 && replies[1].0, "{replies:?}");
    serving.abort();
}

#[tokio::test]
async fn an_error_and_an_empty_reply_are_not_compressed() {
    let (_server, wire) = server(&ALL).await;
    let channel = channel(&wire, |channel| channel.compression(ALL).compress_from(0)).await;
    let client = ProbeAsyncClientProxy::with(channel);
    let failure = rpc_tests::probe::Failure {
        code: Code::NotFound.value(),
        message: "no such thing ".repeat(500),
        details: Bytes::new(),
    };
    let status = within(LIMIT, client.fail(failure)).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    echo(&client, 0).await;
    assert!(!wire.from_server().iter().any(is_compressed));
}
