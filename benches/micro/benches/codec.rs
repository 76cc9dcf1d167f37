//! Messages to bytes and back, through the codec that calls use.
#![allow(missing_docs, reason = "the macros make public items")]
#![allow(clippy::unwrap_used, reason = "the messages have an encoding")]

use std::hint::black_box;

use bench_micro::config;
use bench_native::{EchoMessage, LogReply, log_reply};
use bytes::BytesMut;
use gungraun::prelude::*;
use rpc_runtime::codec::{Codec, Protobuf};

fn echo(size: usize) -> EchoMessage {
    EchoMessage {
        text: "x".repeat(size),
    }
}

fn room() -> BytesMut {
    BytesMut::with_capacity(64 * 1024)
}

fn encoded<M>(message: &M) -> BytesMut
where
    Protobuf: Codec<M>,
{
    let mut bytes = room();
    Protobuf::encode(message, &mut bytes).unwrap();
    bytes
}

#[library_benchmark]
#[bench::echo_64_b((echo(64), room()))]
#[bench::echo_10_kib((echo(10 * 1024), room()))]
fn encode((message, mut bytes): (EchoMessage, BytesMut)) -> (EchoMessage, BytesMut) {
    Protobuf::encode(black_box(&message), &mut bytes).unwrap();
    (message, bytes)
}

#[library_benchmark]
#[bench::echo_64_b(encoded(&echo(64)))]
#[bench::echo_10_kib(encoded(&echo(10 * 1024)))]
fn decode(bytes: BytesMut) -> (EchoMessage, BytesMut) {
    (Protobuf::decode(black_box(&bytes)).unwrap(), bytes)
}

#[library_benchmark]
#[bench::of_50_records((log_reply(), room()))]
fn encode_logs((message, mut bytes): (LogReply, BytesMut)) -> (LogReply, BytesMut) {
    Protobuf::encode(black_box(&message), &mut bytes).unwrap();
    (message, bytes)
}

#[library_benchmark]
#[bench::of_50_records(encoded(&log_reply()))]
fn decode_logs(bytes: BytesMut) -> (LogReply, BytesMut) {
    (Protobuf::decode(black_box(&bytes)).unwrap(), bytes)
}

library_benchmark_group!(
    name = codec,
    benchmarks = [encode, decode, encode_logs, decode_logs]
);
main!(config = config(), library_benchmark_groups = codec);
