//! Streams of requests and of replies.

use bytes::{Buf, BytesMut};

use super::outcome::too_large;
use super::{ClientSession, ClientSink, Outcome, Stream};
use crate::frame::{Flags, FrameHeader, HEADER_LEN};
use crate::session::assembly::Refused;
use crate::session::{
    EncodedRef, MessageBody, Offered, SessionError, message_cost, window_exceeded,
};
use crate::{Stage, Status};

impl<T> ClientSession<T> {
    /// Sends a message on a stream of requests, if it may be sent now.
    pub fn send<'a>(&mut self, id: u32, message: impl Into<EncodedRef<'a>>) -> Offered {
        let max_frame_body = self.link.peer.max_frame_body as usize;
        self.sends
            .offer(id, message.into(), &mut self.link.output, max_frame_body)
    }

    /// No more requests follow on a stream of them.
    pub fn finish_sending(&mut self, id: u32) {
        self.sends.finish(id, &mut self.link.output);
    }

    /// Ends a call whose stream of requests cannot go on, and tells the server.
    pub fn abort(&mut self, id: u32, status: Status, sink: &mut impl ClientSink<T>) {
        if self.streams.get_mut(id).is_some_and(|stream| stream.open) {
            self.link.output.cancel(id, status.code());
            self.fail(id, status, sink);
        }
    }

    /// Visits the streams on which a message was not taken and may be now. Call it after
    /// [`take_output`](Self::take_output).
    pub fn take_writable(&mut self, mut visit: impl FnMut(&mut T)) {
        let Self {
            sends,
            streams,
            link,
            ..
        } = self;
        sends.take_writable(&link.output, |id| {
            if let Some(stream) = streams.get_mut(id) {
                visit(&mut stream.slot);
            }
        });
    }

    /// The caller took messages that [`ClientSink::message`] gave it, so that the server may send
    /// more. `cost` is what they took from the window, see [`message_cost`].
    pub fn consumed(&mut self, id: u32, cost: u64) {
        let open = self.streams.get_mut(id).filter(|stream| stream.open);
        let Some(arriving) = open.and_then(Stream::arriving) else {
            return;
        };
        let granted = self.grants.consumed(id, arriving, cost);
        if let Some(increment) = granted {
            self.link.output.window(id, increment);
        }
    }

    /// Takes small messages of a stream off `input`, as many as it begins with. The stream is looked up once for
    /// all of them; what is not such a message, or may not come now, stays.
    pub(super) fn take_messages(
        &mut self,
        id: u32,
        input: &mut BytesMut,
        sink: &mut impl ClientSink<T>,
    ) {
        let stream = self.streams.get_mut(id);
        let Some(Stream {
            slot,
            open: true,
            reply: None,
            messages: Some(messages),
            headers_seen: true,
            ..
        }) = stream
        else {
            return;
        };
        let (mut taken, mut cost) = (0, 0);
        while let Some(message) = self.link.next_message(&input[taken..], id)
            && messages.take_whole(message.len())
        {
            sink.message(slot, MessageBody::Borrowed(message).into());
            taken += HEADER_LEN + message.len();
            cost += message_cost(message.len());
        }
        if taken == 0 {
            return;
        }
        input.advance(taken);
        self.grants.took_whole(id, messages, cost);
        self.serve_waiting();
    }

    /// Takes a message of a stream, or a part of one.
    pub(super) fn take_message(
        &mut self,
        header: &FrameHeader,
        fragment: MessageBody<'_>,
        sink: &mut impl ClientSink<T>,
    ) -> Result<(), SessionError> {
        let id = header.stream_id;
        let Some(stream) = self.streams.get_mut(id) else {
            return Ok(());
        };
        let Some(messages) = &mut stream.messages else {
            return Ok(());
        };
        let ends = header.flags.contains(Flags::END_MESSAGE);
        // A frame of DATA without a byte ends a message or the stream.
        let begins = !messages.is_partial() && (ends || !fragment.is_empty());
        if !self.link.can_decompress(header.flags, begins)? {
            self.give_up_compressed(id, sink);
            return Ok(());
        }
        if header.flags.contains(Flags::COMPRESSED) {
            messages.begin_compressed();
        }
        let whole = || fragment.clone();
        match self.grants.take(id, messages, &fragment, ends, whole) {
            Ok(Some(message)) => {
                sink.message(&mut stream.slot, message);
                self.serve_waiting();
            }
            Ok(None) => {
                if let Some(increment) = self.grants.review(id, messages) {
                    self.link.output.window(id, increment);
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

/// What a stream of replies had brought when its final RESPONSE came.
#[derive(Clone, Copy, Debug)]
pub(super) enum Before {
    /// It is no stream: its one reply is in the RESPONSE.
    Nothing,
    Whole,
    PartOfMessage,
}

impl Before {
    pub(super) fn of_stream(partial: bool) -> Self {
        match partial {
            true => Before::PartOfMessage,
            false => Before::Whole,
        }
    }
}

/// A stream of replies ends well between two messages and with no further one.
pub(super) fn checked(outcome: Outcome, before: Before) -> Outcome {
    let reason = match (&outcome, before) {
        (Outcome::Reply { .. }, Before::PartOfMessage) => {
            "the server ended its stream inside a message"
        }
        (Outcome::Reply { body, .. }, Before::Whole) if !body.bytes.is_empty() => {
            "the server ended its stream with a body, which is no message"
        }
        _ => return outcome,
    };
    Outcome::Failed(Status::internal(reason).with_stage(Stage::Receive))
}
