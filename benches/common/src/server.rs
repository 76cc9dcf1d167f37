//! The frame around every peer's server.

use std::io::{BufRead, Write};
use std::net::{Ipv4Addr, TcpListener as StdTcpListener};
use std::os::unix::net::UnixListener as StdUnixListener;
use std::path::PathBuf;
use std::{env, fs, process, thread};

use tokio::net::{TcpListener, UnixListener};
use tokio::task::LocalSet;

use crate::{Usage, placement, runtime};

/// Runs a server on a free loopback port and tokio's default runtime until standard input ends.
///
/// Prints the address first, and then the [`Usage`] so far, as JSON, for every line read. `serve_listener` must
/// accept until it is dropped and set `TCP_NODELAY` on what it accepts; when it ends, so does the process, with status 1.
///
/// # Errors
///
/// When the runtime, the port or the standard streams fail.
pub fn serve<F, Fut>(serve_listener: F) -> anyhow::Result<()>
where
    F: FnOnce(TcpListener) -> Fut + Send + 'static,
    Fut: Future<Output = anyhow::Result<()>>,
{
    serve_tcp(move |listener| {
        runtime::new()?.block_on(async { serve_listener(TcpListener::from_std(listener)?).await })
    })
}

/// [`serve`] for a peer whose calls have to stay on one thread.
///
/// # Errors
///
/// As [`serve`].
pub fn serve_local<F, Fut>(serve_listener: F) -> anyhow::Result<()>
where
    F: FnOnce(TcpListener) -> Fut + Send + 'static,
    Fut: Future<Output = anyhow::Result<()>>,
{
    serve_tcp(move |listener| {
        let runtime = runtime::current_thread()?;
        let serving = async { serve_listener(TcpListener::from_std(listener)?).await };
        LocalSet::new().block_on(&runtime, serving)
    })
}

/// The path of the socket of a server that listens on one; what an earlier process of the same number left there is removed. Whoever
/// started the server removes the file.
pub fn unix_path() -> PathBuf {
    let path = env::temp_dir().join(format!("bench-{}.sock", process::id()));
    // Usually there is none.
    fs::remove_file(&path).ok();
    path
}

/// [`serve`] on a Unix socket, whose address is `unix:` and [`unix_path`].
///
/// # Errors
///
/// As [`serve`].
pub fn serve_unix<F, Fut>(serve_listener: F) -> anyhow::Result<()>
where
    F: FnOnce(UnixListener) -> Fut + Send + 'static,
    Fut: Future<Output = anyhow::Result<()>>,
{
    let path = unix_path();
    let listener = StdUnixListener::bind(&path)?;
    listener.set_nonblocking(true)?;
    serve_at(&format!("unix:{}", path.display()), move || {
        runtime::new()?.block_on(async { serve_listener(UnixListener::from_std(listener)?).await })
    })
}

fn serve_tcp(
    serve: impl FnOnce(StdTcpListener) -> anyhow::Result<()> + Send + 'static,
) -> anyhow::Result<()> {
    let listener = StdTcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?.to_string();
    serve_at(&address, move || serve(listener))
}

/// [`serve`] for a server that listens by its own means: prints `address` at once, and runs `serve` on a thread of its own.
///
/// # Errors
///
/// When the standard streams fail.
pub fn serve_at(
    address: &str,
    serve: impl FnOnce() -> anyhow::Result<()> + Send + 'static,
) -> anyhow::Result<()> {
    placement::pin("BENCH_SERVER_CORE")?;
    thread::spawn(|| {
        eprintln!("the server ended: {:?}", serve());
        process::exit(1);
    });
    // Answering from a thread of its own keeps the figures independent of how busy the server is.
    let mut output = std::io::stdout();
    writeln!(output, "{address}")?;
    for line in std::io::stdin().lock().lines() {
        line?;
        writeln!(output, "{}", serde_json::to_string(&Usage::now()?)?)?;
    }
    Ok(())
}
