//! Sends back whatever arrives, with a thread for each connection.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

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

fn answer(mut stream: TcpStream) -> anyhow::Result<()> {
    let mut buffer = [0; 32 * 1024];
    loop {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..length])?;
    }
}
