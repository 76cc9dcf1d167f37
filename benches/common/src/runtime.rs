//! The runtime of clients and servers.

use std::env;
use std::io;

use tokio::runtime::{Builder, Runtime};

/// tokio's default runtime, or the current-thread one if the environment has `BENCH_CURRENT_THREAD`. (The number of the default
/// one's threads is taken from `TOKIO_WORKER_THREADS`, by tokio itself.)
pub(crate) fn new() -> io::Result<Runtime> {
    if env::var_os("BENCH_CURRENT_THREAD").is_some() {
        current_thread()
    } else {
        Runtime::new()
    }
}

/// A runtime that does everything on one thread.
pub(crate) fn current_thread() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
