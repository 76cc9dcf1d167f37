//! The same client for servers that speak JSON-RPC over TCP: it writes whatever calls there are in one piece.

use bench_echo::{EchoClient, Frames};

fn main() -> anyhow::Result<()> {
    bench_common::drive(
        |address| EchoClient::connect(address, Frames::JSON_RPC),
        |caller| tokio::spawn(caller.run()),
    )
}
