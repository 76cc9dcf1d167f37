//! This project's server on a Unix socket.

fn main() -> anyhow::Result<()> {
    bench_common::serve_unix(bench_native::serve)
}
