//! This project's asynchronous client, which speaks gRPC.

fn main() -> anyhow::Result<()> {
    bench_common::drive(
        |address| bench_native::connect(format!("grpc://{address}")),
        |caller| tokio::spawn(caller.run()),
    )
}
