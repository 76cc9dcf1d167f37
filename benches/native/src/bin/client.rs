//! This project's asynchronous client with its defaults.

fn main() -> anyhow::Result<()> {
    bench_common::drive(bench_native::connect, |caller| tokio::spawn(caller.run()))
}
