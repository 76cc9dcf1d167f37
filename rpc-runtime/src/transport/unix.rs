//! Unix sockets.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::task::{Context, Poll};

use tokio::net::{UnixListener, UnixStream};

use super::{Accepted, PeerIdentity, PeerProcess};

/// Connects to the socket at `path`.
pub(super) async fn connect(path: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(path).await
}

/// A socket that takes connections in. Where it made the file, it removes it when it is dropped.
pub(super) struct UnixSocket {
    listener: UnixListener,
    _file: Option<SocketFile>,
}

impl From<UnixListener> for UnixSocket {
    fn from(listener: UnixListener) -> Self {
        UnixSocket {
            listener,
            _file: None,
        }
    }
}

impl UnixSocket {
    /// Listens at `path`. A socket that a server left behind is replaced; one where somebody
    /// listens is not.
    pub(super) async fn bind(path: PathBuf) -> io::Result<Self> {
        let listener = match UnixListener::bind(&path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                remove_stale(&path).await?;
                UnixListener::bind(&path)
            }
            bound => bound,
        };
        let listener = listener.map_err(|error| {
            let text = format!("{error}; check that its folder exists and may be written to");
            io::Error::new(error.kind(), text)
        })?;
        let made = identity(&fs::symlink_metadata(&path)?);
        Ok(UnixSocket {
            listener,
            _file: Some(SocketFile { path, made }),
        })
    }

    pub(super) fn path(&self) -> Option<PathBuf> {
        let address = self.listener.local_addr().ok()?;
        address.as_pathname().map(Path::to_owned)
    }

    pub(super) fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        self.listener.poll_accept(cx).map_ok(|(stream, _)| {
            let process = process_of(&stream);
            let accepted = Accepted::new(stream);
            match process {
                Some(process) => accepted.with_identity(PeerIdentity::Process(process)),
                None => accepted,
            }
        })
    }
}

fn process_of(stream: &UnixStream) -> Option<PeerProcess> {
    let process = stream.peer_cred().ok()?;
    Some(PeerProcess::new(
        process.uid(),
        process.gid(),
        process.pid(),
    ))
}

/// Removes the file of a socket where nobody listens any more.
async fn remove_stale(path: &Path) -> io::Result<()> {
    let in_use = |text: String| Err(io::Error::new(io::ErrorKind::AddrInUse, text));
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return in_use("the file exists and is no socket; choose another path".to_owned());
    }
    match UnixStream::connect(path).await {
        Ok(stream) => {
            let process = process_of(&stream).and_then(|process| process.pid());
            let who = process.map_or("another process".to_owned(), |pid| format!("process {pid}"));
            in_use(format!("{who} listens there; choose another path"))
        }
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => in_use(format!(
            "the file exists, and whether somebody listens there cannot be found out: {error}"
        )),
    }
}

/// The file that a listener made.
struct SocketFile {
    path: PathBuf,
    made: (u64, u64),
}

/// What tells a file from another of the same name: device and inode.
fn identity(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let found = fs::symlink_metadata(&self.path);
        if found.is_ok_and(|found| identity(&found) == self.made) {
            // Whoever removed it first did what was to be done.
            let _ = fs::remove_file(&self.path);
        }
    }
}
