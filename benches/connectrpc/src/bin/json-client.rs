//! connectrpc's client with messages in JSON.

use bench_connectrpc::connect;
use connectrpc::CodecFormat;

fn main() -> anyhow::Result<()> {
    bench_common::drive(
        |address| connect(address, CodecFormat::Json),
        |caller| tokio::spawn(caller.run()),
    )
}
