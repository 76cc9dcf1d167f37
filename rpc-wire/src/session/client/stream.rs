//! A call, as its client's session sees it.

use std::time::Instant;

use super::streaming::Before;
use super::{ClientSink, Outcome};
use crate::frame::{Flags, ResponseMetadata};
use crate::session::assembly::Assembly;

#[derive(Debug)]
pub(super) struct Stream<T> {
    pub(super) slot: T,
    pub(super) open: bool,
    pub(super) deadline: Option<Instant>,
    /// Position behind the request's last byte; `None` while a part is in the send queue.
    pub(super) sent_at: Option<u64>,
    pub(super) reply: Option<Box<PartialReply>>,
    /// Where the messages of a streamed reply arrive.
    pub(super) messages: Option<Box<Assembly>>,
    /// The server has begun its stream.
    pub(super) headers_seen: bool,
}

/// A reply of which the last frame is not here yet.
#[derive(Debug)]
pub(super) struct PartialReply {
    pub(super) metadata: ResponseMetadata,
    pub(super) flags: Flags,
    pub(super) assembly: Assembly,
    pub(super) before: Before,
}

impl<T> Stream<T> {
    /// Where bytes of messages arrive now.
    pub(super) fn arriving(&mut self) -> Option<&mut Assembly> {
        match (&mut self.reply, &mut self.messages) {
            (Some(reply), _) => Some(&mut reply.assembly),
            (None, messages) => messages.as_deref_mut(),
        }
    }

    /// Takes out what has arrived in part.
    pub(super) fn take_arriving(&mut self) -> Option<Assembly> {
        match (self.reply.take(), self.messages.take()) {
            (Some(reply), _) => Some(reply.assembly),
            (None, messages) => messages.map(|messages| *messages),
        }
    }

    /// Ends the stream; the first outcome counts.
    pub(super) fn end(&mut self, outcome: Outcome, sink: &mut impl ClientSink<T>) {
        self.open = false;
        sink.ended(&mut self.slot, outcome);
    }
}
