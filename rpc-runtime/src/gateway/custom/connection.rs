//! A connection in the hands of a gateway.

use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

use super::calls::Calls;
use crate::connection::reschedule::TURNS_IN_A_ROW;
use crate::connection::room::Room;
use crate::connection::server_config::ConnectionConfig;
use crate::connection::write_timeout::WriteTimeout;
use crate::transport::{BoxTransport, Opened, PeerIdentity};

/// A connection that a [`Gateway`](super::Gateway) has recognised: a stream of bytes both ways, TLS being dealt with.
///
/// Reading begins with the first byte that the client sent, and has a buffer: it is an [`AsyncBufRead`],
/// with `read_line` and the like. Writing has none. A write that the client takes nothing of for
/// `write_timeout` fails with [`TimedOut`](io::ErrorKind::TimedOut).
///
/// The end of the input means that the client sends no more, though it may read, or that the server
/// [drains](Calls::draining) the connection.
pub struct Connection {
    calls: Calls,
    max_message_size: usize,
    frame_timeout: Duration,
    /// What was read and not yet taken.
    input: BytesMut,
    room: Room,
    draining: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// Reads in a row, all of which had something.
    reads: u32,
    write_timeout: WriteTimeout,
    /// `None` once it was given back.
    transport: Option<BoxTransport>,
    give_back: Option<oneshot::Sender<BoxTransport>>,
}

impl Connection {
    /// A connection of which something was read, and its transport once the gateway has let go of it.
    pub(super) fn new(
        opened: Opened,
        calls: Calls,
        config: &ConnectionConfig,
    ) -> (Self, oneshot::Receiver<BoxTransport>) {
        let (give_back, transport) = oneshot::channel();
        let drained = calls.clone();
        let connection = Connection {
            calls,
            max_message_size: usize::try_from(config.session.max_message_size)
                .unwrap_or(usize::MAX),
            frame_timeout: config.frame_timeout,
            input: opened.input,
            room: Room::default(),
            draining: Box::pin(async move { drained.draining().await }),
            reads: 0,
            write_timeout: WriteTimeout::new(config.write_timeout),
            transport: Some(opened.transport),
            give_back: Some(give_back),
        };
        (connection, transport)
    }

    /// What calls the server's methods for this client.
    pub fn calls(&self) -> Calls {
        self.calls.clone()
    }

    /// The client's address, if the transport has one.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.calls.peer()
    }

    /// Who the client has proved to be; see [`Calls::peer_identity`].
    pub fn peer_identity(&self) -> Option<&PeerIdentity> {
        self.calls.peer_identity()
    }

    /// The largest message that the server accepts, in bytes. A call with a larger one is refused; a
    /// gateway that reads no more keeps no more.
    pub fn max_message_size(&self) -> usize {
        self.max_message_size
    }

    /// How long a message may take from its first byte to its last, for gateways to hold to.
    pub fn frame_timeout(&self) -> Duration {
        self.frame_timeout
    }

    /// The transport, which is here until the connection is dropped.
    fn transport(&mut self) -> io::Result<&mut BoxTransport> {
        let gone = || io::Error::from(io::ErrorKind::NotConnected);
        self.transport.as_mut().ok_or_else(gone)
    }

    /// Reads on; there is nothing at the end, and when the connection is drained.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.calls.is_draining() {
            return Poll::Ready(Ok(()));
        }
        if self.reads >= TURNS_IN_A_ROW {
            self.reads = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.reads += 1;
        let room = self.room.make(&mut self.input);
        let mut input = std::mem::take(&mut self.input);
        // The future keeps no state between polls.
        let polled = match self.transport() {
            Ok(transport) => pin!(transport.read_buf(&mut input)).poll(cx),
            Err(error) => Poll::Ready(Err(error)),
        };
        self.input = input;
        if polled.is_pending() {
            self.reads = 0;
            return self.draining.as_mut().poll(cx).map(Ok);
        }
        let read = ready!(polled)?;
        self.room.note(read, room);
        if read > 0 {
            self.calls.used();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncBufRead for Connection {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let connection = self.get_mut();
        if connection.input.is_empty() {
            ready!(connection.poll_more(cx))?;
        }
        Poll::Ready(Ok(&connection.input))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        self.input.advance(amount);
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let input = ready!(self.as_mut().poll_fill_buf(cx))?;
        let length = input.len().min(buf.remaining());
        buf.put_slice(&input[..length]);
        self.consume(length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(self.transport()?).poll_write(cx, buf);
        self.write_timeout.check(polled, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(self.transport()?).poll_write_vectored(cx, bufs);
        self.write_timeout.check(polled, cx)
    }

    fn is_write_vectored(&self) -> bool {
        let transport = self.transport.as_ref();
        transport.is_some_and(|transport| transport.is_write_vectored())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(self.transport()?).poll_flush(cx);
        self.write_timeout.check(polled, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(self.transport()?).poll_shutdown(cx);
        self.write_timeout.check(polled, cx)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let (Some(transport), Some(give_back)) = (self.transport.take(), self.give_back.take()) {
            // If nobody closes it in order, it is closed by being dropped.
            let _ = give_back.send(transport);
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("peer", &self.peer())
            .finish_non_exhaustive()
    }
}
