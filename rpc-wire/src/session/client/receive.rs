//! What arrives at a client.

use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};

use super::outcome::{outcome, too_large};
use super::streaming::{Before, checked};
use super::{ClientSession, ClientSink, Outcome, PartialReply, Stream};
use crate::frame::{
    Flags, FrameHeader, FrameType, GoAway, HEADER_LEN, ResponseMetadata, cancel, too_many_entries,
    window,
};
use crate::session::assembly::{Assembly, Refused};
use crate::session::link::common_compression;
use crate::session::{Encoded, MessageBody, SHARE_BODY_FROM, SessionError, window_exceeded};
use crate::{Code, Stage, Status};

impl<T> ClientSession<T> {
    /// Takes whole frames off `input` and visits what they mean.
    ///
    /// # Errors
    ///
    /// The peer broke the protocol: call [`lost`](Self::lost) and
    /// [`send_goaway`](Self::send_goaway), write the last output and close.
    pub fn receive(
        &mut self,
        now: Instant,
        input: &mut BytesMut,
        sink: &mut impl ClientSink<T>,
    ) -> Result<(), SessionError> {
        self.link.heard(now);
        if self.open > 0 {
            self.link.say_alive(now);
        }
        while let Some(found) = self.link.next_frame(input)? {
            let header = found.header;
            if found.metadata_too_large {
                self.metadata_too_large(&header, sink)?;
                continue;
            }
            if header.frame_type == FrameType::Data && header.content_len() < SHARE_BODY_FROM {
                let fragment = MessageBody::Borrowed(&input[HEADER_LEN..header.content_len()]);
                self.handle_data(&header, fragment, sink)?;
                input.advance(header.frame_len());
                self.take_messages(header.stream_id, input, sink);
                continue;
            }
            let mut payload = input.split_to(header.frame_len());
            payload.truncate(header.content_len());
            payload.advance(HEADER_LEN);
            let payload = payload.freeze();
            match header.frame_type {
                FrameType::Response => self.handle_response(&header, payload, sink)?,
                FrameType::Data => self.handle_data(&header, payload.into(), sink)?,
                FrameType::Cancel => self.handle_cancel(&header, &payload, sink)?,
                FrameType::Window => self.handle_window(&header, &payload)?,
                FrameType::Settings => self.handle_settings(&payload)?,
                FrameType::Ping => self.link.handle_ping(now, &payload)?,
                FrameType::GoAway => self.handle_goaway(&payload, sink)?,
                FrameType::Pong | FrameType::Extension(_) => {}
                FrameType::Request => {
                    return Err(SessionError::protocol(
                        "REQUEST from a server: only clients open streams",
                    ));
                }
            }
        }
        Ok(())
    }

    fn handle_settings(&mut self, payload: &[u8]) -> Result<(), SessionError> {
        let assumed = self.link.peer.initial_stream_window;
        self.link.handle_settings(payload)?;
        // The server counts with its own window from the start, and may wait for us to use it.
        self.link.compression = common_compression(&self.link.local, &self.link.peer);
        match self.link.peer.initial_stream_window - assumed {
            0 => {}
            more => self.sends.grant_all(more),
        }
        Ok(())
    }

    /// Finds an open stream; a frame for one that has ended is counted and dropped.
    fn find_open(&mut self, id: u32) -> Result<Option<&mut Stream<T>>, SessionError> {
        if id >= self.next_id || id < self.config.first_stream_id {
            return Err(SessionError::protocol(format!(
                "a frame for stream {id}, which was never opened"
            )));
        }
        let stream = self.streams.get_mut(id).filter(|stream| stream.open);
        if stream.is_none() {
            self.link.stats.late_frames += 1;
        }
        Ok(stream)
    }

    fn handle_response(
        &mut self,
        header: &FrameHeader,
        mut payload: Bytes,
        sink: &mut impl ClientSink<T>,
    ) -> Result<(), SessionError> {
        let max_message_size = self.config.max_message_size;
        let id = header.stream_id;
        let begins = header.flags.contains(Flags::END_MESSAGE) || header.body_len > 0;
        let can_decompress = self.link.can_decompress(header.flags, begins)?;
        let Some(stream) = self.find_open(id)? else {
            return Ok(());
        };
        if stream.reply.is_some() {
            return Err(SessionError::protocol(format!(
                "a second RESPONSE on stream {id}"
            )));
        }
        if !can_decompress {
            self.give_up_compressed(id, sink);
            return Ok(());
        }
        let metadata = payload.split_to(header.metadata_len as usize);
        let metadata = ResponseMetadata::decode_checked(&metadata)?;
        if let Some(status) = too_many_entries("reply", metadata.metadata.len()) {
            self.give_up(id, status.code(), status, sink);
            return Ok(());
        }
        if header
            .flags
            .contains(Flags::END_STREAM | Flags::END_MESSAGE)
        {
            // The common case: the whole reply in one frame.
            let outcome = if payload.len() as u64 > max_message_size {
                Outcome::Failed(too_large(max_message_size).with_stage(Stage::Receive))
            } else {
                let body = Encoded {
                    bytes: payload,
                    compressed: header.flags.contains(Flags::COMPRESSED),
                };
                outcome(metadata, header.flags, body)?
            };
            let arriving = stream.take_arriving();
            let before = match &arriving {
                Some(arriving) if !arriving.admits(header.body_len) => {
                    return Err(window_exceeded(id));
                }
                Some(arriving) => Before::of_stream(arriving.is_partial()),
                // One frame always fits into a new stream's window.
                None => Before::Nothing,
            };
            stream.end(checked(outcome, before), sink);
            self.closed(id, arriving);
            return Ok(());
        }
        if !header.flags.contains(Flags::END_STREAM) && stream.messages.is_some() {
            if metadata.status_code() != Code::Ok {
                let status = Status::internal("leading metadata came with an error's code");
                self.give_up(id, Code::Cancelled, status, sink);
                return Ok(());
            }
            if std::mem::replace(&mut stream.headers_seen, true) {
                return Err(SessionError::protocol(format!(
                    "leading metadata came twice on stream {id}"
                )));
            }
            sink.headers(&mut stream.slot, metadata.user_metadata()?);
            return Ok(());
        }
        if !header.flags.contains(Flags::END_STREAM) {
            let status = Status::internal("the server answered a unary call with a stream");
            self.give_up(id, Code::Cancelled, status, sink);
            return Ok(());
        }
        self.begin_reply(id, header.flags, metadata);
        self.take_fragment(id, &payload, header.flags, sink)
    }

    /// A final RESPONSE begins whose body goes on in DATA.
    fn begin_reply(&mut self, id: u32, flags: Flags, metadata: ResponseMetadata) {
        let Some(stream) = self.streams.get_mut(id) else {
            return;
        };
        // A final body comes out of the window that the messages before it have left.
        let (assembly, before) = match stream.messages.take() {
            Some(mut messages) => {
                let partial = self.grants.abandon(id, &mut messages);
                (*messages, Before::of_stream(partial))
            }
            None => {
                let window = self.link.local.initial_stream_window;
                let assembly = Assembly::new(window, self.config.max_message_size);
                (assembly, Before::Nothing)
            }
        };
        stream.reply = Some(Box::new(PartialReply {
            metadata,
            flags,
            assembly,
            before,
        }));
        self.serve_waiting();
        // What the server does not have yet, it does not need.
        self.sends.remove(id);
    }

    fn handle_data(
        &mut self,
        header: &FrameHeader,
        fragment: MessageBody<'_>,
        sink: &mut impl ClientSink<T>,
    ) -> Result<(), SessionError> {
        let id = header.stream_id;
        let Some(stream) = self.find_open(id)? else {
            return Ok(());
        };
        if stream.reply.is_none() && stream.headers_seen {
            return self.take_message(header, fragment, sink);
        }
        if stream.reply.is_none() {
            return Err(SessionError::protocol(format!(
                "DATA before RESPONSE on stream {id}"
            )));
        }
        self.take_fragment(id, &fragment, header.flags, sink)
    }

    fn take_fragment(
        &mut self,
        id: u32,
        fragment: &[u8],
        flags: Flags,
        sink: &mut impl ClientSink<T>,
    ) -> Result<(), SessionError> {
        let Some(stream) = self.streams.get_mut(id) else {
            return Ok(());
        };
        let Some(reply) = &mut stream.reply else {
            return Ok(());
        };
        let last = flags.contains(Flags::END_MESSAGE);
        let begins = !reply.assembly.is_partial() && (last || !fragment.is_empty());
        let is_message = !reply.flags.contains(Flags::STATUS);
        if !self.link.can_decompress(flags, begins && is_message)? {
            self.give_up_compressed(id, sink);
            return Ok(());
        }
        if flags.contains(Flags::COMPRESSED) {
            reply.assembly.begin_compressed();
        }
        match self.grants.push(&mut reply.assembly, fragment) {
            Ok(()) if last => {}
            Ok(()) => {
                if let Some(increment) = self.grants.review(id, &mut reply.assembly) {
                    self.link.output.window(id, increment);
                }
                return Ok(());
            }
            Err(Refused::Window) => return Err(window_exceeded(id)),
            Err(Refused::TooLarge) => {
                let status = too_large(self.config.max_message_size);
                self.give_up(id, status.code(), status, sink);
                return Ok(());
            }
        }
        let Some(mut reply) = stream.reply.take() else {
            return Ok(());
        };
        self.grants.release(id, &mut reply.assembly);
        let PartialReply {
            metadata,
            flags,
            assembly,
            before,
        } = *reply;
        let outcome = outcome(metadata, flags, assembly.into_message())?;
        stream.end(checked(outcome, before), sink);
        self.closed(id, None);
        self.serve_waiting();
        Ok(())
    }

    fn handle_cancel(
        &mut self,
        header: &FrameHeader,
        payload: &[u8],
        sink: &mut impl ClientSink<T>,
    ) -> Result<(), SessionError> {
        let code = match cancel::decode(payload)? {
            // A call that was cancelled did not end well.
            Code::Ok => Code::Unknown,
            code => code,
        };
        if self.find_open(header.stream_id)?.is_none() {
            return Ok(());
        }
        let status = Status::new(code, "the server cancelled the call").with_stage(Stage::Wait);
        self.fail(header.stream_id, status, sink);
        Ok(())
    }

    fn handle_window(&mut self, header: &FrameHeader, payload: &[u8]) -> Result<(), SessionError> {
        let increment = window::decode(payload)?;
        let id = header.stream_id;
        if increment != window::BLOCKED && id < self.next_id {
            // A grant for a request whose last byte is on its way is normal, not late.
            self.sends.grant(id, increment);
            return Ok(());
        }
        if self.find_open(id)?.is_none() {
            return Ok(());
        }
        // A single reply was looked after when its window ran low.
        if let Some(Stream {
            reply: None,
            messages: Some(messages),
            ..
        }) = self.streams.get_mut(id)
            && let Some(increment) = self.grants.asked(id, messages)
        {
            self.link.output.window(id, increment);
        }
        Ok(())
    }

    fn handle_goaway(
        &mut self,
        payload: &[u8],
        sink: &mut impl ClientSink<T>,
    ) -> Result<(), SessionError> {
        self.link.floods.note_goaway()?;
        let goaway = GoAway::decode(payload)?;
        let last = goaway.last_stream_id;
        let status = Status::unavailable(format!(
            "the server is leaving{}{}",
            if goaway.message.is_empty() { "" } else { ": " },
            goaway.message
        ))
        .with_stage(Stage::Wait)
        .with_may_have_run(false);
        self.goaway = Some(goaway);
        for id in self.open_ids(|id, _| id > last) {
            self.fail(id, status.clone(), sink);
        }
        Ok(())
    }

    fn metadata_too_large(
        &mut self,
        header: &FrameHeader,
        sink: &mut impl ClientSink<T>,
    ) -> Result<(), SessionError> {
        match header.frame_type {
            FrameType::Response => {}
            FrameType::Extension(_) => return Ok(()),
            other => return Err(SessionError::protocol(format!("metadata on {other}"))),
        }
        if self.find_open(header.stream_id)?.is_some() {
            let status = Status::resource_exhausted(format!(
                "the reply's metadata of {} bytes are over the limit max_metadata_size of {} bytes",
                header.metadata_len, self.link.local.max_metadata_size
            ));
            self.give_up(header.stream_id, status.code(), status, sink);
        }
        Ok(())
    }

    /// Ends a stream whose answer cannot be decompressed.
    pub(super) fn give_up_compressed(&mut self, id: u32, sink: &mut impl ClientSink<T>) {
        let status = self.link.no_compression("reply");
        self.give_up(id, status.code(), status, sink);
    }

    /// Ends a stream whose answer is of no use, and tells the server to stop.
    pub(super) fn give_up(
        &mut self,
        id: u32,
        code: Code,
        status: Status,
        sink: &mut impl ClientSink<T>,
    ) {
        self.link.output.cancel(id, code);
        self.fail(id, status.with_stage(Stage::Receive), sink);
    }
}
