//! This project's server on TCP.

fn main() -> anyhow::Result<()> {
    bench_common::serve(bench_native::serve)
}
