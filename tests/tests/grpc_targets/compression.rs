//! Compressed messages.

use bytes::Bytes;
use rpc_runtime::{Code, Compression};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::streams::{Chunk, StreamsAsyncClientProxy};
use rpc_tests::{LIMIT, channel, connect, within};

use crate::raw::{DATA, HEADERS, RawConnection, RawServer};
use crate::tonic_server::TonicServer;

fn data() -> Bytes {
    Bytes::from(b"much of the same ".repeat(1_000))
}

fn payload() -> Payload {
    Payload { data: data() }
}

/// Whether the next message is compressed, and its length.
async fn message(connection: &mut RawConnection) -> (bool, usize) {
    let first = connection.until(DATA).await.payload;
    let length = u32::from_be_bytes(first[1..5].try_into().unwrap()) as usize;
    let mut read = first.len() - 5;
    while read < length {
        read += connection.until(DATA).await.payload.len();
    }
    (first[0] == 1, length)
}

#[tokio::test]
async fn replies_are_taken_compressed_and_requests_are_not_compressed_unless_asked_for() {
    within(LIMIT, async {
        for (server, compresses) in [
            (TonicServer::start_compressing().await, true),
            (TonicServer::start().await, false),
        ] {
            let call = server.probe().await.echo(payload());
            let reply = call.with_metadata().await.unwrap();
            assert_eq!(reply.was_compressed(), compresses);
            assert_eq!(reply.into_inner(), payload());
        }

        let server = RawServer::bind().await;
        let probe = ProbeAsyncClientProxy::with(server.channel().connect_lazy().unwrap());
        let _call = probe.echo(payload()).start();
        let mut connection = server.open().await;
        connection.until(HEADERS).await;
        let (compressed, length) = message(&mut connection).await;
        assert!(!compressed && length > data().len());
    })
    .await;
}

#[tokio::test]
async fn a_channel_and_a_call_may_compress_requests() {
    within(LIMIT, async {
        let server = TonicServer::start_compressing().await;
        let probe = connect(server.channel().compression([Compression::Gzip])).await;
        assert_eq!(probe.echo(payload()).await.unwrap(), payload());
        let probe = server.probe().await;
        let call = probe.echo(payload()).compression(Compression::Gzip);
        assert_eq!(call.await.unwrap(), payload());
    })
    .await;
}

#[tokio::test]
async fn requests_are_smaller_on_their_way() {
    within(LIMIT, async {
        let server = RawServer::bind().await;
        let builder = server.channel().compression([Compression::Zstd]);
        let probe = ProbeAsyncClientProxy::with(builder.connect_lazy().unwrap());
        let _call = probe.echo(payload()).start();
        let mut connection = server.open().await;
        connection.until(HEADERS).await;
        let (compressed, length) = message(&mut connection).await;
        assert!(compressed && length < 1_000);
    })
    .await;
}

#[tokio::test]
async fn each_message_of_a_stream_is_compressed_by_itself() {
    within(LIMIT, async {
        let server = RawServer::bind().await;
        let channel_of = server.channel().connect_lazy().unwrap();
        let streams = StreamsAsyncClientProxy::with(channel_of);
        let (sender, requests) = channel(2);
        let call = streams.chat(requests).compression(Compression::Gzip);
        let replies = tokio::spawn(call);
        let mut connection = server.open().await;
        let _replies = replies.await.unwrap().unwrap();
        connection.until(HEADERS).await;
        for _ in 0..2 {
            sender.send(Chunk { data: data() }).await.unwrap();
            let (compressed, length) = message(&mut connection).await;
            assert!(compressed && length < 1_000);
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_that_does_not_know_the_algorithm_is_sent_requests_as_they_are() {
    within(LIMIT, async {
        let server = TonicServer::start().await;
        let probe = connect(server.channel().compression([Compression::Zstd])).await;
        for _ in 0..3 {
            assert_eq!(probe.echo(payload()).await.unwrap(), payload());
        }
        // By now it is known.
        let call = probe.echo(payload()).compression(Compression::Zstd);
        let status = call.await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_is_refused_for_its_algorithm_has_not_run_and_the_next_one_does() {
    within(LIMIT, async {
        let server = TonicServer::start().await;
        let channel = server.channel().compression([Compression::Zstd]);
        let streams = StreamsAsyncClientProxy::with(channel.connect().await.unwrap());
        let chunks = || tokio_stream::iter([Chunk { data: data() }]);
        let refused = match streams.chat(chunks()).await {
            Ok(mut replies) => replies.message().await.map(|_| ()),
            Err(status) => Err(status),
        };
        let status = refused.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
        assert!(!status.may_have_run(), "{status}");
        let mut replies = streams.chat(chunks()).await.unwrap();
        assert_eq!(replies.message().await.unwrap().unwrap().data, data());
    })
    .await;
}

#[tokio::test]
async fn a_connection_has_one_algorithm_for_requests() {
    within(LIMIT, async {
        let server = TonicServer::start().await;
        let probe = server.probe().await;
        let call = probe.echo(payload()).compression(Compression::Zstd);
        let status = call.await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
        assert!(
            status.message().contains("the connection uses gzip"),
            "{status}"
        );
        assert!(!status.may_have_run());
    })
    .await;
}
