//! Streams of requests and of replies.

use super::receive::{behind_the_end, cut_off_message, too_large};
use super::{ServerSession, ServerSink, Stream};
use crate::frame::Flags;
use crate::session::assembly::Refused;
use crate::session::reply::no_room_for_replies;
use crate::session::{
    EncodedRef, MessageBody, Offered, SHARE_BODY_FROM, SessionError, window_exceeded,
};
use crate::{Metadata, Status};

impl<M: Clone, C> ServerSession<M, C> {
    /// What was kept for a call that runs.
    pub fn call_mut(&mut self, id: u32) -> Option<&mut C> {
        match self.streams.get_mut(id)? {
            Stream::Running { call, .. } => Some(call),
            Stream::Receiving(_) => None,
        }
    }

    /// Begins a stream of replies on a call that runs: `metadata` are sent ahead. It begins once.
    ///
    /// # Errors
    ///
    /// The metadata are over the client's limit; nothing is sent.
    pub fn send_headers(&mut self, id: u32, metadata: &Metadata) -> Result<(), Status> {
        if self.call_mut(id).is_none() {
            return Ok(());
        }
        if self.sends.is_open(id) {
            return Ok(());
        }
        self.respond(id).headers(metadata)
    }

    /// Sends a message on a stream of replies, if it may be sent now.
    pub fn send<'a>(&mut self, id: u32, message: impl Into<EncodedRef<'a>>) -> Offered {
        let max_frame_body = self.link.peer.max_frame_body as usize;
        self.sends
            .offer(id, message.into(), &mut self.link.output, max_frame_body)
    }

    /// Sends messages that are not compressed: as many as may be sent now, each in a frame of its own. It is
    /// [`send`](Self::send) for many small ones, and gives how many were sent; what becomes of the next is for `send` to
    /// say.
    pub fn send_run<'a>(&mut self, id: u32, run: impl Iterator<Item = &'a [u8]>) -> usize {
        let peer = &self.link.peer;
        let frame = u64::from(peer.max_frame_body);
        let largest = peer
            .max_message_size
            .map_or(frame, |limit| limit.min(frame));
        let output = &mut self.link.output;
        self.sends.offer_run(id, run, output, largest as usize)
    }

    /// Why a message of `length` bytes ends its stream of replies in place of being sent: it is not small,
    /// and as much waits for the client as may.
    pub fn no_room_for_reply(&mut self, id: u32, length: usize) -> Option<Status> {
        if length < SHARE_BODY_FROM || self.sends.is_waiting(id) {
            return None;
        }
        no_room_for_replies(&self.link, &self.sends, self.max_queued_replies)
    }

    /// Whether a message of a stream of replies is sent in part only, so that the stream cannot
    /// end well before it is writable again.
    pub fn is_sending(&mut self, id: u32) -> bool {
        self.sends.is_busy(id)
    }

    /// Visits the calls on which a message was not taken and may be now. Call it after
    /// [`take_output`](Self::take_output).
    pub fn take_writable(&mut self, visit: impl FnMut(u32)) {
        self.sends.take_writable(&self.link.output, visit);
    }

    /// A handler took messages that [`ServerSink::message`] gave it, so that the client may send
    /// more. `cost` is what they took from the window, see [`message_cost`](crate::session::message_cost).
    pub fn consumed(&mut self, id: u32, cost: u64) {
        let Some(Stream::Running {
            messages: Some(messages),
            half_closed,
            ..
        }) = self.streams.get_mut(id)
        else {
            return;
        };
        let granted = self.grants.consumed(id, messages, cost);
        if let Some(increment) = granted.filter(|_| !*half_closed) {
            self.link.output.window(id, increment);
        }
    }

    /// Takes a message of a stream of requests, or a part of one.
    pub(super) fn take_message(
        &mut self,
        id: u32,
        flags: Flags,
        fragment: &[u8],
        sink: &mut impl ServerSink<Method = M, Call = C>,
    ) -> Result<(), SessionError> {
        let Some(Stream::Running {
            call,
            messages,
            half_closed,
            ..
        }) = self.streams.get_mut(id)
        else {
            return Ok(());
        };
        let Some(assembly) = messages.as_deref_mut().filter(|_| !*half_closed) else {
            return Err(behind_the_end(id));
        };
        let ends = flags.contains(Flags::END_MESSAGE);
        let begins = !assembly.is_partial() && (ends || !fragment.is_empty());
        let can_decompress = self.link.can_decompress(flags, begins)?;
        if flags.contains(Flags::COMPRESSED) {
            assembly.begin_compressed();
        }
        let taken = if !can_decompress {
            Err(self.link.no_compression("request"))
        } else {
            let whole = || MessageBody::Borrowed(fragment);
            match self.grants.take(id, assembly, fragment, ends, whole) {
                Ok(message) => Ok(message),
                Err(Refused::Window) => return Err(window_exceeded(id)),
                Err(Refused::TooLarge) => Err(too_large(self.max_message_size)),
            }
        };
        let cut_off = flags.contains(Flags::END_STREAM) && assembly.is_partial();
        match taken {
            Ok(_) if cut_off => self.end_stream(id, &cut_off_message(), sink),
            Err(status) => self.end_stream(id, &status, sink),
            Ok(message) => {
                let completed = message.is_some();
                if let Some(message) = message {
                    sink.message(call, message);
                } else if let Some(increment) = self.grants.review(id, assembly) {
                    self.link.output.window(id, increment);
                }
                if flags.contains(Flags::END_STREAM) {
                    *half_closed = true;
                    sink.half_closed(call);
                    self.grants.settle(id, assembly);
                }
                if completed {
                    self.serve_waiting();
                }
                self.limit_unread(id, sink);
            }
        }
        Ok(())
    }
}
