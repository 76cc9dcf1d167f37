//! The bodies of requests.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
#[cfg(any(feature = "http", feature = "jsonrpc"))]
use hyper::body::SizeHint;
use hyper::body::{Body, Incoming};
use rpc_wire::Status;
use tokio::time::{Instant, Sleep, sleep};

use super::budget::Share;
use super::connection::HttpConnection;
use super::executor::wait_for_more;
use crate::grpc::text::TextReader;

/// Bytes that a client has the time of `frame_timeout` for: those of a frame of the native protocol.
const STEP: usize = 16 * 1024;

/// The body of a request, as it arrives. What was not taken of it holds up its sender, no other.
pub(crate) struct RequestBody {
    incoming: Incoming,
    /// How long the next [`STEP`] bytes of what has begun may take.
    timeout: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    /// Bytes that came since the timer was set.
    arrived: usize,
    /// What is kept of it.
    share: Share,
    /// What makes bytes of it, if it is text.
    text: Option<TextReader>,
}

impl RequestBody {
    pub(super) fn new(incoming: Incoming, connection: &HttpConnection) -> Self {
        RequestBody {
            incoming,
            timeout: connection.config.frame_timeout,
            timer: None,
            arrived: 0,
            share: connection.parts.share(),
            text: None,
        }
    }

    /// The bytes of a body that is base64.
    pub(crate) fn in_base64(self) -> Self {
        RequestBody {
            text: Some(TextReader::default()),
            ..self
        }
    }

    /// Keeps so many bytes of what was taken, because more has to come.
    ///
    /// # Errors
    ///
    /// RESOURCE_EXHAUSTED if all requests of the connection together keep as much as they may.
    pub(crate) fn keep(&mut self, bytes: usize) -> Result<(), Status> {
        self.share.hold(bytes).map_err(|exhausted| {
            Status::resource_exhausted(format!(
                "the connection's unread requests are over the server's limit max_unread_input of {} bytes",
                exhausted.max
            ))
        })
    }

    /// The next bytes; `None` at the end. If something `has_begun` of which more is to come, the client
    /// has to go on with it.
    ///
    /// # Errors
    ///
    /// CANCELLED if the client has given up, DEADLINE_EXCEEDED if it takes too long.
    pub(crate) fn poll_data(
        &mut self,
        has_begun: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, Status>> {
        while let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) {
            let Some(frame) = frame.transpose().map_err(broken)? else {
                let ended = self.text.as_ref().map_or(Ok(()), TextReader::finish);
                return Poll::Ready(ended.map(|()| None));
            };
            // What else there is are trailers, which mean nothing in a request.
            if let Ok(data) = frame.into_data()
                && !data.is_empty()
            {
                self.arrived += data.len();
                let data = match &mut self.text {
                    Some(text) => text.read(&data)?,
                    None => data,
                };
                if !data.is_empty() {
                    return Poll::Ready(Ok(Some(data)));
                }
            }
        }
        if self.arrived < STEP {
            // Reading what is large takes a while, which the other requests of the connection need not wait for.
            wait_for_more();
        }
        match has_begun || self.text.as_ref().is_some_and(TextReader::has_begun) {
            true => self.poll_timeout(cx).map(Err),
            false => {
                self.timer = None;
                Poll::Pending
            }
        }
    }

    /// Whether it is known that it has no bytes.
    #[cfg(feature = "jsonrpc-ws")]
    pub(crate) fn is_empty(&self) -> bool {
        self.incoming.is_end_stream()
    }

    /// Least and most bytes that it has, as far as that is known.
    #[cfg(any(feature = "http", feature = "jsonrpc"))]
    pub(super) fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }

    fn poll_timeout(&mut self, cx: &mut Context<'_>) -> Poll<Status> {
        let timeout = self.timeout;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(timeout)));
        if self.arrived >= STEP {
            self.arrived = 0;
            timer.as_mut().reset(Instant::now() + timeout);
        }
        timer.as_mut().poll(cx).map(|()| {
            Status::deadline_exceeded(format!(
                "the request did not go on for {timeout:?} (frame_timeout)"
            ))
        })
    }
}

/// What is said of a request that breaks off.
fn broken(error: hyper::Error) -> Status {
    let reason = error.source().map(|source| format!(": {source}"));
    let reason = reason.unwrap_or_default();
    Status::cancelled(format!("the request broke off: {error}{reason}")).with_source(error)
}
