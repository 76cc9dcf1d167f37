//! How long a client may take nothing of what is written to it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// Breaks a connection whose client has taken nothing for too long.
pub(crate) struct WriteTimeout {
    timeout: Duration,
    /// Set while the client takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl WriteTimeout {
    pub(crate) fn new(timeout: Duration) -> Self {
        WriteTimeout {
            timeout,
            stalled: None,
        }
    }

    /// What becomes of an attempt to write: an error, if the client has taken nothing for too long.
    pub(crate) fn check<T>(
        &mut self,
        polled: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.stalled = None;
            return polled;
        }
        let timeout = self.timeout;
        let timer = self.stalled.get_or_insert_with(|| Box::pin(sleep(timeout)));
        ready!(timer.as_mut().poll(cx));
        let reason =
            format!("the client took nothing of what was written for {timeout:?} (write_timeout)");
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, reason)))
    }
}
