//! The server of the blocking echo on a Unix socket.

use std::os::unix::net::UnixListener;
use std::thread;

use bench_echo_sync::answer;

fn main() -> anyhow::Result<()> {
    let path = bench_common::unix_path();
    let listener = UnixListener::bind(&path)?;
    let address = format!("unix:{}", path.display());
    bench_common::serve_at(&address, move || accept(&listener))
}

fn accept(listener: &UnixListener) -> anyhow::Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        thread::spawn(|| answer(stream));
    }
}
