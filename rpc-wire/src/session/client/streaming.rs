//! Streams of requests and of replies.

use bytes::Bytes;

use super::outcome::too_large;
use super::{ClientSession, ClientSink, Outcome};
use crate::frame::{Flags, FrameHeader, window};
use crate::session::assembly::{Assembly, Refused};
use crate::session::{Offered, SessionError, window_exceeded};
use crate::{Stage, Status};

impl<T> ClientSession<T> {
    /// Sends a message on a stream of requests, if it may be sent now.
    pub fn send(&mut self, id: u32, message: Bytes) -> Offered {
        let max_frame_body = self.link.peer.max_frame_body as usize;
        self.sends
            .offer(id, message, &mut self.link.output, max_frame_body)
    }

    /// No more requests follow on a stream of them.
    pub fn finish_sending(&mut self, id: u32) {
        self.sends.finish(id, &mut self.link.output);
    }

    /// Visits the streams on which a message was not taken and may be now. Call it after
    /// [`take_output`](Self::take_output).
    pub fn take_writable(&mut self, mut visit: impl FnMut(&mut T)) {
        let Self { sends, streams, .. } = self;
        sends.take_writable(|id| {
            if let Some(stream) = streams.get_mut(id) {
                visit(&mut stream.slot);
            }
        });
    }

    /// The caller took `bytes` of messages that [`ClientSink::message`] gave it, so that the
    /// server may send more.
    pub fn consumed(&mut self, id: u32, bytes: usize) {
        let initial = self.link.local.initial_stream_window;
        let Some(stream) = self.streams.get_mut(id).filter(|stream| stream.open) else {
            return;
        };
        let Some(messages) = &mut stream.messages else {
            return;
        };
        let mut granted = messages.consumed(bytes, initial);
        if granted.is_none() && messages.is_partial() {
            granted = self.grants.review(id, messages, initial, false);
        }
        if let Some(increment) = granted {
            window::encode(id, increment, self.link.output.tail());
        }
    }

    /// Takes a message of a stream, or a part of one.
    pub(super) fn take_message(
        &mut self,
        header: &FrameHeader,
        payload: Bytes,
        sink: &mut impl ClientSink<T>,
    ) -> Result<(), SessionError> {
        let id = header.stream_id;
        if header.flags.contains(Flags::COMPRESSED) {
            let status = Status::unimplemented("a message is compressed, which was not agreed");
            self.give_up(id, status.code(), status, sink);
            return Ok(());
        }
        let initial = self.link.local.initial_stream_window;
        let Some(stream) = self.streams.get_mut(id) else {
            return Ok(());
        };
        let Some(messages) = &mut stream.messages else {
            return Ok(());
        };
        let ends = header.flags.contains(Flags::END_MESSAGE);
        let message = if ends && !messages.is_partial() {
            messages.pass(payload.len()).map(|()| Some(payload))
        } else {
            let pushed = messages.push(&payload);
            pushed.map(|()| ends.then(|| self.grants.complete(id, messages)))
        };
        match message {
            Ok(Some(message)) => sink.message(&mut stream.slot, message),
            Ok(None) => {
                if let Some(increment) = self.grants.review(id, messages, initial, false) {
                    window::encode(id, increment, self.link.output.tail());
                }
            }
            Err(Refused::Window) => return Err(window_exceeded(id)),
            Err(Refused::TooLarge) => {
                let status = too_large(self.config.max_message_size);
                self.give_up(id, status.code(), status, sink);
            }
        }
        Ok(())
    }
}

/// A stream of replies that ends well inside a message did not end well.
pub(super) fn whole_stream(outcome: Outcome, messages: Option<&Assembly>) -> Outcome {
    match outcome {
        Outcome::Reply { .. } if messages.is_some_and(Assembly::is_partial) => {
            let status = Status::internal("the server ended its stream inside a message");
            Outcome::Failed(status.with_stage(Stage::Receive))
        }
        outcome => outcome,
    }
}
