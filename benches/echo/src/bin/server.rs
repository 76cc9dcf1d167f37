//! Sends every frame back; the answers to one read leave in one write.

use bench_echo::{READ_SIZE, REPEAT, decode, encode};
use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn main() -> anyhow::Result<()> {
    bench_common::serve(accept)
}

async fn accept(listener: TcpListener) -> anyhow::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(answer(stream));
    }
}

async fn answer(mut stream: TcpStream) -> anyhow::Result<()> {
    let mut input = BytesMut::with_capacity(READ_SIZE);
    let mut output = BytesMut::with_capacity(READ_SIZE);
    loop {
        input.reserve(READ_SIZE);
        if stream.read_buf(&mut input).await? == 0 {
            return Ok(());
        }
        while let Some((call, body)) = decode(&mut input) {
            if call == REPEAT {
                return repeat(stream, &body).await;
            }
            encode(&mut output, call, &body);
        }
        stream.write_all(&output).await?;
        output.clear();
    }
}

/// Sends the same frame until the client is gone, so many at a time that a write is as large as a read.
async fn repeat(mut stream: TcpStream, body: &[u8]) -> anyhow::Result<()> {
    let mut output = BytesMut::with_capacity(READ_SIZE);
    loop {
        while output.len() < READ_SIZE {
            encode(&mut output, REPEAT, body);
        }
        stream.write_all(&output).await?;
        output.clear();
    }
}
