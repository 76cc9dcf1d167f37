//! Notes what comes from a server, and what leaves for it.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::begun::{Begun, Following};
use crate::transport::BoxTransport;

/// As many of a server's first bytes as show which protocol it speaks.
const FIRST: usize = 64;

/// What is known of what a server sent, and was sent.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    /// Something came since [`take`](Self::take) was called.
    lately: AtomicBool,
    first: Mutex<Vec<u8>>,
    /// The requests that have left for it.
    pub(super) begun: Begun,
}

impl Hearing {
    /// Whether something came since this was asked before.
    pub(super) fn take(&self) -> bool {
        self.lately.swap(false, Ordering::Relaxed)
    }

    /// The server's first bytes.
    pub(super) fn first(&self) -> Vec<u8> {
        let first = self.first.lock();
        first.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A stream of bytes of which it is noted what comes and leaves.
pub(super) struct Heard {
    transport: BoxTransport,
    hearing: Arc<Hearing>,
    /// The first bytes are complete.
    knows_first: bool,
    following: Following,
}

impl Heard {
    pub(super) fn new(transport: BoxTransport) -> (Self, Arc<Hearing>) {
        let hearing = Arc::<Hearing>::default();
        let heard = Heard {
            transport,
            hearing: Arc::clone(&hearing),
            knows_first: false,
            following: Following::new(),
        };
        (heard, hearing)
    }

    fn note_written(&mut self, bytes: &[u8]) {
        self.following.written(bytes, &self.hearing.begun);
    }

    fn note(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.hearing.lately.store(true, Ordering::Relaxed);
        if !self.knows_first {
            let first = self.hearing.first.lock();
            let mut first = first.unwrap_or_else(PoisonError::into_inner);
            let missing = FIRST - first.len();
            first.extend(&bytes[..missing.min(bytes.len())]);
            self.knows_first = first.len() == FIRST;
        }
    }
}

impl AsyncRead for Heard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.transport).poll_read(cx, buffer))?;
        self.note(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Heard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.transport).poll_write(cx, bytes))?;
        self.note_written(&bytes[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.transport).poll_write_vectored(cx, slices))?;
        let mut left = written;
        for slice in slices {
            let part = left.min(slice.len());
            self.note_written(&slice[..part]);
            left -= part;
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(cx)
    }
}
