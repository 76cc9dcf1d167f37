//! Streams that a [`Dialer`] opens, for hyper.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rpc_runtime::{Status, Transport};
use tower_service::Service;

use crate::client::dialer::Dialer;

/// Opens streams to one server, whatever the address.
#[derive(Clone)]
pub(super) struct Streams {
    dialer: Arc<Dialer>,
    /// Is there until the first call takes it.
    first: Arc<Mutex<Option<HttpStream>>>,
}

impl Streams {
    /// Opens the first of them.
    ///
    /// # Errors
    ///
    /// Why the server cannot be reached.
    pub(super) async fn open(dialer: Dialer) -> Result<Self, Status> {
        let first = HttpStream::open(&dialer).await?;
        Ok(Streams {
            dialer: Arc::new(dialer),
            first: Arc::new(Mutex::new(Some(first))),
        })
    }

    fn take_first(&self) -> Option<HttpStream> {
        let first = self.first.lock();
        first.unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Service<Uri> for Streams {
    type Response = HttpStream;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<HttpStream, Status>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _address: Uri) -> Self::Future {
        let streams = self.clone();
        Box::pin(async move {
            match streams.take_first() {
                Some(first) => Ok(first),
                None => HttpStream::open(&streams.dialer).await,
            }
        })
    }
}

/// A stream, and what was agreed on it.
pub(super) struct HttpStream {
    stream: TokioIo<Box<dyn Transport>>,
    is_http2: bool,
}

impl HttpStream {
    async fn open(dialer: &Dialer) -> Result<Self, Status> {
        let (stream, opened) = dialer.open().await?;
        let alpn = opened.tls.and_then(|(_, details)| details.alpn);
        Ok(HttpStream {
            stream: TokioIo::new(stream),
            is_http2: alpn.as_deref() == Some("h2"),
        })
    }
}

impl Connection for HttpStream {
    fn connected(&self) -> Connected {
        match self.is_http2 {
            true => Connected::new().negotiated_h2(),
            false => Connected::new(),
        }
    }
}

impl Read for HttpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl Write for HttpStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
