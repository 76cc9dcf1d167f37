//! The requests of a call with streams.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use rpc_wire::{Metadata, Status};

use super::codec::Codec;
use crate::call::MessageSource;
use crate::http::Messages;

/// Requests as the client encoded them, turned into those that the handler takes.
pub(super) struct Requests {
    pub(super) messages: Messages,
    pub(super) codec: Codec,
}

impl MessageSource for Requests {
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        let message = ready!(self.messages.poll_message(cx))?;
        Poll::Ready(
            message
                .map(|message| self.codec.request(message))
                .transpose(),
        )
    }

    fn poll_headers(&mut self, cx: &mut Context<'_>) -> Poll<Result<Metadata, Status>> {
        self.messages.poll_headers(cx)
    }

    fn trailers(&self) -> Option<Metadata> {
        self.messages.trailers()
    }

    fn was_compressed(&self) -> bool {
        self.messages.was_compressed()
    }
}
