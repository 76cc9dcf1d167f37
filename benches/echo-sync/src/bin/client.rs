//! The client of the blocking echo, over TCP or a Unix socket.

use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use bench_echo_sync::call;

fn main() -> anyhow::Result<()> {
    bench_common::drive_blocking(connect)
}

type Call = Box<dyn FnMut(String) -> anyhow::Result<String>>;

fn connect(address: String) -> anyhow::Result<Call> {
    if let Some(path) = address.strip_prefix("unix:") {
        let mut stream = UnixStream::connect(path)?;
        return Ok(Box::new(move |text| call(&mut stream, text)));
    }
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    Ok(Box::new(move |text| call(&mut stream, text)))
}
