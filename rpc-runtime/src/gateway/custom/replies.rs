//! The replies of a call with streams.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use rpc_wire::{Metadata, Status};

use super::calls::Running;
use crate::call::MessageSource;
use crate::server::StreamCall;

/// A call with streams, and its place among those of its connection.
pub(super) struct Replies {
    pub(super) call: StreamCall,
    pub(super) running: Running,
}

impl Replies {
    /// Waits for the handler to begin its replies; gives what goes ahead of them.
    pub(super) async fn headers(&mut self) -> Result<Metadata, Status> {
        let headers = self.call.headers().await;
        self.running.observe(headers)
    }
}

impl MessageSource for Replies {
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        let mut message = None;
        let polled = self.call.poll_replies(cx, |_, reply| {
            message = Some(reply.into_bytes());
            Ok(false)
        });
        let message = ready!(polled).map(|_| message);
        if !matches!(message, Ok(Some(_))) {
            self.running.end();
        }
        Poll::Ready(message)
    }

    fn poll_headers(&mut self, cx: &mut Context<'_>) -> Poll<Result<Metadata, Status>> {
        self.call.poll_headers(cx)
    }

    fn trailers(&self) -> Option<Metadata> {
        Some(self.call.trailers())
    }
}
