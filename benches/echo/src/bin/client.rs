//! The client of the bare echo.

use bench_echo::{EchoClient, Frames};

fn main() -> anyhow::Result<()> {
    bench_common::drive(
        |address| EchoClient::connect(address, Frames::BARE),
        |caller| tokio::spawn(caller.run()),
    )
}
