//! The transport of a connection as hyper uses it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep_until};

use super::prefix::Version;
use super::requests::Requests;
use crate::connection::reschedule::TURNS_IN_A_ROW;
use crate::connection::write_timeout::WriteTimeout;
use crate::transport::BoxTransport;

/// A transport of which something was read before. It gives other tasks their turn, reads nothing of
/// a client that gave up too many requests, and breaks when nothing of what is written is taken.
pub(super) struct HttpIo<'a> {
    transport: &'a mut BoxTransport,
    /// What was read before.
    input: BytesMut,
    requests: Arc<Requests>,
    /// What arrives between requests is of the next one's headers.
    is_http1: bool,
    /// Reads in a row, all of which had something.
    reads: u32,
    pause: Option<Pin<Box<Sleep>>>,
    write_timeout: WriteTimeout,
}

impl<'a> HttpIo<'a> {
    pub(super) fn new(
        transport: &'a mut BoxTransport,
        input: BytesMut,
        requests: Arc<Requests>,
        version: Version,
        write_timeout: Duration,
    ) -> Self {
        HttpIo {
            transport,
            input,
            requests,
            is_http1: version == Version::Http1,
            reads: 0,
            pause: None,
            write_timeout: WriteTimeout::new(write_timeout),
        }
    }

    /// What was read and no request was made of: these bytes, and what follows them.
    pub(super) fn unread(self, first: &[u8]) -> BytesMut {
        let mut unread = BytesMut::from(first);
        unread.extend_from_slice(&self.input);
        unread
    }

    /// Ready when something may be read.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(until) = self.requests.pause()
            && until > Instant::now()
        {
            let pause = self
                .pause
                .insert(Box::pin(sleep_until(until.into())))
                .as_mut();
            ready!(pause.poll(cx));
        }
        if self.reads >= TURNS_IN_A_ROW {
            self.reads = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.reads += 1;
        Poll::Ready(())
    }
}

impl AsyncRead for HttpIo<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let io = &mut *self;
        let before = buf.filled().len();
        if io.input.has_remaining() {
            let length = io.input.len().min(buf.remaining());
            buf.put_slice(&io.input.split_to(length));
        } else {
            ready!(io.poll_turn(cx));
            let polled = Pin::new(&mut *io.transport).poll_read(cx, buf);
            if polled.is_pending() {
                io.reads = 0;
            }
            ready!(polled)?;
        }
        if io.is_http1 && buf.filled().len() > before {
            io.requests.arrived();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for HttpIo<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut *self.transport).poll_write(cx, buf);
        self.write_timeout.check(polled, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut *self.transport).poll_write_vectored(cx, bufs);
        self.write_timeout.check(polled, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut *self.transport).poll_flush(cx);
        self.write_timeout.check(polled, cx)
    }

    /// Whoever made this closes the transport, so that the client can read what was written.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn nothing_is_read_for_a_while_of_a_client_that_gave_up_too_many_requests() {
        let (mut client, server) = duplex(64);
        client.write_all(b"more").await.unwrap();
        let requests = Arc::new(Requests::new(1));
        let mut transport: BoxTransport = Box::new(server);
        let input = BytesMut::from(&b"first "[..]);
        let timeout = Duration::from_secs(60);
        let mut io = HttpIo::new(
            &mut transport,
            input,
            Arc::clone(&requests),
            Version::Http2,
            timeout,
        );
        let mut buffer = [0; 64];
        assert_eq!(io.read(&mut buffer).await.unwrap(), 6, "it was read before");
        for _ in 0..2_000 {
            drop(requests.begin());
        }
        let until = requests.pause().unwrap();
        let mut read = ReadBuf::new(&mut buffer);
        let polled = poll_fn(|cx| Poll::Ready(Pin::new(&mut io).poll_read(cx, &mut read)));
        assert!(polled.await.is_pending());
        assert_eq!(io.read(&mut buffer).await.unwrap(), 4);
        assert!(Instant::now() >= until);
    }
}
