//! Writes a text and reads as much: the least that a blocking call can cost.

use std::io::{Read, Write};
use std::net::TcpStream;

fn main() -> anyhow::Result<()> {
    bench_common::drive_blocking(|address| {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(move |text: String| {
            stream.write_all(text.as_bytes())?;
            let mut answer = vec![0; text.len()];
            stream.read_exact(&mut answer)?;
            Ok(String::from_utf8(answer)?)
        })
    })
}
