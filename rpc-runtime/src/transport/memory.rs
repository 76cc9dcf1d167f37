//! Pipes within the process.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{DuplexStream, duplex};
use tokio::sync::mpsc;

/// Bytes in flight each way between the two ends: what a loopback socket holds.
const PIPE_SIZE: usize = 256 * 1024;

/// Connections that wait to be accepted; whoever comes later waits before that.
const BACKLOG: usize = 128;

/// Who listens under which name.
static LISTENERS: Mutex<Option<Listeners>> = Mutex::new(None);

type Listeners = HashMap<String, mpsc::Sender<DuplexStream>>;

/// The two ends of a pipe.
pub(crate) fn pipe() -> (DuplexStream, DuplexStream) {
    duplex(PIPE_SIZE)
}

/// Opens a pipe to whoever listens under `name`.
pub(super) async fn connect(name: &str) -> io::Result<DuplexStream> {
    let listener = locked().get_or_insert_default().get(name).cloned();
    let (client, server) = pipe();
    let sent = match listener {
        Some(listener) => listener.send(server).await.is_ok(),
        None => false,
    };
    match sent {
        true => Ok(client),
        false => Err(io::Error::new(
            io::ErrorKind::ConnectionRefused,
            format!("nobody in this process listens on mem:{name}"),
        )),
    }
}

/// Listens under a name until it is dropped.
pub(super) struct MemoryListener {
    name: String,
    incoming: mpsc::Receiver<DuplexStream>,
}

impl MemoryListener {
    /// Fails if somebody listens under this name already.
    pub(super) fn bind(name: String) -> io::Result<Self> {
        let mut listeners = locked();
        let Entry::Vacant(vacant) = listeners.get_or_insert_default().entry(name.clone()) else {
            return Err(io::Error::new(
                io::ErrorKind::AddrInUse,
                "another server of this process listens there; choose another name",
            ));
        };
        let (sender, incoming) = mpsc::channel(BACKLOG);
        vacant.insert(sender);
        Ok(MemoryListener { name, incoming })
    }

    pub(super) fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<DuplexStream> {
        match self.incoming.poll_recv(cx) {
            Poll::Ready(Some(stream)) => Poll::Ready(stream),
            // The sender is in the registry for as long as this listener lives.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for MemoryListener {
    fn drop(&mut self) {
        let sender = locked().get_or_insert_default().remove(&self.name);
        drop(sender);
    }
}

fn locked() -> MutexGuard<'static, Option<Listeners>> {
    LISTENERS.lock().unwrap_or_else(PoisonError::into_inner)
}
