//! The requests of a call with streams.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use rpc_wire::session::Encoded;
use rpc_wire::{Metadata, Status};

use super::codec::Codec;
use crate::call::MessageSource;
use crate::compression::Decompression;
use crate::grpc::frame::MessageReader;
use crate::http::RequestBody;

/// Requests in envelopes, as the client encoded them.
pub(super) struct Requests {
    body: RequestBody,
    reader: MessageReader,
    decompression: Decompression,
}

impl Requests {
    pub(super) fn new(body: RequestBody, decompression: Decompression) -> Self {
        Requests {
            body,
            reader: MessageReader::new(decompression.max_message_size, "server's"),
            decompression,
        }
    }

    /// The request of a call that has one.
    ///
    /// # Errors
    ///
    /// UNIMPLEMENTED if there is none, or more than one; as [`poll_next`](Self::poll_next).
    pub(super) async fn only(mut self) -> Result<Bytes, Status> {
        let first = poll_fn(|cx| self.poll_next(true, cx)).await?;
        let second = poll_fn(|cx| self.poll_next(true, cx)).await?;
        match (first, second) {
            (Some(only), None) => Ok(only),
            (first, _) => Err(Status::unimplemented(format!(
                "the method takes one request, and {} came",
                if first.is_none() { "none" } else { "more" }
            ))),
        }
    }

    /// The next request. If it `has_begun`, the client has to go on with it.
    ///
    /// # Errors
    ///
    /// RESOURCE_EXHAUSTED over a limit; CANCELLED, DEADLINE_EXCEEDED or INTERNAL if it does not arrive whole.
    fn poll_next(
        &mut self,
        has_begun: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, Status>> {
        loop {
            if let Some(message) = self.reader.next()? {
                return Poll::Ready(self.undo(message).map(Some));
            }
            self.body.keep(self.reader.kept())?;
            let has_begun = has_begun || self.reader.kept() > 0;
            match ready!(self.body.poll_data(has_begun, cx))? {
                Some(data) => self.reader.push(data),
                None => return Poll::Ready(self.reader.finish().map(|()| None)),
            }
        }
    }

    fn undo(&self, message: Encoded) -> Result<Bytes, Status> {
        if message.compressed && self.decompression.algorithm.is_none() {
            return Err(Status::internal(
                "a message is marked as compressed, and connect-content-encoding says nothing of how",
            ));
        }
        self.decompression.undo(message)
    }
}

/// The same requests, encoded for the handler that reads them.
pub(super) struct DecodedRequests {
    pub(super) requests: Requests,
    pub(super) codec: Codec,
}

impl MessageSource for DecodedRequests {
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        let message = ready!(self.requests.poll_next(false, cx))?;
        Poll::Ready(
            message
                .map(|message| self.codec.request(message))
                .transpose(),
        )
    }

    fn poll_headers(&mut self, _: &mut Context<'_>) -> Poll<Result<Metadata, Status>> {
        Poll::Ready(Ok(Metadata::new()))
    }

    fn trailers(&self) -> Option<Metadata> {
        None
    }
}
