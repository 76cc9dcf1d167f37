//! The frame around every peer's server.

use std::io::{BufRead, Write};
use std::net::Ipv4Addr;
use std::process;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::cpu;

/// Runs a server on a free loopback port and tokio's default runtime until standard input ends.
///
/// Prints the address first, and then the CPU time so far, in microseconds, for every line read. `serve_listener` must
/// accept until it is dropped and set `TCP_NODELAY` on what it accepts; when it ends, so does the process, with status 1.
///
/// # Errors
///
/// When the runtime, the port or the standard streams fail.
pub fn serve<F, Fut>(serve_listener: F) -> anyhow::Result<()>
where
    F: FnOnce(TcpListener) -> Fut,
    Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let runtime = Runtime::new()?;
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    let address = listener.local_addr()?;
    let accepting = serve_listener(listener);
    runtime.spawn(async move {
        eprintln!("the server ended: {:?}", accepting.await);
        process::exit(1);
    });

    // Answering from a thread of its own keeps the figures independent of how busy the runtime is.
    let mut output = std::io::stdout();
    writeln!(output, "{address}")?;
    for line in std::io::stdin().lock().lines() {
        line?;
        writeln!(output, "{}", cpu::process_time()?.as_micros())?;
    }
    runtime.shutdown_background();
    Ok(())
}
