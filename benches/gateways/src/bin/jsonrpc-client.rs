//! This project's asynchronous client, which speaks JSON-RPC over TCP.

fn main() -> anyhow::Result<()> {
    bench_common::drive(
        |address| bench_native::connect(format!("jsonrpc://{address}")),
        |caller| tokio::spawn(caller.run()),
    )
}
