//! A transport with what was read and what is to be written.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use rpc_wire::session::Output;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::room::Room;
use crate::transport::BoxTransport;

/// How long a peer has to take the last bytes of a connection that ends with an error.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The output is a session's, or any other buffer.
pub(crate) struct Wire<O = Output> {
    transport: BoxTransport,
    pub(crate) input: BytesMut,
    pub(crate) output: O,
    room: Room,
    /// Bytes written since the connection began.
    written: u64,
    /// Since when the peer takes nothing that is to be written.
    stalled: Option<Instant>,
    /// When it last took something after a stall.
    resumed: Option<Instant>,
    /// The transport keeps none of them back.
    flushed: bool,
}

impl<O: Buf + Default> Wire<O> {
    /// A transport of which `input` was read before.
    pub(crate) fn new(transport: BoxTransport, input: BytesMut) -> Self {
        Wire {
            transport,
            input,
            output: O::default(),
            room: Room::default(),
            written: 0,
            stalled: None,
            resumed: None,
            flushed: true,
        }
    }

    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Since when the peer takes nothing of the output.
    pub(crate) fn stalled_since(&self) -> Option<Instant> {
        self.stalled
    }

    /// When the peer last took something of an output that had stalled.
    pub(super) fn resumed(&self) -> Option<Instant> {
        self.resumed
    }

    /// Whether something is still to be written.
    pub(crate) fn is_writing(&self) -> bool {
        self.output.has_remaining() || !self.flushed
    }

    /// Reads what is there; 0 bytes mean that the peer has closed.
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let room = self.room.make(&mut self.input);
        // The future keeps no state between polls.
        let read = pin!(self.transport.read_buf(&mut self.input)).poll(cx);
        if let Poll::Ready(Ok(count)) = &read {
            self.room.note(*count, room);
        }
        read
    }

    /// Writes until the output is empty and the transport, which may have a buffer as TLS has,
    /// has let go of it.
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.output.has_remaining() {
            self.flushed = false;
            match pin!(self.transport.write_buf(&mut self.output)).poll(cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => {
                    self.written += count as u64;
                    self.resume();
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return self.stall(),
            }
        }
        if !self.flushed {
            if Pin::new(&mut self.transport).poll_flush(cx)?.is_pending() {
                return self.stall();
            }
            self.flushed = true;
            self.resume();
        }
        Poll::Ready(Ok(()))
    }

    fn resume(&mut self) {
        if self.stalled.take().is_some() {
            self.resumed = Some(Instant::now());
        }
    }

    fn stall<T>(&mut self) -> Poll<T> {
        self.stalled.get_or_insert_with(Instant::now);
        Poll::Pending
    }

    /// Writes what is left, so that there is room for last words; not for long.
    pub(crate) async fn flush(&mut self) {
        let flushing = std::future::poll_fn(|cx| self.poll_write(cx));
        // What broke, or takes too long, is found out again by closing.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, flushing).await;
    }

    /// Writes what is left and closes so that the peer can read it: a socket that is closed with
    /// unread input would throw it away.
    pub(crate) async fn close(&mut self) {
        let closing = async {
            std::future::poll_fn(|cx| self.poll_write(cx)).await?;
            self.transport.shutdown().await?;
            loop {
                self.input.clear();
                if self.transport.read_buf(&mut self.input).await? == 0 {
                    return io::Result::Ok(());
                }
                // A peer that never stops sending must not keep the time limit from being seen.
                tokio::task::yield_now().await;
            }
        };
        // The connection is over; whether the peer heard why is no concern of anybody here.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, closing).await;
    }
}
