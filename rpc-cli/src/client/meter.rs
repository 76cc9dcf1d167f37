//! What is measured of a connection while it is made and used.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use rpc_runtime::Transport;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::tls::TlsDetails;

/// How the last connection was made: how long each part took, and what came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Opened {
    /// Turning the host's name into addresses.
    pub(crate) resolve: Duration,
    /// Connecting the socket.
    pub(crate) connect: Duration,
    /// The address that answered.
    pub(crate) peer: String,
    /// The TLS handshake, and what was agreed.
    pub(crate) tls: Option<(Duration, TlsDetails)>,
}

impl Opened {
    /// How long all parts took.
    fn total(&self) -> Duration {
        let tls = self.tls.as_ref().map_or(Duration::ZERO, |(took, _)| *took);
        self.resolve + self.connect + tls
    }

    /// The parts by name, with the protocol's own handshake as the rest of `all`.
    pub(crate) fn stages(&self, all: Duration) -> Vec<(&'static str, Duration)> {
        let mut stages = vec![("resolve", self.resolve), ("connect", self.connect)];
        stages.extend(self.tls.as_ref().map(|(took, _)| ("TLS", *took)));
        if all > self.total() {
            stages.push(("protocol", all - self.total()));
        }
        stages
    }
}

/// A time as it is shown, with three digits or so.
pub(crate) fn milliseconds(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds >= 1.0 => format!("{seconds:.2} s"),
        seconds if seconds >= 0.01 => format!("{:.1} ms", seconds * 1e3),
        seconds => format!("{:.3} ms", seconds * 1e3),
    }
}

/// Bytes and instants of a server's connections, and how the last one was made.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    sent: AtomicU64,
    received: AtomicU64,
    moments: Mutex<Moments>,
}

#[derive(Debug, Default)]
struct Moments {
    opened: Option<Opened>,
    /// The last time that something was written before anything was read.
    asked: Option<Instant>,
    /// The first time after that when something was read.
    answered: Option<Instant>,
}

/// What happened on the wire since [`Meter::restart`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traffic {
    pub(crate) sent: u64,
    pub(crate) received: u64,
    /// When what was asked first had left.
    pub(crate) asked: Option<Instant>,
}

impl Meter {
    fn moments(&self) -> MutexGuard<'_, Moments> {
        self.moments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how a connection was made. What its handshake wrote and read is no part of a call.
    pub(super) fn opened(&self, opened: Opened) {
        *self.moments() = Moments {
            opened: Some(opened),
            ..Moments::default()
        };
    }

    /// How the last connection was made, if there is one.
    pub(crate) fn last_opened(&self) -> Option<Opened> {
        self.moments().opened.clone()
    }

    /// Begins to count anew.
    pub(crate) fn restart(&self) {
        let mut moments = self.moments();
        (moments.asked, moments.answered) = (None, None);
        self.sent.store(0, Ordering::Relaxed);
        self.received.store(0, Ordering::Relaxed);
    }

    /// What was counted.
    pub(crate) fn traffic(&self) -> Traffic {
        Traffic {
            sent: self.sent.load(Ordering::Relaxed),
            received: self.received.load(Ordering::Relaxed),
            asked: self.moments().asked,
        }
    }

    fn wrote(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
        let mut moments = self.moments();
        if moments.answered.is_none() {
            moments.asked = Some(Instant::now());
        }
    }

    fn read(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
        let mut moments = self.moments();
        // What arrives before anything was asked belongs to what was before.
        if moments.asked.is_some() {
            moments.answered.get_or_insert_with(Instant::now);
        }
    }
}

/// A stream whose bytes are counted.
pub(super) struct Metered<T> {
    pub(super) stream: T,
    pub(super) meter: Arc<Meter>,
}

impl<T: Transport> AsyncRead for Metered<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer));
        self.meter.read(buffer.filled().len() - before);
        Poll::Ready(read)
    }
}

impl<T: Transport> AsyncWrite for Metered<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.meter.wrote(written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, pieces))?;
        self.meter.wrote(written);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
