//! This project's server on TCP, which answers every protocol.

fn main() -> anyhow::Result<()> {
    bench_common::serve(bench_native::serve)
}
