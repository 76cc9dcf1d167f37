//! Headers and metadata to bytes and back.
#![allow(missing_docs, reason = "the macros make public items")]
#![allow(clippy::unwrap_used, reason = "the bytes are what was encoded")]

use std::hint::black_box;
use std::time::Duration;

use bench_micro::config;
use bytes::BytesMut;
use gungraun::prelude::*;
use rpc_runtime::prost::Message;
use rpc_wire::frame::{Flags, FrameHeader, FrameType, HEADER_LEN, RequestMetadata};

fn header() -> FrameHeader {
    FrameHeader {
        frame_type: FrameType::Request,
        flags: Flags::END_STREAM.union(Flags::END_MESSAGE),
        stream_id: 4_711,
        metadata_len: 6,
        body_len: 66,
    }
}

fn encoded_header() -> [u8; HEADER_LEN] {
    let mut bytes = BytesMut::new();
    header().encode(&mut bytes);
    bytes[..].try_into().unwrap()
}

/// What a usual call has: the method's number and a deadline.
fn metadata() -> RequestMetadata {
    let mut metadata = RequestMetadata {
        method: 1,
        ..RequestMetadata::default()
    };
    metadata.set_timeout(Some(Duration::from_secs(30)));
    metadata
}

/// The same on a connection that does not know the method yet.
fn first_metadata() -> RequestMetadata {
    RequestMetadata {
        path: "bench.Echo/Echo".to_owned(),
        ..metadata()
    }
}

fn room() -> BytesMut {
    BytesMut::with_capacity(1024)
}

#[library_benchmark]
#[bench::request((header(), room()))]
fn encode_header((header, mut bytes): (FrameHeader, BytesMut)) -> BytesMut {
    black_box(header).encode(&mut bytes);
    bytes
}

#[library_benchmark]
#[bench::request(encoded_header())]
fn parse_header(bytes: [u8; HEADER_LEN]) -> FrameHeader {
    FrameHeader::parse(black_box(&bytes)).unwrap()
}

#[library_benchmark]
#[bench::usual((metadata(), room()))]
#[bench::first((first_metadata(), room()))]
fn encode_metadata(
    (metadata, mut bytes): (RequestMetadata, BytesMut),
) -> (RequestMetadata, BytesMut) {
    black_box(&metadata).encode_raw(&mut bytes);
    (metadata, bytes)
}

#[library_benchmark]
#[bench::usual(metadata().encode_to_vec())]
#[bench::first(first_metadata().encode_to_vec())]
fn decode_metadata(bytes: Vec<u8>) -> (RequestMetadata, Vec<u8>) {
    let metadata = RequestMetadata::decode_checked(black_box(&bytes)).unwrap();
    (metadata, bytes)
}

library_benchmark_group!(
    name = frame,
    benchmarks = [
        encode_header,
        parse_header,
        encode_metadata,
        decode_metadata
    ]
);
main!(config = config(), library_benchmark_groups = frame);
