//! Compressed messages.

use rpc_runtime::{Compression, Server};
use rpc_tests::{LIMIT, within};
use tonic::codec::CompressionEncoding;

use crate::harness::{Grpc, RawGrpc};
use crate::protos::probe::{Payload, Size};
use crate::protos::streams::Chunk;

fn compressing(server: Server) -> Server {
    server.compression([Compression::Gzip, Compression::Zstd])
}

#[tokio::test]
async fn messages_are_compressed_both_ways() {
    let grpc = Grpc::start_with(compressing).await;
    for encoding in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let mut probe = grpc.probe.clone();
        probe = probe.send_compressed(encoding).accept_compressed(encoding);
        let data: Vec<u8> = (0..200_000_u32)
            .flat_map(|n| (n / 3).to_be_bytes())
            .collect();
        let reply = probe
            .echo(Payload {
                data: data.clone().into(),
            })
            .await
            .unwrap();
        let name = match encoding {
            CompressionEncoding::Gzip => "gzip",
            _ => "zstd",
        };
        assert_eq!(reply.metadata().get("grpc-encoding").unwrap(), name);
        assert_eq!(reply.into_inner().data, data);

        let mut streams = grpc.streams.clone();
        streams = streams
            .send_compressed(encoding)
            .accept_compressed(encoding);
        let chunks = (1..20).map(|length| Chunk {
            data: vec![b'y'; length * 1_000].into(),
        });
        let chat = streams.chat(tokio_stream::iter(chunks)).await.unwrap();
        let mut chat = chat.into_inner();
        for length in 1..20 {
            let chunk = within(LIMIT, chat.message()).await.unwrap().unwrap();
            assert_eq!(chunk.data.len(), length * 1_000);
        }
    }
}

#[tokio::test]
async fn a_server_that_was_told_nothing_takes_compressed_requests_and_leaves_replies_as_they_are() {
    let grpc = Grpc::start().await;
    for encoding in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let mut probe = grpc.probe.clone();
        probe = probe.send_compressed(encoding).accept_compressed(encoding);
        let data = bytes::Bytes::from(vec![b'x'; 100_000]);
        let reply = probe.echo(Payload { data: data.clone() }).await.unwrap();
        assert_eq!(reply.metadata().get("grpc-encoding"), None);
        assert_eq!(reply.into_inner().data, data);
    }
}

#[tokio::test]
async fn replies_are_compressed_only_for_who_takes_it_and_if_they_are_large() {
    let grpc = Grpc::start_with(compressing).await;
    let raw = RawGrpc::connect(&grpc.server).await;
    for (accepts, bytes, flag) in [
        ("gzip", 10_000, 1),
        ("deflate, gzip , identity", 10_000, 1),
        ("gzip", 100, 0),
        ("deflate", 10_000, 0),
        ("identity", 10_000, 0),
    ] {
        let request = prost::Message::encode_to_vec(&Size { bytes });
        let headers = [("grpc-accept-encoding", accepts)];
        let reply = raw.call("/probe.Probe/Produce", &headers, &request).await;
        assert_eq!(reply.body[0], flag, "{accepts} {bytes}");
    }
}

#[tokio::test]
async fn an_encoding_that_nobody_knows_is_refused_with_those_that_are() {
    for (configure, accepted) in [
        (compressing as fn(Server) -> Server, "identity,gzip,zstd"),
        (|server| server, "identity,zstd,gzip"),
        (|server| server.compression([]), "identity"),
    ] {
        let grpc = Grpc::start_with(configure).await;
        let raw = RawGrpc::connect(&grpc.server).await;
        let headers = [("grpc-encoding", "snappy")];
        let reply = raw.call("/probe.Probe/Echo", &headers, b"").await;
        assert_eq!(reply.status(), "12", "{reply:?}");
        assert!(reply.message().contains("snappy"), "{reply:?}");
        assert_eq!(reply.headers.get("grpc-accept-encoding").unwrap(), accepted);
        let identity = [("grpc-encoding", "identity")];
        let reply = raw.call("/probe.Probe/Echo", &identity, b"").await;
        assert_eq!(reply.status(), "0");
    }
}

#[tokio::test]
async fn a_bomb_is_refused() {
    let grpc = Grpc::start().await;
    let mut probe = grpc
        .probe
        .clone()
        .send_compressed(CompressionEncoding::Gzip);
    let data = vec![0; 5_000_000].into();
    let status = probe.echo(Payload { data }).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::ResourceExhausted);
    assert!(status.message().contains("max_message_size"), "{status}");
    let raw = RawGrpc::connect(&grpc.server).await;
    let headers = [("grpc-encoding", "gzip")];
    let reply = raw.call_body("/probe.Probe/Echo", &headers, b"\x01\0\0\0\x03abc");
    let reply = reply.await;
    assert_eq!(reply.status(), "13", "{reply:?}");
}
