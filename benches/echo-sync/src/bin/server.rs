//! The server of the blocking echo, with a thread for each connection.

use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use bench_echo_sync::answer;

fn main() -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?.to_string();
    bench_common::serve_at(&address, move || accept(&listener))
}

fn accept(listener: &TcpListener) -> anyhow::Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        thread::spawn(|| answer(stream));
    }
}
