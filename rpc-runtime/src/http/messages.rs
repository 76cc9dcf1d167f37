//! Requests behind prefixes, in the body of one over HTTP.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderName;
use rpc_wire::session::Encoded;
use rpc_wire::{Metadata, Status};

use super::body::RequestBody;
use crate::call::MessageSource;
use crate::compression::Decompression;
use crate::connection::reschedule::step_aside;
use crate::grpc::frame::MessageReader;

/// The requests of a call, each behind a prefix, which are read as the handler asks for them.
pub(crate) struct Messages {
    body: RequestBody,
    reader: MessageReader,
    decompression: Decompression,
    /// The last request had arrived compressed.
    compressed: bool,
    /// What would say how they are compressed.
    encoding: HeaderName,
}

impl Messages {
    /// Reads requests whose algorithm is named by the header `encoding`.
    pub(crate) fn new(
        body: RequestBody,
        decompression: Decompression,
        encoding: HeaderName,
    ) -> Self {
        Messages {
            body,
            reader: MessageReader::new(decompression.max_message_size, "server's"),
            decompression,
            compressed: false,
            encoding,
        }
    }

    /// The request of a call that has one, and whether it had arrived compressed.
    ///
    /// # Errors
    ///
    /// UNIMPLEMENTED if there is none, or more than one; RESOURCE_EXHAUSTED over a limit; CANCELLED,
    /// DEADLINE_EXCEEDED or INTERNAL if it does not arrive whole.
    pub(crate) async fn only(mut self) -> Result<(Bytes, bool), Status> {
        let message = poll_fn(|cx| self.poll_next(true, cx)).await?;
        let message = message.ok_or_else(|| cardinality("none"))?;
        if poll_fn(|cx| self.poll_next(true, cx)).await?.is_some() {
            return Err(cardinality("more"));
        }
        if message.compressed {
            // It takes a while, which the other calls of the connection need not wait for.
            step_aside().await;
        }
        let compressed = message.compressed;
        Ok((self.undo(message)?, compressed))
    }

    /// The next request as it arrived. If it `has_begun`, the client has to go on with it.
    fn poll_next(
        &mut self,
        has_begun: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Encoded>, Status>> {
        loop {
            if let Some(message) = self.reader.next()? {
                return Poll::Ready(Ok(Some(message)));
            }
            self.body.keep(self.reader.kept())?;
            let has_begun = has_begun || self.reader.kept() > 0;
            match ready!(self.body.poll_data(has_begun, cx))? {
                Some(data) => self.reader.push(data),
                None => return Poll::Ready(self.reader.finish().map(|()| None)),
            }
        }
    }

    /// The message as its codec wants it.
    fn undo(&self, message: Encoded) -> Result<Bytes, Status> {
        if message.compressed && self.decompression.algorithm.is_none() {
            return Err(Status::internal(format!(
                "a message is marked as compressed, and {} says nothing of how",
                self.encoding
            )));
        }
        self.decompression.undo(message)
    }
}

impl MessageSource for Messages {
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        let message = ready!(self.poll_next(false, cx))?;
        self.compressed = message.as_ref().is_some_and(|message| message.compressed);
        Poll::Ready(message.map(|message| self.undo(message)).transpose())
    }

    fn poll_headers(&mut self, _: &mut Context<'_>) -> Poll<Result<Metadata, Status>> {
        Poll::Ready(Ok(Metadata::new()))
    }

    fn trailers(&self) -> Option<Metadata> {
        None
    }

    fn was_compressed(&self) -> bool {
        self.compressed
    }
}

/// What is said of a call that has not one request.
fn cardinality(sent: &str) -> Status {
    Status::unimplemented(format!("the method takes one request, and {sent} came"))
}
