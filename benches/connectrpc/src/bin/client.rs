//! connectrpc's client with its default codec, protobuf.

use bench_connectrpc::connect;
use connectrpc::CodecFormat;

fn main() -> anyhow::Result<()> {
    bench_common::drive(
        |address| connect(address, CodecFormat::Proto),
        |caller| tokio::spawn(caller.run()),
    )
}
