//! What stands in for Unix sockets where the platform has none: attempts to use them fail.

use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};
use std::task::{Context, Poll};

use tokio::io::DuplexStream;

use super::Accepted;

/// Fails.
pub(super) async fn connect(_: &Path) -> io::Result<DuplexStream> {
    Err(unsupported())
}

/// Cannot be made.
pub(super) struct UnixSocket(Infallible);

impl UnixSocket {
    pub(super) async fn bind(_: PathBuf) -> io::Result<Self> {
        Err(unsupported())
    }

    pub(super) fn path(&self) -> Option<PathBuf> {
        match self.0 {}
    }

    pub(super) fn poll_accept(&mut self, _: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        match self.0 {}
    }
}

fn unsupported() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "this platform has no Unix sockets; use TCP",
    )
}
